import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { explained } from "../chat/advice";
import { firstThatFits, readOf } from "../chat/reads";
import { summarise } from "../chat/summary";
import { expected, weigh, weighPath } from "../chat/weigh";
import type { Details, Message, Settings } from "../server/chats";
import type { Model } from "../server/models";

interface Props {
    path: Message[];
    model: Model;
    settings: Settings;
    busy: boolean;
    /** The server refused a question. */
    refused: boolean;
    onDetail: (changes: [Message, Partial<Details>][]) => Promise<void>;
    /** A new chat that begins with this. */
    onSummary: (text: string) => Promise<void>;
    onClose: () => void;
}

const RECOUNT_MS = 300;
/** Asked for at once. */
const COUNTS = 4;
/** Of longer chats only what is seen is counted; the rest is an estimate. */
const COUNTED_MAX = 300;
const WORDS_MAX = 100;

function words({ content, details }: Message): string {
    const text = content.slice(0, WORDS_MAX * 2).replace(/\s+/g, " ").trim();
    return text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX - 1)}…` : text || (details.attachments?.[0]?.name ?? "Nothing");
}

/** Tokens by message or file, as they become known. */
function useWeights(texts: readonly [string, string][], model: string): ReadonlyMap<string, number> {
    const [known, setKnown] = useState<ReadonlyMap<string, number>>(new Map());
    useEffect(() => {
        let live = true;
        // The longest first: they matter most.
        const todo = [...texts].sort((a, b) => a[1].length - b[1].length).slice(-COUNTED_MAX);
        const found = new Map<string, number>();
        const work = async () => {
            for (let next = todo.pop(); next && live; next = todo.pop()) {
                found.set(next[0], await weigh(model, next[1]));
                if (live && (todo.length === 0 || found.size % 20 === 0)) setKnown(new Map(found));
            }
        };
        for (let i = 0; i < COUNTS; i++) void work().catch(() => undefined);
        return () => void (live = false);
    }, [model, texts.length]);
    return known;
}

function Bar({ tokens, most, answer }: { tokens: number | null; most: number; answer: number }) {
    if (tokens === null) return <p class="notice">Counting…</p>;
    const left = most - tokens;
    return (
        <p class={left <= 0 ? "notice bad" : "notice"} role="status">
            The model would read {tokens} of {most} tokens
            {left <= 0 ? `: ${-left} too many.` : left < answer ? `: ${left} are left for an answer, which is little.` : `: ${left} are left for what you write and the answer.`}
            <meter aria-label="Tokens" max={most} value={Math.min(tokens, most)} high={most * 0.8} />
        </p>
    );
}

/** A summary is being written, in a chat of its own. */
function Summary({ path, model, onSummary, onProblem }: Pick<Props, "path" | "model" | "onSummary"> & { onProblem: (text: string) => void }) {
    const [state, setState] = useState<{ done: number; of: number; text: string } | null>(null);
    const abort = useRef<AbortController | null>(null);
    useEffect(() => () => abort.current?.abort(), []);
    const begin = async () => {
        const now = (abort.current = new AbortController());
        setState({ done: 0, of: 1, text: "" });
        try {
            const known = { id: model.id, context_length: model.tiro.context_length ?? 2048 };
            const text = await summarise(path, known, now.signal, (done, of, text) => setState({ done, of, text }));
            await onSummary(text);
        } catch (e) {
            if (!now.signal.aborted) onProblem(explained(e));
        }
        setState(null);
    };
    if (!state)
        return (
            <button type="button" disabled={path.length < 2} onClick={() => void begin()}>
                New chat with a summary
            </button>
        );
    return (
        <div class="summary">
            <p class="notice">
                {model.id} reads part {state.done + 1} of {state.of}.
                <progress value={state.done} max={state.of} aria-label="Summary" />
            </p>
            <p class="plain" dir="auto">
                {state.text}
            </p>
            <button type="button" onClick={() => abort.current?.abort()}>
                Stop
            </button>
        </div>
    );
}

/** What of a chat the model reads: a person chooses what is left out. Nothing is left out unasked. */
export default function Room({ path, model, settings, busy, refused, onDetail, onSummary, onClose }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    const [tokens, setTokens] = useState<number | null>(null);
    const [problem, setProblem] = useState("");
    useLayoutEffect(() => dialog.current?.showModal(), []);
    const said = path.filter((m) => m.role === "user" || m.content !== "");
    const read = useMemo(() => new Set(readOf(path)), [path]);
    const most = model.tiro.context_length ?? 0;
    const answer = Math.ceil(expected({ path, settings }));
    useEffect(() => {
        let live = true;
        const timer = setTimeout(() => {
            void weighPath({ model, path, settings }).then(
                (n) => live && setTokens(n),
                (e: unknown) => live && setProblem(explained(e)),
            );
        }, RECOUNT_MS);
        return () => {
            live = false;
            clearTimeout(timer);
        };
    }, [path, model.id, settings.instructions]);

    const texts = said.flatMap((m): [string, string][] => [
        [m.id, m.content],
        ...(m.details.attachments ?? []).map((a, i): [string, string] => [`${m.id} ${i}`, a.text]),
    ]);
    const known = useWeights(texts, model.id);
    const characters = texts.reduce((n, [id, text]) => (known.has(id) ? n + text.length : n), 0);
    const counted = [...known.values()].reduce((a, b) => a + b, 0);
    const rate = characters > 0 ? counted / characters : 0.25;
    const weightOf = (id: string, text: string) => known.get(id) ?? Math.ceil(text.length * rate);
    const shown = (id: string, text: string) => `${known.has(id) ? "" : "about "}${weightOf(id, text)} tokens`;
    const weights = said.map((m) =>
        [[m.id, m.content] as const, ...(m.details.attachments ?? []).map((a, i) => [`${m.id} ${i}`, a.left_out ? "" : a.text] as const)].reduce(
            (n, [id, text]) => n + (text ? weightOf(id, text) : 0) + 4,
            0,
        ),
    );

    const change = (changes: [Message, Partial<Details>][]) => {
        setProblem("");
        void onDetail(changes);
    };
    const firsts = path.filter((m) => m.details.first_read);
    const fit = () => {
        const instructions = Math.ceil((settings.instructions?.length ?? 0) * rate) + 40;
        const first = firstThatFits(said, weights, most - instructions - Math.min(answer, most / 4));
        if (!first) return setProblem("Even the last message alone is too long: leave out one of its files, or write less.");
        change([...firsts.map((m): [Message, Partial<Details>] => [m, { first_read: undefined }]), [first, { first_read: true }]]);
    };
    const all = () =>
        change(
            path
                .filter((m) => m.details.first_read || m.details.left_out || m.details.attachments?.some((a) => a.left_out))
                .map((m) => [
                    m,
                    {
                        first_read: undefined,
                        left_out: undefined,
                        attachments: m.details.attachments?.map(({ name, text }) => ({ name, text })),
                    },
                ]),
        );
    const toggle = (m: Message) => {
        if (read.has(m)) return change([[m, { left_out: true }]]);
        // What stands before the first that is read comes back one by one.
        const from = path.findIndex((p) => p === firsts.at(-1));
        const at = path.indexOf(m);
        if (at >= from) return change([[m, { left_out: undefined }]]);
        change([
            ...firsts.map((f): [Message, Partial<Details>] => [f, { first_read: undefined }]),
            [m, { first_read: true, left_out: undefined }],
        ]);
    };
    const file = (m: Message, i: number) =>
        change([[m, { attachments: m.details.attachments!.map((a, k) => (k === i ? { ...a, left_out: !a.left_out } : a)) }]]);

    return (
        <dialog ref={dialog} class="room" onClose={onClose} aria-label="What the model reads">
            <h2>What the model reads</h2>
            {refused && (
                <p class="notice bad" role="alert">
                    The chat is longer than what {model.id} can read at once. Choose what to leave out, then ask again.
                </p>
            )}
            <p class="notice">What is left out stays in the chat, marked, and can come back.</p>
            <Bar tokens={tokens} most={most} answer={answer} />
            {problem && <p class="notice bad">{problem}</p>}
            <ul aria-label="Messages">
                {said.map((m) => (
                    <li key={m.id} class={read.has(m) ? "" : "out"}>
                        <label>
                            <input type="checkbox" disabled={busy} checked={read.has(m)} onChange={() => toggle(m)} />
                            <span class="who">{m.role === "user" ? "You" : "Answer"}</span>
                            <span class="words" dir="auto">
                                {words(m)}
                            </span>
                            <small>{shown(m.id, m.content)}</small>
                        </label>
                        {m.details.attachments?.map((a, i) => (
                            <label class="file">
                                <input
                                    type="checkbox"
                                    disabled={busy || !read.has(m)}
                                    checked={read.has(m) && !a.left_out}
                                    onChange={() => file(m, i)}
                                />
                                <span class="who">File</span>
                                <span class="words">{a.name}</span>
                                <small>{shown(`${m.id} ${i}`, a.text)}</small>
                            </label>
                        ))}
                    </li>
                ))}
            </ul>
            <div class="actions">
                <button type="button" disabled={busy} onClick={fit}>
                    Leave out the oldest
                </button>
                <button type="button" disabled={busy || read.size === said.length} onClick={all}>
                    Read all
                </button>
                <Summary path={said} model={model} onSummary={onSummary} onProblem={setProblem} />
                <button type="button" class="main" onClick={() => dialog.current!.close()}>
                    Done
                </button>
            </div>
        </dialog>
    );
}
