import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError, chat, listModels, listPulls, setKey, type Message, type Model, type Pull } from "./client";
import { Composer } from "./composer";
import { Downloads } from "./downloads";
import { Turn } from "./message";

const POLL_MS = 2000;
/** Below this size an answer is quick and often wrong; the page says so. */
const SMALL_BYTES = 200e6;

function canChat(model: Model): boolean {
    return model.tiro.capabilities?.includes("chat") ?? true;
}

function defaultOf(models: Model[]): string {
    return (models.find((m) => m.tiro.default) ?? models[0])?.id ?? "";
}

/** The models and downloads, asked again while a download or a load goes on. */
function useServer() {
    const [models, setModels] = useState<Model[]>([]);
    const [pulls, setPulls] = useState<Pull[]>([]);
    const [problem, setProblem] = useState<ApiError | null>(null);
    const [round, setRound] = useState(0);
    useEffect(() => {
        let timer: ReturnType<typeof setTimeout>;
        const ask = async () => {
            try {
                const [m, p] = await Promise.all([listModels(), listPulls()]);
                setModels(m.filter(canChat));
                setPulls(p);
                setProblem(null);
            } catch (e) {
                setProblem(e instanceof ApiError ? e : new ApiError(0, "The server does not answer."));
            }
            timer = setTimeout(ask, POLL_MS);
        };
        void ask();
        return () => clearTimeout(timer);
    }, [round]);
    return { models, pulls, problem, again: () => setRound((r) => r + 1) };
}

function KeyForm({ onKey }: { onKey: () => void }) {
    return (
        <form
            class="key"
            onSubmit={(e) => {
                e.preventDefault();
                setKey(new FormData(e.currentTarget).get("key") as string);
                onKey();
            }}
        >
            <label>
                This server asks for an API key.
                <input name="key" type="password" autocomplete="off" required />
            </label>
            <button type="submit">Continue</button>
        </form>
    );
}

export function App() {
    const server = useServer();
    const [chosen, setChosen] = useState("");
    const [messages, setMessages] = useState<Message[]>([]);
    const [busy, setBusy] = useState(false);
    const [note, setNote] = useState("");
    const abort = useRef<AbortController | null>(null);
    const end = useRef<HTMLDivElement>(null);

    // An open conversation keeps its model; a new one takes the server's default.
    const model = chosen && server.models.some((m) => m.id === chosen) ? chosen : defaultOf(server.models);
    const size = server.models.find((m) => m.id === model)?.tiro.bytes ?? 0;

    useEffect(() => end.current?.scrollIntoView({ block: "end" }), [messages]);

    const send = async (text: string) => {
        const asked: Message[] = [...messages, { role: "user", content: text }];
        let answer = "";
        setChosen(model);
        setNote("");
        setBusy(true);
        setMessages([...asked, { role: "assistant", content: "" }]);
        abort.current = new AbortController();
        try {
            const stream = chat(model, asked, abort.current.signal);
            for (;;) {
                const { done, value } = await stream.next();
                if (done) {
                    if (value === "length") setNote("The answer was cut at the longest allowed length.");
                    break;
                }
                answer += value;
                setMessages([...asked, { role: "assistant", content: answer }]);
            }
        } catch (e) {
            const stopped = e instanceof DOMException && e.name === "AbortError";
            setNote(stopped ? "Stopped." : e instanceof ApiError ? e.message : "The server does not answer.");
            if (!answer) setMessages(asked);
        } finally {
            abort.current = null;
            setBusy(false);
        }
    };
    const fresh = () => {
        abort.current?.abort();
        setMessages([]);
        setChosen("");
        setNote("");
    };

    if (server.problem?.status === 401) return <KeyForm onKey={server.again} />;
    return (
        <>
            <header>
                <h1>Tiro</h1>
                <select
                    aria-label="Model"
                    value={model}
                    disabled={busy}
                    onChange={(e) => setChosen(e.currentTarget.value)}
                >
                    {server.models.map((m) => (
                        <option value={m.id}>{m.id}</option>
                    ))}
                </select>
                <button onClick={fresh} disabled={messages.length === 0}>
                    New chat
                </button>
            </header>
            <main>
                {messages.length === 0 && (
                    <section class="welcome">
                        <h2>Ask something.</h2>
                        <p>It is answered on this machine; nothing leaves it.</p>
                        {size > 0 && size < SMALL_BYTES && (
                            <p>
                                {model} is a very small model: quick, and often wrong. Check what it says.
                            </p>
                        )}
                    </section>
                )}
                {messages.map((m, i) => (
                    <Turn key={i} message={m} busy={busy && i === messages.length - 1} />
                ))}
                {note && <p class="notice">{note}</p>}
                <div ref={end} />
            </main>
            <footer>
                <Downloads pulls={server.pulls} />
                {server.problem && <p class="notice bad">{server.problem.message}</p>}
                {!server.problem && server.models.length === 0 && (
                    <p class="notice">No model is here yet. In a terminal: tiro pull smollm2-135m</p>
                )}
                <Composer busy={busy} ready={model !== ""} onSend={send} onStop={() => abort.current?.abort()} />
            </footer>
        </>
    );
}
