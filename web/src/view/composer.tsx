import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { check, cut, readFiles, type Attachment } from "../chat/attachments";
import type { Size } from "../chat/weigh";
import { said } from "../server/http";
import { duration } from "../text/format";

interface Props {
    busy: boolean;
    ready: boolean;
    /** The model reads pictures. */
    sees: boolean;
    /** Whose draft it is: a chat's id. */
    place: string;
    /** The chat that what was sent from here has made; "": none. */
    born: string;
    /** What goes with the message. */
    attached: Attachment[];
    onAttach: (attached: Attachment[]) => void;
    /** Something else of these when a measure would be another. */
    by: unknown[];
    /** What a text would be with what stands before it. */
    measure: (text: string, attachments: Attachment[]) => Promise<Size | null>;
    /** False: it could not be asked, and is to be there again. */
    onSend: (text: string, attachments: Attachment[]) => Promise<boolean>;
    onStop: () => void;
    /** The model cannot read it all: a person chooses. */
    onFull: () => void;
}

const MEASURE_MS = 600;
/** Of what would fit: the answer needs room, too, and tokens are not spread evenly. */
const FILL = 0.85;

/** What goes out, and when something comes back. */
function Meter({ size, onFull, onCut }: { size: Size; onFull: () => void; onCut: (share: number) => void }) {
    const { tokens, most, fresh, seconds, files } = size;
    const share = (FILL * (most - (tokens - files))) / files;
    const choose = (
        <button type="button" onClick={onFull}>
            Choose what to leave out
        </button>
    );
    if (tokens >= most)
        return (
            <>
                With this the chat has {tokens} tokens and the model reads {most}. {choose}
                {files > 0 && share > 0.01 && share < 1 && (
                    <>
                        {" "}
                        <button type="button" onClick={() => onCut(share)}>
                            Send the first {Math.floor(share * 100)} % of the files
                        </button>
                    </>
                )}
            </>
        );
    return (
        <>
            {tokens} of {most} tokens
            {fresh < tokens && `, about ${fresh} of them new to the model`}
            {seconds !== null && ` · answer in about ${duration(seconds)}`}
            {tokens > most * 0.8 && <> · {choose}</>}
        </>
    );
}

