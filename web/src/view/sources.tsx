import { useState } from "preact/hooks";

import type { Details, Source } from "../server/chats";
import { said } from "../server/http";
import { forget } from "../server/memory";

/** What an answer was made from: the pieces that it cites, or else those that were found for it. */
export function Sources({ sources }: { sources: Source[] }) {
    const cited = sources.filter((s) => s.cited);
    const shown = cited.length ? cited : sources;
    return (
        <details class="sources" open={cited.length > 0}>
            <summary>{cited.length ? "Sources" : `Found in files: ${shown.length}, none cited`}</summary>
            <ol>
                {shown.map((s) => (
                    <li key={s.n} value={s.n}>
                        <cite dir="auto">{s.filename}</cite>
                        <q dir="auto">{s.quote}</q>
                    </li>
                ))}
            </ol>
        </details>
    );
}

type Remembering = NonNullable<Details["remembered"]>;

/** What the model put into the memory, and the way back. */
export function Remembered({ entries, onChange }: { entries: Remembering; onChange: (all: Remembering) => void }) {
    const [problem, setProblem] = useState("");
    const undo = (id: string) =>
        void forget(id).then(
            () => onChange(entries.map((e) => (e.id === id ? { ...e, undone: true } : e))),
            (e: unknown) => setProblem(said(e)),
        );
    return (
        <ul class="remembered">
            {entries.map((e) => (
                <li key={e.id} dir="auto">
                    {e.undone ? (
                        <>
                            Not remembered: <del>{e.text}</del>
                        </>
                    ) : (
                        <>
                            Remembered: {e.text} <button onClick={() => undo(e.id)}>Undo</button>
                        </>
                    )}
                </li>
            ))}
            {problem && <li class="bad">{problem}</li>}
        </ul>
    );
}
