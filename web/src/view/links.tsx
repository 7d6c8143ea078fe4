import { useState } from "preact/hooks";

import { said } from "../server/http";
import { revoke, type Share } from "../server/shares";

export const day = (seconds: number) =>
    new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

interface Props {
    shares: Share[];
    /** Which chat each is of stands in it. */
    titles: boolean;
    again: () => void;
}

/** Links that work, and a button that ends each. */
export function Links({ shares, titles, again }: Props) {
    const [problem, setProblem] = useState("");
    const end = (share: Share) => void revoke(share.id).then(again, (e: unknown) => setProblem(said(e)));
    return (
        <>
            {problem && <p class="notice bad">{problem}</p>}
            <ul class="lines" aria-label="Links">
                {shares.map((s) => (
                    <li key={s.id}>
                        <span>
                            {titles && (
                                <>
                                    <a href={`#/chat/${s.chat_id}`} dir="auto">
                                        {s.title || "Untitled"}
                                    </a>
                                    {" · "}
                                </>
                            )}
                            {s.n_messages} messages of {day(s.created_at)}, until {day(s.expires_at)}
                        </span>
                        <button aria-label={`Take back the link of ${day(s.created_at)}`} onClick={() => end(s)}>
                            Take back
                        </button>
                    </li>
                ))}
            </ul>
        </>
    );
}
