// What a link shows, to anybody who has it: #/shared/TOKEN. Nothing else of the server is asked.
import { useEffect, useState } from "preact/hooks";

import { goTo } from "../address";
import type { PageProps } from "../pages";
import { addMessage, createChat } from "../server/chats";
import { ApiError, said } from "../server/http";
import { readShared, type Shared } from "../server/shares";
import { day } from "../view/links";
import { Markdown } from "../view/markdown";

/** A copy of it among one's own chats. */
async function takeOver(shared: Shared): Promise<string> {
    const chat = await createChat(shared.title, {});
    let parent_id = "";
    for (const { role, content, model } of shared.messages)
        parent_id = (await addMessage(chat.id, { parent_id, role, content, model })).id;
    return chat.id;
}

export default function View({ rest }: PageProps) {
    const token = rest[0] ?? "";
    const [shared, setShared] = useState<Shared | null>(null);
    const [problem, setProblem] = useState("");
    const [busy, setBusy] = useState(false);
    useEffect(() => {
        setShared(null);
        setProblem("");
        readShared(token).then(setShared, (e: unknown) => setProblem(said(e)));
    }, [token]);
    const go = async () => {
        setBusy(true);
        setProblem("");
        try {
            goTo("chat", await takeOver(shared!));
        } catch (e) {
            const stranger = e instanceof ApiError && e.status === 401;
            setProblem(stranger ? "Only who may use this server can continue: sign in at its first page." : said(e));
            setBusy(false);
        }
    };
    return (
        <div class="frame shared">
            <header>
                <h1 dir="auto">{shared ? shared.title || "A chat" : "Tiro"}</h1>
                {shared && (
                    <button disabled={busy} onClick={() => void go()}>
                        Continue from here
                    </button>
                )}
            </header>
            <main tabIndex={-1}>
                <div class="turns">
                    {problem && (
                        <p class="notice bad" role="alert">
                            {problem}
                        </p>
                    )}
                    {shared && (
                        <p class="notice">
                            Shared on {day(shared.created_at)}, until {day(shared.expires_at)}. A model wrote the
                            answers; they may be wrong.
                        </p>
                    )}
                    {shared?.messages.map((m, i) =>
                        m.role === "user" ? (
                            <article key={i} class="turn mine" aria-label="Question">
                                <p class="plain" dir="auto">
                                    {m.content}
                                </p>
                            </article>
                        ) : (
                            <article key={i} class="turn" aria-label="Answer">
                                <div class="text" dir="auto">
                                    <Markdown text={m.content} done />
                                </div>
                                {m.model && <p class="receipt">{m.model}</p>}
                            </article>
                        ),
                    )}
                </div>
            </main>
        </div>
    );
}
