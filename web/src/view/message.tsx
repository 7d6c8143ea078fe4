import { memo } from "preact/compat";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { adviceOn, type Remedy } from "../chat/advice";
import type { Mend } from "../music/tunes";
import type { Details, Message } from "../server/chats";
import { Copy } from "./copy";
import { Markdown } from "./markdown";
import { useNear } from "./near";
import { Receipt } from "./receipt";
import { Remembered, Sources } from "./sources";

export interface Doings {
    edit(message: Message, text: string): void;
    /** By the model that is chosen, or by this one. */
    again(message: Message, model?: string): void;
    /** Those that can answer. */
    models(): string[];
    /** Of two answers, it goes on with this one. */
    choose(message: Message): void;
    /** The model reads it again. */
    readAgain(message: Message): void;
    remedy(remedy: Remedy, message: Message): void;
    remove(message: Message): void;
    show(message: Message): void;
    /** Puts something of it into the memory. */
    remember(message: Message): void;
    /** What is shown besides its text changes. */
    amend(message: Message, change: Partial<Details>): void;
    /** Asks for the music of this answer again, without what is wrong with it. */
    mend(message: Message, mend: Mend): void;
}

interface Props {
    message: Message;
    siblings: Message[];
    /** It is being written. */
    live: boolean;
    /** Another is: nothing can be changed now. */
    busy: boolean;
    /** The model does not read it. */
    out?: boolean;
    /** One of two answers of which none is kept yet. */
    pair?: boolean;
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

/** What the music that the model had checked was like, the last time. */
function Checks({ checks }: { checks: NonNullable<Details["checks"]> }) {
    const { bars, wrong } = checks[checks.length - 1]!;
    const times = checks.length > 1 ? ` ${checks.length} times` : "";
    return (
        <p class="notice">
            {wrong === 0 ? `Checked${times}: all ${bars} bars add up.` : `Checked${times}: ${wrong} ${wrong === 1 ? "thing was" : "things were"} wrong.`}
        </p>
    );
}

function Siblings({ message, siblings, busy, doings }: Pick<Props, "message" | "siblings" | "busy" | "doings">) {
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
    useLayoutEffect(() => box.current?.focus(), []);
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

const remedies: Record<Remedy, string> = {
    again: "Try again",
    room: "Choose what to leave out",
    settings: "Settings",
    models: "Choose a model",
    "": "",
};

/** Some of the API's messages end with a full stop, some do not. */
const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

function Failed({ message, busy, doings }: Pick<Props, "message" | "busy" | "doings">) {
    const { text, remedy } = adviceOn(message.details.code ?? "");
    return (
        <p class="notice bad" role="alert">
            {sentence(message.details.problem ?? "")} {text}{" "}
            {remedy && (
                <button disabled={busy} onClick={() => doings.remedy(remedy, message)}>
                    {remedies[remedy]}
                </button>
            )}
        </p>
    );
}

function Ended({ message, busy, doings }: Pick<Props, "message" | "busy" | "doings">) {
    const { ended } = message.details;
    if (ended === "length") return <p class="notice">The answer was cut at the longest allowed length.</p>;
    if (ended === "stopped") return <p class="notice">Stopped.</p>;
    if (ended === "failed") return <Failed {...{ message, busy, doings }} />;
    return null;
}

/** Another answer, by the chosen model or by one of the others. */
function Again({ message, busy, doings }: Pick<Props, "message" | "busy" | "doings">) {
    const [models, setModels] = useState<string[]>([]);
    const menu = useRef<HTMLDetailsElement>(null);
    return (
        <>
            <button disabled={busy} onClick={() => doings.again(message)}>
                Again
            </button>
            {!busy && (
                <details
                    ref={menu}
                    class="menu"
                    onToggle={(e) => setModels(e.currentTarget.open ? doings.models() : [])}
                    onKeyDown={(e) => {
                        if (e.key !== "Escape") return;
                        menu.current!.open = false;
                        menu.current!.querySelector("summary")!.focus();
                    }}
                >
                    <summary aria-label="Again with another model">▾</summary>
                    <div>
                        {models.map((m) => (
                            <button
                                key={m}
                                onClick={() => {
                                    menu.current!.open = false;
                                    doings.again(message, m);
                                }}
                            >
                                {m}
                            </button>
                        ))}
                    </div>
                </details>
            )}
        </>
    );
}

function Attachments({ message }: { message: Message }) {
    return (
        <>
            {message.details.attachments?.map((a) => (
                <details class="thoughts">
                    <summary>
                        {a.name}
                        {a.left_out && " (left out of what the model reads)"}
                    </summary>
                    <pre tabIndex={0}>
                        <code>{a.text}</code>
                    </pre>
                </details>
            ))}
        </>
    );
}

function Text({ message, live, busy, doings }: Pick<Props, "message" | "live" | "busy" | "doings">) {
    return (
        <div class="text" dir="auto">
            <Markdown
                text={message.content}
                done={!live}
                onMend={busy ? undefined : (mend) => doings.mend(message, mend)}
            />
        </div>
    );
}

function Buttons({ message, siblings, busy, pair, doings, onEdit }: Omit<Props, "live" | "out"> & { onEdit: () => void }) {
    const mine = message.role === "user";
    return (
        <div class="doings">
            {pair && (
                <button class="keep" disabled={busy} onClick={() => doings.choose(message)}>
                    Keep this one
                </button>
            )}
            {!pair && <Siblings {...{ message, siblings, busy, doings }} />}
            {message.content && <Copy text={message.content} what={mine ? "message" : "answer"} />}
            {mine ? (
                <button disabled={busy} onClick={onEdit}>
                    Edit
                </button>
            ) : (
                !pair && <Again {...{ message, busy, doings }} />
            )}
            {message.content && !message.id.startsWith("local_") && (
                <button title="Put it into the memory" onClick={() => doings.remember(message)}>
                    Remember
                </button>
            )}
            {!pair && (
                <button disabled={busy} aria-label="Delete this branch" onClick={() => doings.remove(message)}>
                    Delete
                </button>
            )}
            {!mine && <Receipt message={message} />}
        </div>
    );
}

function Turn_(props: Props) {
    const { message, live, busy, out, pair, doings } = props;
    const [editing, setEditing] = useState(false);
    const place = useRef<HTMLElement>(null);
    const near = useNear(place) || live;
    const mine = message.role === "user";
    const { details } = message;
    const edited = (text: string | null) => {
        setEditing(false);
        if (text !== null && text !== message.content) doings.edit(message, text);
    };
    return (
        <article
            ref={place}
            id={`message-${message.id}`}
            class={["turn", mine && "mine", out && "out"].filter(Boolean).join(" ")}
            aria-label={mine ? "You" : "Answer"}
            aria-busy={live}
            tabIndex={-1}
        >
            {out && (
                <p class="notice">
                    Left out of what the model reads.{" "}
                    <button disabled={busy} onClick={() => doings.readAgain(message)}>
                        Read it again
                    </button>
                </p>
            )}
            {pair && <p class="notice">{message.model}</p>}
            <Attachments message={message} />
            {details.thoughts && <Thoughts text={details.thoughts} live={live && !message.content} />}
            {editing ? (
                <Editor text={message.content} onDone={edited} />
            ) : mine || !near ? (
                <p class="plain" dir="auto">
                    {message.content}
                </p>
            ) : (
                <Text {...{ message, live, busy, doings }} />
            )}
            {details.checks && <Checks checks={details.checks} />}
            {live && <span class="cursor" aria-hidden="true" />}
            {!live && <Ended {...{ message, busy, doings }} />}
            {details.sources && !live && <Sources sources={details.sources} />}
            {details.remembered && (
                <Remembered entries={details.remembered} onChange={(remembered) => doings.amend(message, { remembered })} />
            )}
            {near && !live && !editing && <Buttons {...props} onEdit={() => setEditing(true)} />}
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
        a.out === b.out &&
        a.pair === b.pair &&
        a.siblings.length === b.siblings.length,
);
