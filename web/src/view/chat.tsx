import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { goTo } from "../address";
import type { Remedy } from "../chat/advice";
import { artifactsOf, newest } from "../chat/artifacts";
import { check, type Attachment } from "../chat/attachments";
import { withContext } from "../chat/context";
import { useConversation } from "../chat/conversation";
import { put, read, save, toJson, toMarkdown } from "../chat/files";
import { mendTune, writeTune } from "../chat/music";
import { useTitle } from "../chat/title";
import { measure } from "../chat/weigh";
import { addMessage, createChat, readChat, type Chat, type Message } from "../server/chats";
import { createFolder } from "../server/folders";
import { said } from "../server/http";
import type { Server } from "../server/live";
import { sees, type Model } from "../server/models";
import { Header } from "./chat_header";
import { useKeys, type Dialog } from "./chat_keys";
import { CodeContext, type CodeDoings } from "./codedoings";
import { Composer } from "./composer";
import { Downloads } from "./downloads";
import { useFolders } from "./folders";
import { later } from "./later";
import { Palette, type Command } from "./palette";
import { usePlaces } from "./places";
import { Sidebar } from "./sidebar";
import { pairOf, Thread } from "./thread";

const SettingsDialog = later(() => import("./settings"));
const ShareDialog = later(() => import("./share"));
const RememberDialog = later(() => import("./memory"));
const BranchMap = later(() => import("./map"));
const Room = later(() => import("./room"));
const Tune = later(() => import("./tune"));
const Keyboard = later(() => import("./keyboard"));
const FilesPanel = later(() => import("./artifacts"));

/** Below this size an answer is quick and often wrong; the page says so. */
const SMALL_BYTES = 200e6;

