// The panel of files: what the answers of this branch wrote, version by version.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { languageOf, newest, type Artifact, type NamedFile, type Version } from "../chat/artifacts";
import { save } from "../chat/files";
import { Coloured, Diagram, isPython, PythonResult } from "./code";
import { Copy } from "./copy";
import { canPreview, Preview } from "./preview";

interface Props {
    all: Artifact[];
    /** What to show; name "": whatever there is. */
    wanted: NamedFile;
    /** The person's own version, which goes with the next message. */
    onEdit: (name: string, text: string) => void;
    onClose: () => void;
}

type Mode = "code" | "changes" | "preview";

const TYPE = "text/plain;charset=utf-8";

async function saveAll(all: readonly Artifact[]): Promise<void> {
    const { zip } = await import("../chat/zip");
    save("files.zip", zip(newest(all)));
}

function Changes({ before, after }: { before: string; after: string }) {
    const [lines, setLines] = useState<{ kind: "same" | "new" | "old"; text: string }[] | null>(null);
    useEffect(() => {
        let live = true;
        void import("../chat/changes").then(({ changes }) => live && setLines(changes(before, after)));
        return () => void (live = false);
    }, [before, after]);
    if (!lines) return null;
    return (
        <pre class="changes" tabIndex={0} dir="ltr" aria-label="Changes">
            {lines.map(({ kind, text }) => (
                <div class={kind}>
                    <span class="mark">{kind === "new" ? "+" : kind === "old" ? "−" : " "}</span>
                    {text || " "}
                </div>
            ))}
        </pre>
    );
}

function Editor({ text, onDone }: { text: string; onDone: (text: string | null) => void }) {
    const box = useRef<HTMLTextAreaElement>(null);
    useLayoutEffect(() => box.current?.focus(), []);
    return (
        <form
            class="file-editor"
            onSubmit={(e) => {
                e.preventDefault();
                onDone(box.current!.value);
            }}
            onKeyDown={(e) => e.key === "Escape" && onDone(null)}
        >
            <textarea ref={box} class="mono" dir="ltr" spellcheck={false} aria-label="The file's text" defaultValue={text} />
            <div class="row-of-buttons">
                <button type="submit">Keep: it goes with your next message</button>
                <button type="button" onClick={() => onDone(null)}>
                    Cancel
                </button>
            </div>
        </form>
    );
}

function label({ by, message }: Version, n: number, of: number): string {
    const whose = message === "" ? "yours, not sent yet" : by === "person" ? "yours" : "the model's";
    return `${n + 1} of ${of} (${whose})`;
}

