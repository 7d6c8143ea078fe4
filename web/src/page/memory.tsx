// What chats are told of a person, to be seen, changed, forgotten and switched off: #/memory.
import { useEffect, useState } from "preact/hooks";

import { said } from "../server/http";
import {
    addMemory,
    choose,
    ENTRY_MAX,
    forget,
    readMemory,
    readPreferences,
    updateMemory,
    type Entry,
    type Memory,
    type Preferences,
} from "../server/memory";
import { focused } from "../view/focused";
import { Frame } from "../view/frame";
import { useLatest } from "../view/latest";

interface RowProps {
    entry: Entry;
    /** Does it, and shows what is there then. */
    then: (work: Promise<unknown>) => void;
}

function Row({ entry, then }: RowProps) {
    const [draft, setDraft] = useState<string | null>(null);
    const save = (e: Event) => {
        e.preventDefault();
        const text = draft!.trim();
        setDraft(null);
        if (text && text !== entry.text) then(updateMemory(entry.id, text));
    };
    if (draft !== null)
        return (
            <li>
                <form class="line" onSubmit={save} onKeyDown={(e) => e.key === "Escape" && setDraft(null)}>
                    <textarea
                        rows={2}
                        dir="auto"
                        maxLength={ENTRY_MAX}
                        aria-label="What is remembered"
                        value={draft}
                        ref={focused}
                        onInput={(e) => setDraft(e.currentTarget.value)}
                    />
                    <button type="submit">Save</button>
                    <button type="button" onClick={() => setDraft(null)}>
                        Cancel
                    </button>
                </form>
            </li>
        );
    return (
        <li>
            <span dir="auto">
                {entry.text} {entry.origin === "model" && <small>by the model</small>}
            </span>
            <span class="buttons">
                <button aria-label={`Change: ${entry.text}`} onClick={() => setDraft(entry.text)}>
                    Change
                </button>
                <button aria-label={`Forget: ${entry.text}`} onClick={() => then(forget(entry.id))}>
                    Forget
                </button>
            </span>
        </li>
    );
}

export default function View() {
    const [memory, setMemory] = useState<Memory | null>(null);
    const [chosen, setChosen] = useState<Preferences | null>(null);
    const [draft, setDraft] = useState("");
    const [problem, setProblem] = useState("");
    const fail = (e: unknown) => setProblem(said(e));
    const latest = useLatest();
    const read = async () => {
        const [memory, chosen] = await latest(Promise.all([readMemory(), readPreferences()]));
        setMemory(memory);
        setChosen(chosen);
    };
    useEffect(() => void read().catch(fail), []);
    const then = (work: Promise<unknown>) => {
        setProblem("");
        void work.then(read).catch(fail);
    };
    const add = (e: Event) => {
        e.preventDefault();
        const text = draft.trim();
        if (!text) return;
        then(addMemory(text).then(() => setDraft((now) => (now.trim() === text ? "" : now))));
    };
    const used = memory?.data.reduce((n, e) => n + new TextEncoder().encode(e.text).length, 0) ?? 0;
    const everything = () => {
        if (!memory || !confirm("Forget everything? It cannot be brought back.")) return;
        then(memory.data.reduce((before, e) => before.then(() => forget(e.id)), Promise.resolve<unknown>(0)));
    };
    return (
        <Frame title="Memory">
            <p class="notice">
                What stands here is read by the model at the beginning of every chat, except of temporary ones and of
                those whose settings say otherwise.
            </p>
            {chosen && (
                <fieldset class="switches">
                    <legend>For all chats</legend>
                    <label>
                        <input
                            type="checkbox"
                            checked={chosen.memory}
                            onChange={(e) => then(choose({ memory: e.currentTarget.checked }))}
                        />{" "}
                        Use the memory
                    </label>
                    <label>
                        <input
                            type="checkbox"
                            checked={chosen.remember}
                            disabled={!chosen.memory}
                            onChange={(e) => then(choose({ remember: e.currentTarget.checked }))}
                        />{" "}
                        Let the model add to it when you ask it to remember something
                    </label>
                </fieldset>
            )}
            <form class="line" onSubmit={add}>
                <textarea
                    rows={2}
                    dir="auto"
                    maxLength={ENTRY_MAX}
                    aria-label="Something to remember"
                    placeholder="I write C and prefer short answers."
                    value={draft}
                    onInput={(e) => setDraft(e.currentTarget.value)}
                />
                <button type="submit">Remember</button>
            </form>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            <ul class="lines" aria-label="What is remembered">
                {memory?.data.map((e) => <Row key={e.id} entry={e} then={then} />)}
            </ul>
            {memory && (
                <p class="notice">
                    {memory.data.length === 0
                        ? "Nothing is remembered."
                        : `${used} of ${memory.bytes_max} bytes are used.`}{" "}
                    {memory.data.length > 1 && <button onClick={everything}>Forget everything</button>}
                </p>
            )}
        </Frame>
    );
}
