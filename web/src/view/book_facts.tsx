// What the text has stated, by whom it is about: what the model is told when it writes on.
import { counted } from "../book/state";
import type { Book } from "../server/books";

function byName(facts: Book["facts"]): [string, string[]][] {
    const all = new Map<string, string[]>();
    for (const { name, fact } of facts) all.set(name, [...(all.get(name) ?? []), fact]);
    return [...all].sort((a, b) => b[1].length - a[1].length);
}

export function Facts({ book }: { book: Book }) {
    const names = byName(book.facts);
    return (
        <section aria-labelledby="known">
            <h2 id="known">What the book knows</h2>
            {names.length === 0 ? (
                <p class="hint">
                    When a scene is written, the model notes what it has said of people and places. It is told so when it
                    writes on.
                </p>
            ) : (
                <ul class="known">
                    {names.map(([name, facts]) => (
                        <li key={name}>
                            <details>
                                <summary>
                                    <bdi>{name}</bdi> <small>{counted(facts.length, "fact")}</small>
                                </summary>
                                <ul>
                                    {facts.map((f, i) => (
                                        <li key={i} dir="auto">
                                            {f}
                                        </li>
                                    ))}
                                </ul>
                            </details>
                        </li>
                    ))}
                </ul>
            )}
        </section>
    );
}