/** Enter sends, Shift+Enter makes a new line. */
export function Composer(props: Props) {
    const { busy, ready, sees, place, born, attached, onAttach, by, measure, onSend, onStop, onFull } = props;
    const box = useRef<HTMLTextAreaElement>(null);
    const timer = useRef<ReturnType<typeof setTimeout>>();
    const [size, setSize] = useState<Size | null>(null);
    const drafts = useRef(new Map<string, string>());
    const [reading, setReading] = useState(0);
    const [problem, setProblem] = useState("");
    const [over, setOver] = useState(false);
    const file = useRef<HTMLInputElement>(null);
    // What comes late belongs to the chat that it was begun in.
    const opening = useRef(0);
    const measuring = useRef(0);
    const files = useRef(attached);
    files.current = attached;
    const queue = useRef(Promise.resolve());

    const grow = () => {
        const el = box.current!;
        el.style.height = "auto";
        el.style.height = `${Math.min(el.scrollHeight, 240)}px`;
    };
    const weigh = () => {
        clearTimeout(timer.current);
        const mine = ++measuring.current;
        const text = box.current!.value.trim();
        if ((!text && attached.length === 0) || busy) return setSize(null);
        const measured = (size: Size | null) => mine === measuring.current && setSize(size);
        timer.current = setTimeout(() => void measure(text, attached).then(measured, () => measured(null)), MEASURE_MS);
    };
    const take = async (chosen: File[], mine: number) => {
        try {
            const read = await readFiles(chosen, sees);
            if (mine !== opening.current) return;
            const all = [...files.current, ...read];
            check(all);
            files.current = all;
            onAttach(all);
        } catch (e) {
            if (mine === opening.current) setProblem(said(e));
        }
        if (mine === opening.current) setReading((n) => n - 1);
    };
    const attach = (chosen: Iterable<File>) => {
        const all = [...chosen];
        const mine = opening.current;
        setProblem("");
        setReading((n) => n + 1);
        // One after the other: none takes the place of those before it.
        queue.current = queue.current.then(() => take(all, mine));
    };
    useEffect(weigh, [attached, ...by]);
    // At once: what somebody types, or where they go, is not taken away a moment later.
    useLayoutEffect(() => {
        if (place && place === born) {
            drafts.current.delete("");
            drafts.current.set(place, box.current!.value);
            return;
        }
        opening.current++;
        box.current!.value = drafts.current.get(place) ?? "";
        grow();
        setSize(null);
        setReading(0);
        setProblem("");
        box.current!.focus();
    }, [place]);
    useEffect(() => () => clearTimeout(timer.current), []);

    const input = () => {
        drafts.current.set(place, box.current!.value);
        grow();
        weigh();
    };
    const full = size !== null && size.tokens >= size.most;
    const send = () => {
        const mine = opening.current;
        const text = box.current!.value.trim();
        if ((!text && attached.length === 0) || busy || !ready || reading > 0) return;
        if (full) return onFull();
        box.current!.value = "";
        onAttach([]);
        input();
        void onSend(text, attached).then((asked) => {
            if (asked || mine !== opening.current || box.current?.value) return;
            box.current!.value = text;
            onAttach(attached);
            input();
        });
    };
    const key = (e: KeyboardEvent) => {
        if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
        e.preventDefault();
        send();
    };
    return (
        <>
            {problem && <p class="notice bad">{problem}</p>}
            {reading > 0 && (
                <p class="notice" role="status">
                    Reading…
                </p>
            )}
            {attached.length > 0 && (
                <ul class="attached" aria-label="Files that go with it">
                    {attached.map((a, i) => (
                        <li>
                            <span dir="auto">
                                {a.kind === "output" ? `Output of ${a.name}` : a.name}
                                {a.note && <small> ({a.note})</small>}
                            </span>{" "}
                            <button
                                aria-label={`Without ${a.name}`}
                                onClick={() => onAttach(attached.filter((_, k) => k !== i))}
                            >
                                ×
                            </button>
                        </li>
                    ))}
                </ul>
            )}
            <form
                class={over ? "composer over" : "composer"}
                onSubmit={(e) => {
                    e.preventDefault();
                    send();
                }}
                onDragOver={(e) => {
                    e.preventDefault();
                    setOver(true);
                }}
                onDragLeave={() => setOver(false)}
                onDrop={(e) => {
                    e.preventDefault();
                    setOver(false);
                    if (e.dataTransfer) attach(e.dataTransfer.files);
                }}
            >
                <button type="button" class="attach" aria-label="Add files" onClick={() => file.current!.click()}>
                    +
                </button>
                <input
                    ref={file}
                    hidden
                    multiple
                    type="file"
                    aria-label="Files to add"
                    onChange={(e) => {
                        attach([...(e.currentTarget.files ?? [])]);
                        e.currentTarget.value = "";
                    }}
                />
                <textarea
                    ref={box}
                    rows={1}
                    dir="auto"
                    placeholder="Write a message"
                    aria-label="Message"
                    onInput={input}
                    onKeyDown={key}
                    onPaste={(e) => {
                        const files = e.clipboardData?.files;
                        if (files?.length) attach(files);
                    }}
                />
                {busy ? (
                    <button type="button" onClick={onStop}>
                        Stop
                    </button>
                ) : (
                    <button type="submit" disabled={!ready || reading > 0}>
                        Send
                    </button>
                )}
            </form>
            <p class={full ? "meter bad" : "meter"} aria-live="polite">
                {size && <Meter size={size} onFull={onFull} onCut={(share) => onAttach(cut(attached, share))} />}
            </p>
        </>
    );
}
