// The open chat: its messages, what is being written, and what a person can do with them.
import { useEffect, useRef, useState } from "preact/hooks";

import * as server from "../server/chats";
import type { Chat, Details, Message, NewMessage, Settings } from "../server/chats";
import { ApiError, said } from "../server/http";
import { ask, cancelAnswer, forgetAnswer, resume, type Answer, type Question } from "../server/responses";
import { whole, type Attachment } from "./attachments";
import { withContext } from "./context";
import { Tree } from "./tree";

const TITLE_MAX = 60;
/** A connection that broke is tried again so often, each time after so much longer. */
const TRIES = 8;
const RETRY_MS = 500;

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
    /** What went wrong last; "": nothing. */
    problem: string;
    open(id: string): void;
    begin(temporary: boolean, folder?: string): void;
    send(text: string, attachments: Attachment[], model: string): Promise<void>;
    edit(message: Message, text: string, model: string): Promise<void>;
    again(message: Message, model: string): Promise<void>;
    remove(message: Message): Promise<void>;
    show(message: Message): void;
    stop(): void;
    set(settings: Settings): void;
    rename(title: string): void;
    /** Another version of the chat, from elsewhere. */
    renewed(chat: Chat): void;
    /** What the page shows besides a message's text changes. */
    amend(message: Message, change: Partial<Details>): Promise<void>;
}

/** What a title can be before there is a better one. */
export function titleOf(text: string): string {
    const line = text.trim().split("\n")[0]!.replace(/\s+/g, " ");
    return line.length <= TITLE_MAX ? line : `${line.slice(0, TITLE_MAX - 1)}…`;
}

