import { useRef } from "preact/hooks";

interface Props {
    busy: boolean;
    ready: boolean;
    onSend: (text: string) => void;
    onStop: () => void;
}

/** Enter sends, Shift+Enter makes a new line, Escape stops. */
export function Composer({ busy, ready, onSend, onStop }: Props) {
    const box = useRef<HTMLTextAreaElement>(null);
    const grow = () => {
        const el = box.current!;
        el.style.height = "auto";
        el.style.height = `${Math.min(el.scrollHeight, 240)}px`;
    };
    const send = () => {
        const text = box.current!.value.trim();
        if (!text || busy || !ready) return;
        box.current!.value = "";
        grow();
        onSend(text);
    };
    const key = (e: KeyboardEvent) => {
        if (e.key === "Escape" && busy) onStop();
        if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
        e.preventDefault();
        send();
    };
    return (
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
                autofocus
                placeholder="Write a message"
                aria-label="Message"
                onInput={grow}
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
    );
}
