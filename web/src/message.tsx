import type { Message } from "./client";
import { Copy } from "./copy";
import { parts } from "./format";

/** One turn. Text is never interpreted as HTML; code between ``` fences gets a box of its own. */
export function Turn({ message, busy }: { message: Message; busy: boolean }) {
    const mine = message.role === "user";
    return (
        <article class={mine ? "turn mine" : "turn"} aria-label={mine ? "You" : "Answer"}>
            {parts(message.content).map((part) =>
                part.code ? (
                    <figure>
                        <figcaption>
                            <span>{part.language || "code"}</span>
                            <Copy text={part.text} what="code" />
                        </figcaption>
                        <pre>
                            <code>{part.text}</code>
                        </pre>
                    </figure>
                ) : (
                    <p>{part.text}</p>
                ),
            )}
            {busy && <span class="cursor" aria-label="Writing" />}
            {!mine && !busy && message.content && <Copy text={message.content} what="answer" />}
        </article>
    );
}
