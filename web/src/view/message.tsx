import { memo } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Details, Message } from "../server/chats";
import { receipt } from "../text/format";
import { Copy } from "./copy";
import { Markdown } from "./markdown";
import { Remembered, Sources } from "./sources";

export interface Doings {
    edit(message: Message, text: string): void;
    again(message: Message): void;
    remove(message: Message): void;
    show(message: Message): void;
    /** Puts something of it into the memory. */
    remember(message: Message): void;
    /** What is shown besides its text changes. */
    amend(message: Message, change: Partial<Details>): void;
    /** Asks for the music of this answer again, without what is wrong with it. */
    mend(message: Message, words: string): void;
}

interface Props {
    message: Message;
    siblings: Message[];
    /** It is being written. */
    live: boolean;
    /** Another is: nothing can be changed now. */
    busy: boolean;
    doings: Doings;
}

function Thoughts({ text, live }: { text: string; live: boolean }) {
    return (
        <details class="thoughts">
            <summary>{live ? "Thinking…" : "What it thought"}</summary>
            <p>{text}</p>
        </details>
    );
}

function Siblings({ message, siblings, busy, doings }: Omit<Props, "live">) {
    if (siblings.length < 2) return null;
    const at = siblings.findIndex((m) => m.id === message.id);
    const go = (by: number) => doings.show(siblings[at + by]!);
    return (
        <span class="siblings">
            <button aria-label="Previous version" disabled={busy || at === 0} onClick={() => go(-1)}>
                ‹
            </button>
            <span>
                {at + 1} of {siblings.length}
            </span>
            <button
                aria-label="Next version"
                disabled={busy || at + 1 === siblings.length}
                onClick={() => go(1)}
            >
                ›
            </button>
        </span>
    );
}

function Editor({ text, onDone }: { text: string; onDone: (text: string | null) => void }) {
    const box = useRef<HTMLTextAreaElement>(null);
    useEffect(() => box.current?.focus(), []);
    return (
        <form
            class="editor"
            onSubmit={(e) => {
                e.preventDefault();
                onDone(box.current!.value.trim() || null);
            }}
            onKeyDown={(e) => e.key === "Escape" && onDone(null)}
        >
            <textarea ref={box} aria-label="Edited message" rows={4} defaultValue={text} />
            <button type="submit">Send as a new branch</button>
            <button type="button" onClick={() => onDone(null)}>
                Cancel
            </button>
        </form>
    );
}

function Ended({ details }: { details: Details }) {
    if (details.ended === "length") return <p class="notice">The answer was cut at the longest allowed length.</p>;
    if (details.ended === "stopped") return <p class="notice">Stopped.</p>;
    if (details.ended === "failed") return <p class="notice bad">{details.problem}</p>;
    return null;
}

function Turn_({ message, siblings, live, busy, doings }: Props) {
    const [editing, setEditing] = useState(false);
    const mine = message.role === "user";
    const { details } = message;
    const edited = (text: string | null) => {
        setEditing(false);
        if (text !== null && text !== message.content) doings.edit(message, text);
    };
    return (
        <article class={mine ? "turn mine" : "turn"} aria-label={mine ? "You" : "Answer"} aria-busy={live}>
            {details.attachments?.map((a) => (
                <details class="thoughts">
                    <summary>{a.name}</summary>
                    <pre tabIndex={0}>
                        <code>{a.text}</code>
                    </pre>
                </details>
            ))}
            {details.thoughts && <Thoughts text={details.thoughts} live={live && !message.content} />}
            {editing ? (
                <Editor text={message.content} onDone={edited} />
            ) : mine ? (
                <p class="plain" dir="auto">
                    {message.content}
                </p>
            ) : (
                <div class="text" dir="auto">
                    <Markdown
                        text={message.content}
                        done={!live}
                        onMend={busy ? undefined : (words) => doings.mend(message, words)}
                    />
                </div>
            )}
            {live && <span class="cursor" role="status" aria-label="Writing" />}
            {!live && <Ended details={details} />}
            {details.sources && !live && <Sources sources={details.sources} />}
            {details.remembered && (
                <Remembered entries={details.remembered} onChange={(remembered) => doings.amend(message, { remembered })} />
            )}
            {!live && !editing && (
                <div class="doings">
                    <Siblings {...{ message, siblings, busy, doings }} />
                    {message.content && <Copy text={message.content} what={mine ? "message" : "answer"} />}
                    {mine ? (
                        <button disabled={busy} onClick={() => setEditing(true)}>
                            Edit
                        </button>
                    ) : (
                        <button disabled={busy} onClick={() => doings.again(message)}>
                            Again
                        </button>
                    )}
                    {message.content && !message.id.startsWith("local_") && (
                        <button title="Put it into the memory" onClick={() => doings.remember(message)}>
                            Remember
                        </button>
                    )}
                    <button
                        disabled={busy}
                        aria-label="Delete this branch"
                        onClick={() => doings.remove(message)}
                    >
                        Delete
                    </button>
                    {!mine && <span class="receipt">{receipt(message)}</span>}
                </div>
            )}
        </article>
    );
}

/** One turn of the branch that is shown. Drawn again only when something of it has changed. */
export const Turn = memo(
    Turn_,
    (a, b) =>
        a.message === b.message &&
        a.live === b.live &&
        a.busy === b.busy &&
        a.siblings.length === b.siblings.length,
);
