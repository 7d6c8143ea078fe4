// The open chat: its messages, what is being written, and what a person can do with them.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import * as server from "../server/chats";
import type { Chat, Details, Message, NewMessage, Settings } from "../server/chats";
import { ApiError, said } from "../server/http";
import { readModel } from "../server/models";
import { ask, cancelAnswer, forgetAnswer, resume, type Answer, type Question, type Turn } from "../server/responses";
import { explained, nameOf } from "./advice";
import type { Attachment } from "./attachments";
import { withContext } from "./context";
import { inputOf } from "./reads";
import { Tree } from "./tree";

const TITLE_MAX = 60;
/** A connection that broke is tried again so often, each time after so much longer. */
const TRIES = 8;
const RETRY_MS = 500;
/** A server that does not end an answer by then is left alone with it. */
const STOP_MS = 5000;

/** What an answer is held to, and what else it is asked. */
export interface Held {
    grammar: string;
    /** Behind the messages of the branch, for this answer only. */
    more?: Turn[];
    /** It takes a place in an answer of which this stands before and behind it. */
    around?: [string, string];
}

export interface Conversation {
    /** null: nothing is kept (yet). */
    chat: Chat | null;
    /** The branch that is shown. */
    path: Message[];
    messages: Message[];
    tree: Tree;
    settings: Settings;
    /** The folder it is in, or will be; "": none. */
    folder: string;
    /** Nothing of it is kept on the server. */
    temporary: boolean;
    /** An answer is being written. */
    busy: boolean;
    /** The ids of those that are. */
    writing: ReadonlySet<string>;
    /** What went wrong last; "": nothing. */
    problem: string;
    /** Another chat than the one that is shown has been opened and has not come yet. */
    coming: boolean;
    /** The id of the open chat when it was made here, by what was asked first; else "". */
    born: string;
    open(id: string): void;
    begin(temporary: boolean, folder?: string): void;
    /** Asks one model, or two side by side. False: the question is not in the chat. */
    send(text: string, attachments: Attachment[], models: string[], held?: Held): Promise<boolean>;
    edit(message: Message, text: string, models: string[]): Promise<void>;
    again(message: Message, model: string, held?: Held): Promise<void>;
    /** Of two answers, this is the one that goes on. */
    choose(message: Message): Promise<void>;
    /** Changes what is kept beside messages. */
    detail(changes: [Message, Partial<Details>][]): Promise<void>;
    remove(message: Message): Promise<void>;
    show(message: Message): void;
    stop(): void;
    set(settings: Settings): void;
    /** Another version of the chat, from elsewhere. */
    renewed(chat: Chat): void;
}

/** What a title can be before there is a better one. */
export function titleOf(text: string): string {
    const line = text.trim().split("\n")[0]!.replace(/\s+/g, " ");
    return line.length <= TITLE_MAX ? line : `${line.slice(0, TITLE_MAX - 1)}…`;
}

/** What made an answer, as far as the server knows it now. */
async function maker({ model, details }: Message): Promise<Partial<Details>> {
    const known = (await readModel(model).catch(() => null))?.tiro;
    const made = {
        ...details.made,
        ...(known?.sha256 ? { sha256: known.sha256 } : {}),
        ...(known?.quantisation ? { quantisation: known.quantisation } : {}),
    };
    // A response says of itself only that it failed; that the model's file is bad, its model says.
    const bad = details.code === "server_error" && known?.state === "failed";
    return { made, ...(bad ? { code: "unsupported_file" } : {}) };
}

function dice(): number {
    return crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
}

/** What is being asked and written, from one question on. */
interface Running {
    /** The opening of a chat that it belongs to. */
    mine: number;
    abort: AbortController;
    /** What the server calls the answers, by their messages. */
    answers: Map<string, string>;
    /** A person has said so. */
    stopped: boolean;
    /** The question is on its way: who leaves the chat now finds its answer there later. */
    asking: boolean;
    /** Ends with that. */
    asked: Promise<void>;
    begun: () => void;
}

/** By their chats: the ends of the ways of questions. */
const underway = new Map<string, Promise<void>>();

interface Listener {
    /** Something that the list of chats shows is different now. */
    changed(): void;
    /** The question that was asked has made this chat. */
    made(chat: Chat): void;
    /** The model refused a question that is longer than what it reads. */
    full(): void;
}

