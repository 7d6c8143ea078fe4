import { useEffect, useRef, useState } from "preact/hooks";

import { readFiles, type Attachment } from "../chat/attachments";
import { said } from "../server/http";

interface Props {
    busy: boolean;
    ready: boolean;
    /** Whose draft it is: a chat's id. */
    place: string;
    /** The tokens that a text would make with what stands before it, and the most there can be. */
    measure: (text: string, attachments: Attachment[]) => Promise<{ tokens: number; most: number } | null>;
    onSend: (text: string, attachments: Attachment[]) => void;
    onStop: () => void;
}

const MEASURE_MS = 600;

/** Enter sends, Shift+Enter makes a new line, Escape stops. */
export function Composer({ busy, ready, place, measure, onSend, onStop }: Props) {
    const box = useRef<HTMLTextAreaElement>(null);
    const timer = useRef<ReturnType<typeof setTimeout>>();
    const [size, setSize] = useState<{ tokens: number; most: number } | null>(null);
    const drafts = useRef(new Map<string, string>());
    const [attached, setAttached] = useState<Attachment[]>([]);
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
        void readFiles(files, attached).then(setAttached, (e: unknown) => setProblem(said(e)));
    };
    useEffect(weigh, [attached]);
    useEffect(() => {
        box.current!.value = drafts.current.get(place) ?? "";
        grow();
        setSize(null);
        setAttached([]);
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
        if ((!text && attached.length === 0) || busy || !ready) return;
        box.current!.value = "";
        setAttached([]);
        input();
        onSend(text, attached);
    };
    const key = (e: KeyboardEvent) => {
        if (e.key === "Escape" && busy) onStop();
        if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
        e.preventDefault();
        send();
    };
    const full = size !== null && size.tokens >= size.most;
    return (
        <>
            {problem && <p class="notice bad">{problem}</p>}
            {attached.length > 0 && (
                <ul class="attached" aria-label="Files that go with it">
                    {attached.map((a, i) => (
                        <li>
                            {a.name}{" "}
                            <button
                                aria-label={`Without ${a.name}`}
                                onClick={() => setAttached(attached.filter((_, k) => k !== i))}
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
            <p class={full ? "meter bad" : "meter"} aria-live="polite">
                {size &&
                    (full
                        ? `With this the chat has ${size.tokens} tokens and the model reads ${size.most}: delete a branch, or begin a new chat.`
                        : `${size.tokens} of ${size.most} tokens`)}
            </p>
        </>
    );
}