function File({ file, all, at, onAt, onEdit }: { file: Artifact; all: Artifact[]; at: number; onAt: (n: number) => void; onEdit: Props["onEdit"] }) {
    const [mode, setMode] = useState<Mode>("code");
    const [editing, setEditing] = useState(false);
    const [round, setRound] = useState(0);
    const { name, versions } = file;
    const version = versions[at]!;
    const before = versions[at - 1];
    const language = languageOf(name) || version.language;
    const diagram = language === "mermaid";
    const seen = canPreview(language) || diagram;
    const shown: Mode = (mode === "changes" && !before) || (mode === "preview" && !seen) ? "code" : mode;
    const others = newest(all).filter((f) => f.name !== name);
    const modes: [Mode, string][] = [
        ["code", "Code"],
        ...(before ? ([["changes", "Changes"]] as [Mode, string][]) : []),
        ...(seen ? ([["preview", "Preview"]] as [Mode, string][]) : []),
    ];
    const lines = version.text.split("\n").length;
    return (
        <>
            <div class="tools">
                <span class="modes" role="group" aria-label="How it is shown">
                    {modes.map(([m, words]) => (
                        <button aria-pressed={shown === m} onClick={() => setMode(m)}>
                            {words}
                        </button>
                    ))}
                </span>
                {versions.length > 1 && (
                    <select aria-label="Version" value={at} onChange={(e) => onAt(Number(e.currentTarget.value))}>
                        {versions.map((v, n) => (
                            <option value={n}>{label(v, n, versions.length)}</option>
                        ))}
                    </select>
                )}
                <span class="acts">
                    {isPython(language) && <button onClick={() => setRound(round + 1)}>Run</button>}
                    <button disabled={editing} onClick={() => setEditing(true)}>
                        Edit
                    </button>
                    <button
                        aria-label={`Download ${name}`}
                        onClick={() => save(name.split("/").pop()!, new Blob([version.text], { type: TYPE }))}
                    >
                        Download
                    </button>
                    <Copy text={version.text} what="file" />
                </span>
            </div>
            <div class="body">
                {editing ? (
                    <Editor
                        text={version.text}
                        onDone={(text) => {
                            setEditing(false);
                            if (text !== null && text !== version.text) onEdit(name, text);
                        }}
                    />
                ) : shown === "changes" ? (
                    <Changes before={before!.text} after={version.text} />
                ) : shown === "preview" && diagram ? (
                    <Diagram text={version.text} />
                ) : shown === "preview" ? (
                    <Preview key={version.text} language={language} text={version.text} files={others} />
                ) : (
                    <div class="numbered" tabIndex={0} dir="ltr">
                        <pre class="numbers" aria-hidden="true">
                            {Array.from({ length: lines }, (_, i) => i + 1).join("\n")}
                        </pre>
                        <pre>
                            <Coloured language={language} text={version.text} done={true} />
                        </pre>
                    </div>
                )}
                <PythonResult key={name} name={name} text={version.text} files={others} round={round} />
            </div>
        </>
    );
}

export default function FilesPanel({ all, wanted, onEdit, onClose }: Props) {
    const [chosen, setChosen] = useState<{ name: string; at: number | null }>({ name: "", at: null });
    const close = useRef<HTMLButtonElement>(null);
    const panel = useRef<HTMLElement>(null);
    useLayoutEffect(() => close.current?.focus(), []);
    useEffect(() => {
        const key = ({ key, target }: KeyboardEvent) => {
            // A button that has gone leaves the keys to the page.
            const mine = target === document.body || panel.current?.contains(target as Node);
            if (key === "Escape" && mine && !(target instanceof HTMLTextAreaElement)) onClose();
        };
        addEventListener("keydown", key);
        return () => removeEventListener("keydown", key);
    });
    // What was asked for, in the version that was asked for.
    useEffect(() => {
        const versions = all.find((a) => a.name === wanted.name)?.versions ?? [];
        const at = versions.map((v) => v.text).lastIndexOf(wanted.text);
        setChosen({ name: wanted.name, at: at < 0 || at === versions.length - 1 ? null : at });
    }, [wanted]);
    const file = all.find((a) => a.name === chosen.name) ?? all.at(-1);
    const last = (file?.versions.length ?? 1) - 1;
    const at = Math.min(chosen.at ?? last, last);
    return (
        <aside ref={panel} class="files" aria-label="Files">
            <header>
                <h2>Files</h2>
                {all.length > 0 && <button onClick={() => void saveAll(all)}>Download all</button>}
                <button ref={close} aria-label="Close the files" onClick={onClose}>
                    ×
                </button>
            </header>
            {file ? (
                <>
                    <ul class="names">
                        {all.map(({ name, versions }) => (
                            <li>
                                <button
                                    dir="ltr"
                                    aria-pressed={name === file.name}
                                    onClick={() => setChosen({ name, at: null })}
                                >
                                    {name}
                                    {versions.length > 1 && <small> {versions.length}</small>}
                                </button>
                            </li>
                        ))}
                    </ul>
                    <File
                        key={file.name}
                        file={file}
                        all={all}
                        at={at}
                        onAt={(n) => setChosen({ name: file.name, at: n === last ? null : n })}
                        onEdit={onEdit}
                    />
                </>
            ) : (
                <p class="notice">There are none yet. Ask for a program or a page: the blocks of code of this branch stand here.</p>
            )}
        </aside>
    );
}