/** `changed`: something that the list of chats shows is different now. */
export function useConversation(changed: (chat: Chat | null) => void): Conversation {
    const [chat, setChat] = useState<Chat | null>(null);
    const [messages, setMessages] = useState<Message[]>([]);
    const [leaf, setLeaf] = useState("");
    const [settings, setSettings] = useState<Settings>({});
    const [temporary, setTemporary] = useState(false);
    const [folder, setFolder] = useState("");
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState("");
    // What goes on belongs to one opening of one chat; a later one does not hear of it.
    const running = useRef<{ abort: AbortController; answer: string; stopped: boolean } | null>(null);
    const opening = useRef(0);
    const local = useRef(0);

    const tree = new Tree(messages);
    const path = tree.path(leaf);
    const put = (message: Message) =>
        setMessages((all) =>
            all.some((m) => m.id === message.id)
                ? all.map((m) => (m.id === message.id ? message : m))
                : [...all, message],
        );

    const leave = () => {
        opening.current++;
        running.current?.abort.abort();
        running.current = null;
        setBusy(false);
        setProblem("");
    };
    useEffect(() => leave, []);

    /** Keeps a message where the chat is kept. */
    const keep = async (to: Chat | null, message: NewMessage): Promise<Message> => {
        const whole = { content: "", model: "", response_id: "", details: {}, ...message };
        const made = to
            ? await server.addMessage(to.id, whole)
            : { ...whole, id: `local_${local.current++}`, created_at: Date.now() / 1000 };
        put(made);
        setLeaf(made.id);
        return made;
    };

    /** What became of an answer whose reading broke off; null: it can be read on. */
    const broken = (e: unknown, answer: string, tries: number): Partial<Details> | null => {
        const stopped = running.current?.stopped || running.current?.abort.signal.aborted;
        if (stopped) return { ended: "stopped" };
        const lost = e instanceof ApiError && e.status === 0;
        return lost && answer && tries < TRIES ? null : { ended: "failed", problem: said(e) };
    };

    /** Follows an answer into its message, to its end, over lost connections and restarts. */
    const write = async (
        to: Chat | null,
        message: Message,
        signal: AbortSignal,
        answers: AsyncGenerator<Answer>,
    ) => {
        const mine = opening.current;
        let latest = message;
        let frame = 0;
        const paint = () => {
            frame = 0;
            if (mine === opening.current) put(latest);
        };
        for (let tries = 0, ended: Partial<Details> | null = null; !ended; tries++) {
            try {
                for await (const answer of answers) {
                    if (mine !== opening.current) return;
                    latest = { ...latest, content: answer.text, details: { ...answer.details } };
                    if (answer.id && !latest.response_id && to) {
                        latest = { ...latest, response_id: answer.id };
                        await server.updateMessage(to.id, message.id, { response_id: answer.id });
                    }
                    if (running.current) running.current.answer = answer.id;
                    frame ||= requestAnimationFrame(paint);
                    tries = 0;
                }
                ended = {};
            } catch (e) {
                if (mine !== opening.current) return;
                ended = broken(e, latest.response_id, tries);
            }
            if (ended) {
                latest = { ...latest, details: { ...latest.details, ...ended } };
            } else {
                await new Promise((go) => setTimeout(go, RETRY_MS * (tries + 1)));
                answers = resume(latest.response_id, signal);
            }
        }
        cancelAnimationFrame(frame);
        await finish(to, latest, mine);
    };

    const finish = async (to: Chat | null, message: Message, mine: number) => {
        const { id, content, details, response_id } = message;
        if (to) {
            changed(await server.updateMessage(to.id, id, { content, details, response_id: "" }));
            // Its text is in the chat now; two copies would be one too many.
            if (response_id) await forgetAnswer(response_id).catch(() => undefined);
        }
        if (mine === opening.current) put({ ...message, response_id: "" });
    };

    /** Runs what makes an answer, and shows what goes wrong. */
    const run = async (work: (signal: AbortSignal) => Promise<void>) => {
        const mine = opening.current;
        const abort = new AbortController();
        running.current = { abort, answer: "", stopped: false };
        setBusy(true);
        setProblem("");
        try {
            await work(abort.signal);
        } catch (e) {
            if (mine === opening.current && !abort.signal.aborted) setProblem(said(e));
        } finally {
            if (mine === opening.current) {
                running.current = null;
                setBusy(false);
            }
        }
    };

    const answer = async (to: Chat | null, before: Message[], model: string, signal: AbortSignal) => {
        const parent_id = before.at(-1)!.id;
        const question: Question = {
            model,
            input: before.map((m) => ({ role: m.role, content: whole(m) })),
            settings: await withContext(settings, { folder: to?.folder_id ?? "", temporary }),
            keep: to !== null,
        };
        const message = await keep(to, { parent_id, role: "assistant", model });
        await write(to, message, signal, ask(question, signal));
    };

    const kept = async (text: string): Promise<Chat | null> => {
        if (chat || temporary) return chat;
        const made = await server.createChat(titleOf(text), settings, folder);
        setChat(made);
        changed(made);
        return made;
    };

    const open = async (id: string) => {
        leave();
        const mine = opening.current;
        const read = await server.readChat(id).catch((e: unknown) => {
            if (mine === opening.current) setProblem(said(e));
            return null;
        });
        if (!read || mine !== opening.current) return;
        setTemporary(false);
        setChat(read.chat);
        setSettings(read.chat.settings);
        setFolder(read.chat.folder_id);
        setMessages(read.messages);
        setLeaf(read.chat.leaf_id);
        const unfinished = read.messages.filter((m) => m.response_id !== "");
        if (unfinished.length === 0) return;
        await run(async (signal) => {
            for (const m of unfinished) await write(read.chat, m, signal, resume(m.response_id, signal));
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
        problem,
        open: (id) => void open(id),
        begin(now, into = "") {
            leave();
            setTemporary(now);
            setFolder(now ? "" : into);
            setChat(null);
            setMessages([]);
            setLeaf("");
        },
        async send(text, attachments, model) {
            await run(async (signal) => {
                const to = await kept(text || attachments[0]!.name);
                const details = attachments.length ? { attachments } : {};
                const question = await keep(to, { parent_id: leaf, role: "user", content: text, details });
                await answer(to, [...path, question], model, signal);
            });
        },
        async edit(message, text, model) {
            await run(async (signal) => {
                const { parent_id, details } = message;
                const question = await keep(chat, { parent_id, role: "user", content: text, details });
                await answer(chat, [...tree.path(parent_id), question], model, signal);
            });
        },
        async again(message, model) {
            await run((signal) => answer(chat, tree.path(message.parent_id), model, signal));
        },
        async remove(message) {
            try {
                if (chat) await server.deleteMessage(chat.id, message.id);
            } catch (e) {
                setProblem(said(e));
                return;
            }
            const gone = tree.below(message.id);
            const beside = tree.siblings(message).filter((m) => m.id !== message.id);
            setMessages((all) => all.filter((m) => !gone.has(m.id)));
            if (!gone.has(leaf)) return;
            const next = beside.at(-1);
            const to = next ? tree.leafBelow(next.id) : message.parent_id;
            setLeaf(to);
            if (chat) void server.updateChat(chat.id, { leaf_id: to }).catch((e) => setProblem(said(e)));
        },
        show(message) {
            const to = tree.leafBelow(message.id);
            setLeaf(to);
            if (chat) void server.updateChat(chat.id, { leaf_id: to }).catch((e) => setProblem(said(e)));
        },
        stop() {
            const now = running.current;
            if (!now) return;
            now.stopped = true;
            // What the server makes in the background ends there; the stream then says so.
            if (chat && now.answer) void cancelAnswer(now.answer).catch(() => now.abort.abort());
            else now.abort.abort();
        },
        set(next) {
            setSettings(next);
            if (chat) void server.updateChat(chat.id, { settings: next }).catch((e) => setProblem(said(e)));
        },
        renewed(now) {
            if (now.id !== chat?.id) return;
            setChat(now);
            setFolder(now.folder_id);
        },
        async amend(message, change) {
            const details = { ...message.details, ...change };
            put({ ...message, details });
            if (chat) await server.updateMessage(chat.id, message.id, { details });
        },
        rename(title) {
            if (!chat) return;
            void server
                .updateChat(chat.id, { title: title.slice(0, TITLE_MAX) })
                .then((now) => {
                    setChat(now);
                    changed(now);
                })
                .catch((e) => setProblem(said(e)));
        },
    };
}
