import { useEffect, useRef, useState } from "preact/hooks";

import { cut, readFiles, type Attachment } from "../chat/attachments";
import { said } from "../server/http";

/** What a text weighs with what stands before it. */
export interface Weight {
    tokens: number;
    /** The most there can be. */
    most: number;
    /** Of these, those of the files. */
    files: number;
}

interface Props {
    busy: boolean;
    ready: boolean;
    /** The model reads pictures. */
    sees: boolean;
    /** Whose draft it is: a chat's id. */
    place: string;
    /** What goes with the message. */
    attached: Attachment[];
    onAttach: (attached: Attachment[]) => void;
    measure: (text: string, attachments: Attachment[]) => Promise<Weight | null>;
    onSend: (text: string, attachments: Attachment[]) => void;
    onStop: () => void;
}

const MEASURE_MS = 600;
/** Of what would fit: the answer needs room, too, and tokens are not spread evenly. */
const FILL = 0.85;

function Meter({ size, onCut }: { size: Weight | null; onCut: (share: number) => void }) {
    if (!size) return <p class="meter" aria-live="polite" />;
    const { tokens, most, files } = size;
    const full = tokens >= most;
    const share = (FILL * (most - (tokens - files))) / files;
    const fits = full && files > 0 && share > 0.01 && share < 1;
    return (
        <p class={full ? "meter bad" : "meter"} aria-live="polite">
            {!full
                ? `${tokens} of ${most} tokens`
                : fits
                  ? `With this the chat has ${tokens} tokens and the model reads ${most}: of the files, ${Math.floor(share * 100)} % fit. `
                  : `With this the chat has ${tokens} tokens and the model reads ${most}: delete a branch, or begin a new chat.`}
            {fits && <button onClick={() => onCut(share)}>Send their first {Math.floor(share * 100)} %</button>}
        </p>
    );
}

/** Enter sends, Shift+Enter makes a new line, Escape stops. */
export function Composer(props: Props) {
    const { busy, ready, sees, place, attached, onAttach, measure, onSend, onStop } = props;
    const box = useRef<HTMLTextAreaElement>(null);
    const timer = useRef<ReturnType<typeof setTimeout>>();
    const [size, setSize] = useState<Weight | null>(null);
    const drafts = useRef(new Map<string, string>());
    const [reading, setReading] = useState(false);
    const [problem, setProblem] = useState("");
    const [over, setOver] = useState(false);
    const file = useRef<HTMLInputElement>(null);

    const grow = () => {
        const el = box.current!;
        el.style.height = "auto";
        el.style.height = `${Math.min(el.scrollHeight, 240)}px`;
    };
    const weigh = () => {
        clearTimeout(timer.current);
        const text = box.current!.value.trim();
        if ((!text && attached.length === 0) || busy) return setSize(null);
        timer.current = setTimeout(() => void measure(text, attached).then(setSize), MEASURE_MS);
    };
    const attach = (files: Iterable<File>) => {
        setProblem("");
        setReading(true);
        void readFiles(files, attached, sees)
            .then(onAttach, (e: unknown) => setProblem(said(e)))
            .finally(() => setReading(false));
    };
    useEffect(weigh, [attached]);
    useEffect(() => {
        box.current!.value = drafts.current.get(place) ?? "";
        grow();
        setSize(null);
        setProblem("");
        box.current!.focus();
    }, [place]);
    useEffect(() => () => clearTimeout(timer.current), []);

    const input = () => {
        drafts.current.set(place, box.current!.value);
        grow();
        weigh();
    };
    const send = () => {
        const text = box.current!.value.trim();
        if ((!text && attached.length === 0) || busy || !ready || reading) return;
        box.current!.value = "";
        onAttach([]);
        input();
        onSend(text, attached);
    };
    const key = (e: KeyboardEvent) => {
        if (e.key === "Escape" && busy) onStop();
        if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
        e.preventDefault();
        send();
    };
    return (
        <>
            {problem && <p class="notice bad">{problem}</p>}
            {reading && (
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
                    <button type="submit" disabled={!ready}>
                        Send
                    </button>
                )}
            </form>
            <Meter size={size} onCut={(share) => onAttach(cut(attached, share))} />
        </>
    );
}