export function useConversation({ changed, made, full }: Listener): Conversation {
    const [chat, setChat] = useState<Chat | null>(null);
    const [messages, setMessages] = useState<Message[]>([]);
    const [leaf, setLeaf] = useState("");
    const [settings, setSettings] = useState<Settings>({});
    const [temporary, setTemporary] = useState(false);
    const [folder, setFolder] = useState("");
    const [busy, setBusy] = useState(false);
    const [writing, setWriting] = useState<ReadonlySet<string>>(new Set());
    const [problem, setProblem] = useState("");
    const [coming, setComing] = useState(false);
    const [born, setBorn] = useState("");
    // What goes on belongs to one opening of one chat; a later one does not hear of it.
    const running = useRef<Running | null>(null);
    const opening = useRef(0);
    const shown = useRef("");
    shown.current = chat?.id ?? "";
    const local = useRef(0);
    const setting = useRef<{ id: string; next: Settings } | null>(null);
    const saving = useRef<Promise<unknown>>(Promise.resolve());

    const tree = useMemo(() => new Tree(messages), [messages]);
    const path = useMemo(() => tree.path(leaf), [tree, leaf]);
    const put = (message: Message) =>
        setMessages((all) =>
            all.some((m) => m.id === message.id)
                ? all.map((m) => (m.id === message.id ? message : m))
                : [...all, message],
        );

    const leave = () => {
        opening.current++;
        if (!running.current?.asking) running.current?.abort.abort();
        running.current = null;
        setComing(false);
        setBorn("");
        setBusy(false);
        setWriting(new Set());
        setProblem("");
    };
    useEffect(() => leave, []);
    const writes = (id: string, now: boolean) =>
        setWriting((before) => {
            const after = new Set(before);
            if (now) after.add(id);
            else after.delete(id);
            return after;
        });

    /** Keeps a message where the chat is kept. */
    const keep = async (to: Chat | null, message: NewMessage, now: Running): Promise<Message> => {
        if (to && now.asking) underway.set(to.id, now.asked);
        const whole = { content: "", model: "", response_id: "", details: {}, ...message };
        const made = to
            ? await server.addMessage(to.id, whole)
            : { ...whole, id: `local_${local.current++}`, created_at: Date.now() / 1000 };
        if (now.mine !== opening.current) return made;
        put(made);
        setLeaf(made.id);
        return made;
    };

    /** What became of an answer whose reading broke off; null: it can be read on. */
    const broken = (e: unknown, answer: string, tries: number, now: Running): Partial<Details> | null => {
        if (now.stopped || now.abort.signal.aborted) return { ended: "stopped" };
        const lost = e instanceof ApiError && e.status === 0;
        if (lost && answer && tries < TRIES) return null;
        const code = nameOf(e);
        return { ended: "failed", problem: said(e), ...(code ? { code } : {}) };
    };

    /** Follows an answer into its message, to its end, over lost connections and restarts. */
    const write = async (
        to: Chat | null,
        message: Message,
        now: Running,
        answers: AsyncGenerator<Answer>,
        begun: () => void = () => undefined,
    ) => {
        const { mine } = now;
        const [before, behind] = message.details.around ?? ["", ""];
        let latest = message;
        let frame = 0;
        if (mine === opening.current) writes(message.id, true);
        const paint = () => {
            frame = 0;
            if (mine === opening.current) put(latest);
        };
        for (let tries = 0, ended: Partial<Details> | null = null; !ended; tries++) {
            try {
                for await (const answer of answers) {
                    const details = { ...message.details, ...answer.details };
                    latest = { ...latest, content: before + answer.text, details };
                    if (answer.id && !latest.response_id && to) {
                        latest = { ...latest, response_id: answer.id };
                        await server.updateMessage(to.id, message.id, { response_id: answer.id });
                    }
                    if (!now.answers.has(message.id)) {
                        now.answers.set(message.id, answer.id);
                        begun();
                        // It was asked for when nobody knew its name yet.
                        if (now.stopped && to) await cancelAnswer(answer.id);
                    }
                    if (mine !== opening.current) return now.asking ? undefined : now.abort.abort();
                    frame ||= requestAnimationFrame(paint);
                    tries = 0;
                }
                ended = {};
            } catch (e) {
                if (mine !== opening.current && (now.abort.signal.aborted || latest.response_id)) return;
                ended = broken(e, latest.response_id, tries, now);
            }
            if (ended) {
                // There is nothing to stop any more.
                if (!now.answers.delete(message.id)) begun();
                latest = { ...latest, content: latest.content + behind, details: { ...latest.details, around: undefined, ...ended } };
            } else {
                await new Promise((go) => setTimeout(go, RETRY_MS * (tries + 1)));
                answers = resume(latest.response_id, now.abort.signal);
            }
        }
        cancelAnimationFrame(frame);
        await finish(to, { ...latest, details: { ...latest.details, ...(await maker(latest)) } }, mine);
    };

    const finish = async (to: Chat | null, message: Message, mine: number) => {
        const { id, content, details, response_id } = message;
        if (to) {
            await server.updateMessage(to.id, id, { content, details, response_id: "" });
            changed();
            // Its text is in the chat now; two copies would be one too many.
            if (response_id) await forgetAnswer(response_id).catch(() => undefined);
        }
        if (mine !== opening.current) return;
        put({ ...message, response_id: "" });
        writes(id, false);
        if (details.code === "context_length_exceeded") full();
    };

    /** Runs what makes an answer, and shows what goes wrong. */
    const run = async (asking: boolean, work: (now: Running) => Promise<void>) => {
        const mine = opening.current;
        let begun = () => undefined as void;
        const asked = new Promise<void>((done) => (begun = done));
        const now = { mine, abort: new AbortController(), answers: new Map(), stopped: false, asking, asked, begun };
        running.current = now;
        setBusy(true);
        setProblem("");
        try {
            await work(now);
        } catch (e) {
            if (mine === opening.current && !now.abort.signal.aborted) setProblem(explained(e));
        } finally {
            begun();
            if (mine === opening.current) {
                running.current = null;
                setBusy(false);
                setWriting(new Set());
            }
        }
    };

    /** One answer of each model to the end of a branch; two stand side by side until one is kept. */
    const answer = async (
        to: Chat | null,
        before: Message[],
        models: string[],
        now: Running,
        held?: Held,
    ) => {
        const parent_id = before.at(-1)!.id;
        const pair = models.length > 1 ? { pair: crypto.randomUUID?.() ?? String(dice()) } : {};
        const messages: Message[] = [];
        for (const model of models) {
            const around = held?.around ? { around: held.around } : {};
            const details = { ...pair, ...around, made: { seed: dice() } };
            messages.push(await keep(to, { parent_id, role: "assistant", model, details }, now));
        }
        if (models.length > 1) {
            if (now.mine === opening.current) setLeaf(messages[0]!.id);
            if (to) await server.updateChat(to.id, { leaf_id: messages[0]!.id });
        }
        const input = [...inputOf(before), ...(held?.more ?? [])];
        const grammar = held?.grammar;
        const told = await withContext(settings, { folder: to?.folder_id ?? "", temporary });
        let unasked = messages.length;
        const begun = () => {
            now.asking = --unasked > 0;
            if (!now.asking) now.begun();
        };
        await Promise.all(
            messages.map((message) => {
                const seed = message.details.made!.seed;
                const question: Question = { model: message.model, input, settings: told, seed, grammar, keep: to !== null };
                return write(to, message, now, ask(question, now.abort.signal), begun);
            }),
        );
    };

    const kept = async (text: string, now: Running): Promise<Chat | null> => {
        if (chat || temporary) return chat;
        const one = await server.createChat(titleOf(text), settings, folder);
        changed();
        if (now.mine !== opening.current) return one;
        setChat(one);
        setBorn(one.id);
        made(one);
        return one;
    };

    const detail = async (changes: [Message, Partial<Details>][]) => {
        const mine = opening.current;
        for (const [message, change] of changes) {
            const changed = { ...message, details: { ...message.details, ...change } };
            if (chat) await server.updateMessage(chat.id, message.id, { details: changed.details });
            if (mine === opening.current) put(changed);
        }
    };

    const open = async (id: string) => {
        leave();
        setComing(true);
        const mine = opening.current;
        await underway.get(id); // Its answer can be found then.
        underway.delete(id);
        const read = await server.readChat(id).catch((e: unknown) => {
            if (mine === opening.current) setProblem(explained(e));
            return null;
        });
        if (mine !== opening.current) return;
        setComing(false);
        setTemporary(false);
        if (!read) {
            setChat(null);
            setFolder("");
            setMessages([]);
            setLeaf("");
            return;
        }
        setChat(read.chat);
        setSettings(read.chat.settings);
        setFolder(read.chat.folder_id);
        setMessages(read.messages);
        setLeaf(read.chat.leaf_id);
        const unfinished = read.messages.filter((m) => m.response_id !== "");
        if (unfinished.length === 0) return;
        await run(false, async (now) => {
            const { signal } = now.abort;
            await Promise.all(unfinished.map((m) => write(read.chat, m, now, resume(m.response_id, signal))));
        });
    };

    return {
        chat,
        path,
        messages,
        tree,
        settings,
        folder,
        temporary,
        busy,
        writing,
        problem,
        coming,
        born,
        open: (id) => void open(id),
        begin(now, into = "") {
            leave();
            setTemporary(now);
            setFolder(now ? "" : into);
            setChat(null);
            setMessages([]);
            setLeaf("");
        },
        async send(text, attachments, models, held) {
            let asked = false;
            if ((chat?.id ?? "") !== shown.current) return asked; // Its grammar came late: another chat is open.
            await run(!temporary, async (now) => {
                const to = await kept(text || attachments[0]!.name, now);
                const details = attachments.length ? { attachments } : {};
                const question = await keep(to, { parent_id: leaf, role: "user", content: text, details }, now);
                asked = true;
                await answer(to, [...path, question], models, now, held);
            });
            return asked;
        },
        async edit(message, text, models) {
            await run(!temporary, async (now) => {
                const { parent_id } = message;
                const { attachments } = message.details;
                const details = attachments ? { attachments } : {};
                const question = await keep(chat, { parent_id, role: "user", content: text, details }, now);
                await answer(chat, [...tree.path(parent_id), question], models, now);
            });
        },
        async again(message, model, held) {
            if ((chat?.id ?? "") !== shown.current) return;
            await run(!temporary, async (now) => {
                // Of an answer that never began there is nothing to keep.
                const empty = message.details.ended === "failed" && !message.content;
                if (empty && chat) await server.deleteMessage(chat.id, message.id);
                if (empty) setMessages((all) => all.filter((m) => m.id !== message.id));
                await answer(chat, tree.path(message.parent_id), [model], now, held);
            });
        },
        async choose(message) {
            const { pair } = message.details;
            const both = tree.siblings(message).filter((m) => m.details.pair === pair);
            setLeaf(message.id);
            try {
                if (chat) await server.updateChat(chat.id, { leaf_id: message.id });
                await detail(both.map((m) => [m, { pair: undefined }]));
            } catch (e) {
                setProblem(explained(e));
            }
        },
        detail: (changes) => detail(changes).catch((e) => setProblem(explained(e))),
        async remove(message) {
            const mine = opening.current;
            const gone = tree.below(message.id);
            const next = tree.siblings(message).filter((m) => m.id !== message.id).at(-1);
            const to = !gone.has(leaf) ? leaf : next ? tree.leafBelow(next.id) : message.parent_id;
            try {
                // Before it goes: a page that is loaded in between has something to show.
                if (chat && next && to !== leaf) await server.updateChat(chat.id, { leaf_id: to });
                if (chat) await server.deleteMessage(chat.id, message.id);
            } catch (e) {
                setProblem(explained(e));
                return;
            }
            if (mine !== opening.current) return;
            setMessages((all) => all.filter((m) => !gone.has(m.id)));
            setLeaf(to);
        },
        show(message) {
            const to = tree.leafBelow(message.id);
            setLeaf(to);
            if (chat) void server.updateChat(chat.id, { leaf_id: to }).catch((e) => setProblem(explained(e)));
        },
        stop() {
            const now = running.current;
            if (!now) return;
            now.stopped = true;
            // What the server makes in the background ends there; the stream then says so.
            if (!chat) return now.abort.abort();
            for (const id of now.answers.values()) void cancelAnswer(id).catch(() => now.abort.abort());
            setTimeout(() => now.abort.abort(), STOP_MS);
        },
        set(next) {
            setSettings(next);
            if (!chat) return;
            // One at a time: the last one that was typed is the last one that is kept.
            const one = (setting.current = { id: chat.id, next });
            const late = () => setting.current !== one && setting.current?.id === one.id;
            saving.current = saving.current
                .then(() => (late() ? undefined : server.updateChat(one.id, { settings: next })))
                .catch((e) => setProblem(explained(e)));
        },
        renewed(now) {
            if (now.id !== shown.current) return; // It came late: another one is open.
            setChat(now);
            setFolder(now.folder_id);
        },
    };
}
