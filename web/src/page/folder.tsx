// A folder's name, instructions and files, and its end: #/folder/ID.
import { useEffect, useRef, useState } from "preact/hooks";

import { goTo } from "../address";
import type { PageProps } from "../pages";
import {
    addFile,
    deleteFolder,
    listFiles,
    readFolder,
    removeFile,
    updateFolder,
    type Folder,
    type FolderFile,
} from "../server/folders";
import { said } from "../server/http";
import { Frame } from "../view/frame";

const POLL_MS = 700;

const WORDS: Record<FolderFile["status"], string> = {
    in_progress: "being read",
    completed: "searchable",
    failed: "not readable",
    cancelled: "not read",
};

interface FilesProps {
    folder: Folder;
    onFolder: (folder: Folder) => void;
}

function Files({ folder, onFolder }: FilesProps) {
    const [files, setFiles] = useState<FolderFile[]>([]);
    const [busy, setBusy] = useState("");
    const [problem, setProblem] = useState("");
    const [over, setOver] = useState(false);
    const [round, setRound] = useState(0);
    const input = useRef<HTMLInputElement>(null);
    useEffect(() => {
        let live = true;
        let timer: ReturnType<typeof setTimeout>;
        const ask = () =>
            listFiles(folder).then(
                (all) => {
                    if (!live) return;
                    setFiles(all);
                    if (all.some((f) => f.status === "in_progress")) timer = setTimeout(() => void ask(), POLL_MS);
                },
                (e: unknown) => live && setProblem(said(e)),
            );
        void ask();
        return () => {
            live = false;
            clearTimeout(timer);
        };
    }, [folder.vector_store_id, round]);
    const add = async (chosen: File[]) => {
        setProblem("");
        let now = folder;
        try {
            for (const file of chosen) {
                setBusy(file.name);
                now = await addFile(now, file);
                setRound((r) => r + 1);
            }
        } catch (e) {
            setProblem(said(e));
        }
        setBusy("");
        if (now !== folder) onFolder(now);
    };
    const remove = (file: FolderFile) =>
        void removeFile(folder, file.id).then(
            () => setRound((r) => r + 1),
            (e: unknown) => setProblem(said(e)),
        );
    return (
        <section
            class={over ? "folder-files over" : "folder-files"}
            onDragOver={(e) => {
                e.preventDefault();
                setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(e) => {
                e.preventDefault();
                setOver(false);
                void add([...(e.dataTransfer?.files ?? [])]);
            }}
        >
            <h2>Files</h2>
            <p class="notice">
                Text, PDF, Word, HTML and code: all chats of the folder search them, and say what they found.
            </p>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            <ul class="lines" aria-label="Files of this folder">
                {files.map((f) => (
                    <li key={f.id}>
                        <span>
                            <bdi>{f.name}</bdi>{" "}
                            <small class={f.status === "failed" ? "bad" : ""}>
                                {WORDS[f.status]}
                                {f.problem && `: ${f.problem}`}
                            </small>
                        </span>
                        <button aria-label={`Remove ${f.name}`} onClick={() => remove(f)}>
                            Remove
                        </button>
                    </li>
                ))}
            </ul>
            <p class="buttons">
                <button disabled={busy !== ""} onClick={() => input.current!.click()}>
                    {busy ? `Uploading ${busy}…` : "Add files"}
                </button>
                <input
                    ref={input}
                    hidden
                    multiple
                    type="file"
                    aria-label="Files for this folder"
                    onChange={(e) => {
                        void add([...(e.currentTarget.files ?? [])]);
                        e.currentTarget.value = "";
                    }}
                />
            </p>
            <label class="tick">
                <input
                    type="checkbox"
                    checked={folder.settings.search !== "model"}
                    onChange={(e) =>
                        void updateFolder(folder.id, {
                            settings: { ...folder.settings, search: e.currentTarget.checked ? "always" : "model" },
                        }).then(onFolder, (why: unknown) => setProblem(said(why)))
                    }
                />{" "}
                Search them before each answer; else the model says when
            </label>
        </section>
    );
}

function End({ folder }: { folder: Folder }) {
    const [problem, setProblem] = useState("");
    const end = (chats: "keep" | "delete") => {
        const also = chats === "delete" ? `its files and its ${folder.n_chats} chats` : "its files";
        if (!confirm(`Delete the folder "${folder.name}" with ${also}? It cannot be brought back.`)) return;
        deleteFolder(folder, chats).then(
            () => goTo(),
            (e: unknown) => setProblem(said(e)),
        );
    };
    return (
        <section>
            <h2>Delete</h2>
            {problem && <p class="notice bad">{problem}</p>}
            <p class="buttons">
                <button class="bad" onClick={() => end("keep")}>
                    Delete the folder{folder.n_chats > 0 && ", keep its chats"}
                </button>
                {folder.n_chats > 0 && (
                    <button class="bad" onClick={() => end("delete")}>
                        Delete it and its chats ({folder.n_chats})
                    </button>
                )}
            </p>
        </section>
    );
}

type Change = Partial<Pick<Folder, "name" | "instructions">>;

export default function View({ rest }: PageProps) {
    const id = rest[0] ?? "";
    const [folder, setFolder] = useState<Folder | null>(null);
    const [problem, setProblem] = useState("");
    const [saved, setSaved] = useState(false);
    const open = useRef(id);
    open.current = id;
    useEffect(() => {
        let live = true;
        setFolder(null);
        setProblem("");
        readFolder(id).then(
            (now) => live && setFolder(now),
            (e: unknown) => live && setProblem(said(e)),
        );
        return () => void (live = false);
    }, [id]);
    // Each letter is kept, and no answer takes the place of what is typed since: the fields hold their own text.
    // One change is on its way at a time, so that the last one is kept last.
    const waiting = useRef<Change | null>(null);
    const saving = useRef(false);
    const set = async (change: Change) => {
        waiting.current = { ...waiting.current, ...change };
        if (saving.current) return;
        saving.current = true;
        setProblem("");
        try {
            while (waiting.current) {
                const next: Change = waiting.current;
                waiting.current = null;
                const now = await updateFolder(id, next);
                if (open.current === id) setFolder(now);
            }
            setSaved(true);
            setTimeout(() => setSaved(false), 1500);
        } catch (e) {
            setProblem(said(e));
        }
        saving.current = false;
    };
    return (
        <Frame title={folder?.name ?? "Folder"} doings={folder && <a href={`#/in/${id}`}>New chat here</a>}>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            {folder && (
                <div class="folder">
                    <label>
                        Name
                        <input
                            dir="auto"
                            maxLength={100}
                            defaultValue={folder.name}
                            onInput={(e) => {
                                const name = e.currentTarget.value.trim();
                                if (name) void set({ name });
                            }}
                            onBlur={(e) => {
                                if (!e.currentTarget.value.trim()) e.currentTarget.value = folder.name;
                            }}
                        />
                    </label>
                    <label>
                        Instructions, before those of each of its chats
                        <textarea
                            rows={6}
                            dir="auto"
                            maxLength={32000}
                            placeholder="What all chats here are about, and how they shall be answered"
                            defaultValue={folder.instructions}
                            onInput={(e) => void set({ instructions: e.currentTarget.value })}
                        />
                    </label>
                    <p class="notice" role="status">
                        {saved && "Saved."}
                    </p>
                    <Files folder={folder} onFolder={setFolder} />
                    <End folder={folder} />
                </div>
            )}
        </Frame>
    );
}