const focusComposer = () => document.querySelector<HTMLElement>(".composer textarea")?.focus();

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
    const [second, setSecond] = useState("");
    const [dialog, setDialog] = useState<Dialog>("");
    const [sharing, setSharing] = useState<{ chat: Chat; leaf: string } | null>(null);
    const [remembering, setRemembering] = useState<Message | null>(null);
    const [folders, foldersAgain] = useFolders();
    const places = usePlaces();
    const [aim, setAim] = useState<{ id: string } | null>(null);
    const [drawer, setDrawer] = useState(false);
    const [problem, setProblem] = useState("");
    const [attached, setAttached] = useState<Attachment[]>([]);
    const [panel, setPanel] = useState<{ name: string; text: string } | null>(null);
    const c = useConversation({
        changed: () => setRound((r) => r + 1),
        made: (chat) => goTo("chat", chat.id),
        full: () => setDialog("refused"),
    });
    const shown = useRef("");
    shown.current = c.chat?.id ?? "";
    const begin = (temporary: boolean) => {
        goTo();
        setDrawer(false);
        setChosen("");
        if (c.path.length > 0) setAttached([]);
        c.begin(temporary);
    };
    const open = (id: string) => {
        setDrawer(false);
        setChosen("");
        goTo("chat", id);
    };
    // At once: what the server says of the chat before must not find it open still.
    useLayoutEffect(() => {
        // It stands in the address because it is open.
        if (!c.coming && id === (c.chat?.id ?? "") && (id || into === c.folder)) return;
        setAttached([]);
        setPanel(null);
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
    /** With what the memory and the folder say, as the model reads it. */
    const told = () =>
        withContext(c.settings, { folder: c.folder, temporary: c.temporary }).catch(() => c.settings);
    const [context, setContext] = useState(c.settings);
    useEffect(() => {
        if (dialog === "room" || dialog === "refused") void told().then(setContext);
    }, [dialog]);

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
    const entry = server.models.find((m) => m.id === model);
    const models = second && server.models.some((m) => m.id === second) ? [model, second] : [model];
    const undecided = pairOf(c).length > 0;
    const size = async (text: string, attachments: Attachment[]) =>
        entry ? measure({ model: entry, path: c.path, settings: await told() }, text, attachments) : null;
    const remedy = (what: Remedy, message: Message) => {
        if (what === "again") void c.again(message, model);
        else if (what === "room") setDialog("room");
        else if (what === "settings") setDialog("settings");
        else if (what === "models") document.querySelector<HTMLElement>(".chat select")?.focus();
    };
    /** Everything of the branch up to this message is read again, and so is it. */
    const readAgain = (message: Message) => {
        const marks = c.path.filter((m) => m.details.first_read);
        const behind = c.path.indexOf(message) >= c.path.indexOf(marks.at(-1)!);
        void c.detail([
            ...(behind ? [] : marks.map((m): [Message, { first_read?: undefined }] => [m, { first_read: undefined }])),
            [message, { left_out: undefined, ...(behind ? {} : { first_read: c.path[0] !== message || undefined }) }],
        ]);
    };
    const goOn = async (summary: string) => {
        const made = await createChat(`${c.chat?.title || "Chat"} (goes on)`.slice(0, 60), c.settings, c.folder);
        const parent = await addMessage(made.id, { parent_id: "", role: "user", content: "What have we said so far?" });
        await addMessage(made.id, { parent_id: parent.id, role: "assistant", content: summary, model });
        setRound((r) => r + 1);
        setDialog("");
        open(made.id);
    };
    /** To the message before or after the one that is looked at. */
    const walk = (by: number) => {
        const turns = [...document.querySelectorAll<HTMLElement>(".turn")];
        const at = turns.findIndex((t) => t.contains(document.activeElement));
        const next = turns[at < 0 ? (by < 0 ? turns.length - 1 : 0) : at + by];
        if (!next) return;
        next.focus({ preventScroll: true }); // At once: the next key goes on from here.
        setAim({ id: next.id.replace("message-", "") });
    };
    /** Puts it into the next message; the same name again takes its place. */
    const attach = (one: Attachment) => {
        const all = [...attached.filter((a) => a.name !== one.name || a.kind !== one.kind), one];
        try {
            check(all);
        } catch (e) {
            setProblem(said(e));
            return;
        }
        setProblem("");
        setAttached(all);
        focusComposer();
    };
    const togglePanel = () => setPanel(panel ? null : { name: "", text: "" });
    const files = () => artifactsOf(c.path, attached.filter((a) => !a.kind));
    // The blocks of a long chat are not drawn again because of it.
    const latest = useRef<CodeDoings>(null!);
    latest.current = {
        give: (name, text) => attach({ name, text, kind: "output" }),
        open: (name, text) => setPanel({ name, text }),
        files: () => newest(files()),
    };
    const doings = useRef<CodeDoings>({
        give: (name, text) => latest.current.give(name, text),
        open: (name, text) => latest.current.open(name, text),
        files: () => latest.current.files(),
    });

    // A dialog hears of its closing only later, when another may be open.
    const closed = (which: string) => () => setDialog((now) => (now === which ? "" : now));
    const share = (chat: Chat) => {
        // What is looked at, where it is open; else what its list shows.
        const leaf = chat.id === c.chat?.id ? (c.path.at(-1)?.id ?? "") : chat.leaf_id;
        setSharing({ chat, leaf });
    };
    const newFolder = () =>
        createFolder("New folder").then(
            (f) => goTo("folder", f.id),
            (e: unknown) => setProblem(said(e)),
        );

    const commands: Command[] = [
        { name: "New chat", keys: "Ctrl Shift O", run: () => begin(false) },
        { name: "New temporary chat", run: () => begin(true) },
        { name: "Settings of this chat", keys: "Ctrl ,", run: () => setDialog("settings") },
        { name: "Files of this chat", keys: "Ctrl .", run: () => setPanel({ name: "", text: "" }) },
        { name: "Write a message", keys: "Ctrl /", run: focusComposer },
        { name: "Map of this chat", keys: "Ctrl Shift M", run: () => setDialog("map") },
        { name: "What the model reads", keys: "Ctrl Shift L", run: () => setDialog("room") },
        { name: "Print this chat", keys: "Ctrl P", run: () => print() },
        { name: "Write a tune", run: () => setDialog("tune") },
        { name: "Keyboard", keys: "?", run: () => setDialog("keyboard") },
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
        { name: "New book", run: () => goTo("books", "new") },
        ...places.map((p) => ({ name: p.name, run: () => goTo(p.path) })),
        ...server.models.map((m) => ({ name: `Use ${m.id}`, run: () => setChosen(m.id) })),
        ...server.models.map((m) => ({ name: `Ask ${m.id} too, side by side`, run: () => setSecond(m.id) })),
        ...(second ? [{ name: "Ask one model only", run: () => setSecond("") }] : []),
    ];
    useKeys({
        busy: c.busy,
        stop: c.stop,
        begin: () => begin(false),
        walk,
        write: focusComposer,
        files: togglePanel,
        dialog: setDialog,
    });

    return (
        <div class={`page${drawer ? " drawer" : ""}${panel ? " with-files" : ""}`}>
            <Sidebar
                open={c.chat?.id ?? ""}
                openFolder={c.folder}
                folders={folders}
                places={places}
                onFolders={foldersAgain}
                onNewFolder={() => void newFolder()}
                onShare={share}
                onChanged={c.renewed}
                round={round}
                onOpen={open}
                onNew={begin}
                onDeleted={(id) => id === shown.current && begin(false)}
                onImport={(file) => void take(file)}
                onExport={(chat, how) => void saveChat(chat, how).catch((e) => setProblem(said(e)))}
            />
            <div class="scrim" onClick={() => setDrawer(false)} />
            <div class="chat">
                <Header
                    models={server.models}
                    model={model}
                    second={second}
                    busy={c.busy}
                    files={panel !== null || files().length > 0 ? panel !== null : null}
                    branches={c.messages.length > 0}
                    onModel={setChosen}
                    onSecond={setSecond}
                    onFiles={togglePanel}
                    onChats={() => setDrawer(!drawer)}
                    onDialog={setDialog}
                />
                <CodeContext.Provider value={doings.current}>
                <Thread
                    conversation={c}
                    aim={aim}
                    doings={{
                        edit: (m, text) => void c.edit(m, text, models),
                        again: (m, by) => void c.again(m, by ?? model),
                        models: () => server.models.map((m) => m.id),
                        choose: (m) => void c.choose(m),
                        readAgain,
                        remedy,
                        remove: (m) => void c.remove(m),
                        show: c.show,
                        mend: (m, mend) => void mendTune(c, m, mend, model).catch((e) => setProblem(said(e))),
                        remember: setRemembering,
                        amend: (m, change) => void c.detail([[m, change]]),
                    }}
                >
                    <Welcome model={model} size={known?.bytes ?? 0} temporary={c.temporary} folder={folders.find((f) => f.id === c.folder)?.name ?? ""} />
                </Thread>
                </CodeContext.Provider>
                <footer>
                    <Downloads pulls={server.pulls} />
                    {problem && <p class="notice bad">{problem}</p>}
                    {server.problem && <p class="notice bad">{server.problem.message}</p>}
                    {server.known && !server.problem && server.models.length === 0 && (
                        <p class="notice">No model is here yet. In a terminal: tiro pull smollm2-135m</p>
                    )}
                    {entry?.tiro.state === "loading" && c.busy && <p class="notice">{model} is being loaded.</p>}
                    {entry?.tiro.state === "failed" && (
                        <p class="notice bad">
                            {model} cannot be used: {entry.tiro.problem}. Choose another model.
                        </p>
                    )}
                    {undecided && !c.busy && <p class="notice">Keep one of the two answers to go on.</p>}
                    <Composer
                        busy={c.busy}
                        ready={model !== "" && !undecided && !c.coming}
                        sees={sees(entry)}
                        place={c.coming ? id : (c.chat?.id ?? "")}
                        born={c.born}
                        attached={attached}
                        onAttach={setAttached}
                        by={[c.messages, entry]}
                        measure={size}
                        onSend={(text, attachments) => c.send(text, attachments, models)}
                        onStop={c.stop}
                        onFull={() => setDialog("room")}
                    />
                </footer>
            </div>
            {panel && (
                <CodeContext.Provider value={doings.current}>
                    <FilesPanel
                        all={files()}
                        wanted={panel}
                        onEdit={(name, text) => attach({ name, text })}
                        onClose={() => setPanel(null)}
                    />
                </CodeContext.Provider>
            )}
            {dialog === "settings" && (
                <SettingsDialog
                    settings={c.settings}
                    model={model}
                    temporary={c.temporary}
                    onChange={(next) => {
                        if (next.model && next.model !== c.settings.model) setChosen(next.model);
                        c.set(next);
                    }}
                    onClose={closed("settings")}
                />
            )}
            {sharing && <ShareDialog {...sharing} onClose={() => setSharing(null)} />}
            {remembering && <RememberDialog text={remembering.content} onClose={() => setRemembering(null)} />}
            {dialog === "map" && (
                <BranchMap
                    messages={c.messages}
                    tree={c.tree}
                    path={c.path}
                    busy={c.busy}
                    onGo={(m) => {
                        if (!c.path.includes(m)) c.show(m);
                        setAim({ id: m.id });
                    }}
                    onDelete={(m) => void c.remove(m)}
                    onClose={closed("map")}
                />
            )}
            {(dialog === "room" || dialog === "refused") && entry && (
                <Room
                    path={c.path}
                    model={entry}
                    settings={context}
                    busy={c.busy}
                    refused={dialog === "refused"}
                    onDetail={c.detail}
                    onSummary={goOn}
                    onClose={closed(dialog)}
                />
            )}
            {dialog === "tune" && (
                <Tune
                    ready={model !== "" && !c.busy}
                    onWrite={(words, wish) => void writeTune(c, words, wish, model).catch((e) => setProblem(said(e)))}
                    onClose={closed("tune")}
                />
            )}
            {dialog === "keyboard" && <Keyboard commands={commands} onClose={closed("keyboard")} />}
            {dialog === "palette" && <Palette commands={commands} onOpen={open} onClose={closed("palette")} />}
        </div>
    );
}
