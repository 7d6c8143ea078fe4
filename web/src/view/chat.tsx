import { useEffect, useState } from "preact/hooks";

import { goTo } from "../address";
import { whole, type Attachment } from "../chat/attachments";
import { withContext } from "../chat/context";
import { useConversation } from "../chat/conversation";
import { put, read, save, toJson, toMarkdown } from "../chat/files";
import { useTitle } from "../chat/title";
import { pages } from "../pages";
import { readChat, type Chat, type Settings } from "../server/chats";
import { createFolder } from "../server/folders";
import { said } from "../server/http";
import type { Server } from "../server/live";
import type { Model } from "../server/models";
import { countTokens } from "../server/responses";
import { Composer } from "./composer";
import { Downloads } from "./downloads";
import { useFolders } from "./folders";
import { Later } from "./later";
import { Palette, type Command } from "./palette";
import { Sidebar } from "./sidebar";
import { Thread } from "./thread";

/** Below this size an answer is quick and often wrong; the page says so. */
const SMALL_BYTES = 200e6;

type Dialog =
    | null
    | { what: "settings" | "palette" }
    | { what: "share"; chat: Chat; leaf: string }
    | { what: "remember"; text: string };

function defaultOf(models: Model[]): string {
    return (models.find((m) => m.tiro.default) ?? models[0])?.id ?? "";
}

function Welcome({ model, size, temporary, folder }: { model: string; size: number; temporary: boolean; folder: string }) {
    return (
        <section class="welcome">
            <h2>Ask something.</h2>
            <p>It is answered on this machine; nothing leaves it.</p>
            {folder && (
                <p>
                    This chat will be in the folder <bdi>{folder}</bdi>.
                </p>
            )}
            {temporary && <p>This chat is temporary: nothing of it is kept.</p>}
            {size > 0 && size < SMALL_BYTES && (
                <p>{model} is a very small model: quick, and often wrong. Check what it says.</p>
            )}
        </section>
    );
}

interface Props {
    server: Server;
    /** `#/chat/ID`: its id; "": a new one. */
    id: string;
    /** `#/in/FOLDER`: where a new one will be; "": in none. */
    into: string;
}

