import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { said } from "../server/http";
import { addMemory, ENTRY_MAX } from "../server/memory";

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** As much of a text as one entry can be: whole words. */
function beginning(text: string): string {
    let cut = text.trim();
    while (bytes(cut) > ENTRY_MAX) cut = cut.slice(0, -1).replace(/\s*\S*$/, "") || cut.slice(0, -1);
    return cut;
}

/** Puts something of a message into the memory, after a look at it. */
export default function RememberDialog({ text, onClose }: { text: string; onClose: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    const [draft, setDraft] = useState(() => beginning(text));
    const [problem, setProblem] = useState("");
    useLayoutEffect(() => dialog.current?.showModal(), []);
    const save = (e: Event) => {
        e.preventDefault();
        addMemory(draft.trim()).then(
            () => dialog.current!.close(),
            (why: unknown) => setProblem(said(why)),
        );
    };
    const n = bytes(draft.trim());
    return (
        <dialog ref={dialog} onClose={onClose} aria-label="Remember this">
            <form onSubmit={save}>
                <h2>Remember this</h2>
                <label>
                    What every chat is told of you from now on
                    <textarea rows={5} dir="auto" value={draft} onInput={(e) => setDraft(e.currentTarget.value)} />
                </label>
                <p class={n > ENTRY_MAX ? "notice bad" : "notice"}>
                    {n} of {ENTRY_MAX} bytes. <a href="#/memory">All that is remembered</a>
                </p>
                {problem && <p class="notice bad">{problem}</p>}
                <div class="buttons">
                    <button type="submit" disabled={n === 0 || n > ENTRY_MAX}>
                        Remember
                    </button>
                    <button type="button" onClick={() => dialog.current!.close()}>
                        Cancel
                    </button>
                </div>
            </form>
        </dialog>
    );
}
