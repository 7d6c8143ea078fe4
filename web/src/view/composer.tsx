import { useEffect, useRef, useState } from "preact/hooks";

interface Props {
    busy: boolean;
    ready: boolean;
    /** Whose draft it is: a chat's id. */
    place: string;
    /** The tokens that a text would make with what stands before it, and the most there can be. */
    measure: (text: string) => Promise<{ tokens: number; most: number } | null>;
    onSend: (text: string) => void;
    onStop: () => void;
}

const MEASURE_MS = 600;

/** Enter sends, Shift+Enter makes a new line, Escape stops. */
export function Composer({ busy, ready, place, measure, onSend, onStop }: Props) {
    const box = useRef<HTMLTextAreaElement>(null);
    const timer = useRef<ReturnType<typeof setTimeout>>();
    const [size, setSize] = useState<{ tokens: number; most: number } | null>(null);
    const drafts = useRef(new Map<string, string>());

    const grow = () => {
        const el = box.current!;
        el.style.height = "auto";
        el.style.height = `${Math.min(el.scrollHeight, 240)}px`;
    };
    const weigh = () => {
        clearTimeout(timer.current);
        const text = box.current!.value.trim();
        if (!text || busy) return setSize(null);
        timer.current = setTimeout(() => void measure(text).then(setSize), MEASURE_MS);
    };
    useEffect(() => {
        box.current!.value = drafts.current.get(place) ?? "";
        grow();
        setSize(null);
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
        if (!text || busy || !ready) return;
        box.current!.value = "";
        input();
        onSend(text);
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
            <form
                class="composer"
                onSubmit={(e) => {
                    e.preventDefault();
                    send();
                }}
            >
                <textarea
                    ref={box}
                    rows={1}
                    dir="auto"
                    placeholder="Write a message"
                    aria-label="Message"
                    onInput={input}
                    onKeyDown={key}
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