/** The page at `#/`, `#/chat/ID` and `#/in/FOLDER`. */
export function ChatPage({ server, id, into }: Props) {
    const [round, setRound] = useState(0);
    const [chosen, setChosen] = useState("");
    const [dialog, setDialog] = useState<Dialog>(null);
    const [folders, foldersAgain] = useFolders();
    const [drawer, setDrawer] = useState(false);
    const [problem, setProblem] = useState("");
    const c = useConversation((chat) => {
        setRound((r) => r + 1);
        if (chat) goTo("chat", chat.id);
    });
    const begin = (temporary: boolean) => {
        goTo();
        setDrawer(false);
        setChosen("");
        c.begin(temporary);
    };
    const open = (id: string) => {
        setDrawer(false);
        setChosen("");
        goTo("chat", id);
    };
    useEffect(() => {
        // It stands in the address because it is open.
        if (id === (c.chat?.id ?? "") && (id || into === c.folder)) return;
        if (id) c.open(id);
        else c.begin(false, into);
    }, [id, into]);

    // An open chat keeps its model; a new one takes the server's default.
    const wanted = chosen || [...c.path].reverse().find((m) => m.model)?.model || c.settings.model || "";
    const model = server.models.some((m) => m.id === wanted) ? wanted : defaultOf(server.models);
    const known = server.models.find((m) => m.id === model)?.tiro;
    useTitle(c, model, (known?.bytes ?? 0) >= SMALL_BYTES, (chat) => {
        setRound((r) => r + 1);
        c.renewed(chat);
    });

    const take = async (file: File) => {
        setProblem("");
        try {
            const last = await put(read(await file.text()));
            if (last) open(last.id);
            setRound((r) => r + 1);
        } catch (e) {
            setProblem(said(e));
        }
    };
    const saveChat = async (chat: Chat, how: "markdown" | "json") => {
        const whole = await readChat(chat.id);
        const name = chat.title || "chat";
        const text = how === "markdown" ? toMarkdown(whole.chat, whole.messages) : toJson(whole.chat, whole.messages);
        const [ending, type] = how === "markdown" ? ["md", "text/markdown"] : ["json", "application/json"];
        save(`${name}.${ending}`, new Blob([text], { type }));
    };
    const measure = async (text: string, attachments: Attachment[]) => {
        const most = known?.context_length;
        if (!most) return null;
        const draft = { role: "user" as const, content: text, details: { attachments } };
        const question = {
            model,
            input: [...c.path, draft].map((m) => ({ role: m.role, content: whole(m) })),
            settings: await withContext(c.settings, { folder: c.folder, temporary: c.temporary }).catch(() => c.settings),
            keep: false,
        };
        return { tokens: await countTokens(question).catch(() => 0), most };
    };

    // A dialog hears of its closing only later, when another may be open.
    const closed = (which: string) => () => setDialog((now) => (now?.what === which ? null : now));
    const share = (chat: Chat) => {
        // What is looked at, where it is open; else what its list shows.
        const leaf = chat.id === c.chat?.id ? (c.path.at(-1)?.id ?? "") : chat.leaf_id;
        setDialog({ what: "share", chat, leaf });
    };
    const newFolder = () =>
        createFolder("New folder").then(
            (f) => goTo("folder", f.id),
            (e: unknown) => setProblem(said(e)),
        );

    const commands: Command[] = [
        { name: "New chat", keys: "Ctrl Shift O", run: () => begin(false) },
        { name: "New temporary chat", run: () => begin(true) },
        { name: "Settings of this chat", keys: "Ctrl ,", run: () => setDialog({ what: "settings" }) },
        { name: "Write a message", keys: "Ctrl /", run: () => document.querySelector<HTMLElement>(".composer textarea")?.focus() },
        ...(c.busy ? [{ name: "Stop the answer", keys: "Escape", run: c.stop }] : []),
        ...(c.chat
            ? [
                  { name: "Save as Markdown", run: () => void saveChat(c.chat!, "markdown") },
                  { name: "Save as JSON", run: () => void saveChat(c.chat!, "json") },
                  { name: "Share this chat", run: () => share(c.chat!) },
              ]
            : []),
        { name: "New folder", run: () => void newFolder() },
        ...folders.map((f) => ({ name: `New chat in ${f.name}`, run: () => goTo("in", f.id) })),
        ...folders.map((f) => ({ name: `Folder ${f.name}`, run: () => goTo("folder", f.id) })),
        ...pages.filter((p) => p.name).map((p) => ({ name: p.name, run: () => goTo(p.path) })),
        ...server.models.map((m) => ({ name: `Use ${m.id}`, run: () => setChosen(m.id) })),
    ];
    useEffect(() => {
        const key = (e: KeyboardEvent) => {
            if (!(e.ctrlKey || e.metaKey) || e.altKey) return;
            const name = e.key.toLowerCase();
            if (name === "k") setDialog({ what: "palette" });
            else if (name === "o" && e.shiftKey) begin(false);
            else if (name === ",") setDialog({ what: "settings" });
            else if (name === "/") document.querySelector<HTMLElement>(".composer textarea")?.focus();
            else return;
            e.preventDefault();
        };
        addEventListener("keydown", key);
        return () => removeEventListener("keydown", key);
    });

    return (
        <div class={drawer ? "page drawer" : "page"}>
            <Sidebar
                open={c.chat?.id ?? ""}
                openFolder={c.folder}
                round={round}
                onOpen={open}
                onNew={begin}
                folders={folders}
                onFolders={foldersAgain}
                onNewFolder={() => void newFolder()}
                onShare={share}
                onChanged={c.renewed}
                onDeleted={(id) => id === c.chat?.id && begin(false)}
                onImport={(file) => void take(file)}
                onExport={(chat, how) => void saveChat(chat, how).catch((e) => setProblem(said(e)))}
            />
            <div class="scrim" onClick={() => setDrawer(false)} />
            <div class="chat">
                <header>
                    <button class="only-narrow" aria-label="Chats" onClick={() => setDrawer(!drawer)}>
                        ☰
                    </button>
                    <h1>Tiro</h1>
                    <select
                        aria-label="Model"
                        value={model}
                        disabled={c.busy}
                        onChange={(e) => setChosen(e.currentTarget.value)}
                    >
                        {server.models.map((m) => (
                            <option value={m.id}>{m.id}</option>
                        ))}
                    </select>
                    <button aria-label="Settings" onClick={() => setDialog({ what: "settings" })}>
                        Settings
                    </button>
                    <button aria-label="Commands" title="Ctrl K" class="only-wide" onClick={() => setDialog({ what: "palette" })}>
                        ⌘
                    </button>
                </header>
                <Thread
                    conversation={c}
                    doings={{
                        edit: (m, text) => void c.edit(m, text, model),
                        again: (m) => void c.again(m, model),
                        remove: (m) => void c.remove(m),
                        show: c.show,
                        remember: (m) => setDialog({ what: "remember", text: m.content }),
                        amend: (m, change) => void c.amend(m, change).catch((e) => setProblem(said(e))),
                        mend: (_, words) =>
                            void c.send(`The music does not add up. Write the whole tune again, right:\n${words}`, [], model),
                    }}
                >
                    <Welcome model={model} size={known?.bytes ?? 0} temporary={c.temporary} folder={folders.find((f) => f.id === c.folder)?.name ?? ""} />
                </Thread>
                <footer>
                    <Downloads pulls={server.pulls} />
                    {problem && <p class="notice bad">{problem}</p>}
                    {server.problem && <p class="notice bad">{server.problem.message}</p>}
                    {server.known && !server.problem && server.models.length === 0 && (
                        <p class="notice">No model is here yet. In a terminal: tiro pull smollm2-135m</p>
                    )}
                    <Composer
                        busy={c.busy}
                        ready={model !== ""}
                        place={c.chat?.id ?? ""}
                        measure={measure}
                        onSend={(text, attachments) => void c.send(text, attachments, model)}
                        onStop={c.stop}
                    />
                </footer>
            </div>
            {dialog?.what === "settings" && (
                <Later
                    load={() => import("./settings")}
                    settings={c.settings}
                    model={model}
                    temporary={c.temporary}
                    onChange={(next: Settings) => {
                        if (next.model && next.model !== c.settings.model) setChosen(next.model);
                        c.set(next);
                    }}
                    onClose={closed("settings")}
                />
            )}
            {dialog?.what === "share" && (
                <Later load={() => import("./share")} chat={dialog.chat} leaf={dialog.leaf} onClose={closed("share")} />
            )}
            {dialog?.what === "remember" && (
                <Later load={() => import("./memory")} text={dialog.text} onClose={closed("remember")} />
            )}
            {dialog?.what === "palette" && <Palette commands={commands} onOpen={open} onClose={closed("palette")} />}
        </div>
    );
}
