// A text that can be changed in place and is saved explicitly. What is not saved outlives a reload.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useDraft } from "../book/draft";
import { said } from "../server/http";

interface Draft {
    text: string;
    /** What it was when the change began. */
    base: string;
}

interface EditorProps {
    /** Of what: "the outline of chapter 2". */
    what: string;
    draft: Draft;
    /** What it is now. */
    text: string;
    max: number;
    /** Absent: one line. */
    rows?: number;
    /** Nothing is no text. */
    needed?: boolean;
    /** A person has just asked for it. */
    focus: boolean;
    onDraft: (draft: Draft | null) => void;
    save: (text: string) => Promise<unknown>;
}

function Editor({ what, draft, text, max, rows, needed, focus, onDraft, save }: EditorProps) {
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState("");
    const box = useRef<HTMLTextAreaElement & HTMLInputElement>(null);
    useLayoutEffect(() => {
        if (focus) box.current?.focus();
    }, []);
    const changed = draft.text !== draft.base;
    const cancel = () => {
        if (!changed || confirm("Throw away what you changed?")) onDraft(null);
    };
    const submit = async (event?: Event) => {
        event?.preventDefault();
        if (busy) return;
        if (needed && !draft.text.trim()) return setProblem("It cannot be empty.");
        if (!changed) return onDraft(null);
        setBusy(true);
        try {
            await save(draft.text.trim());
            onDraft(null);
        } catch (e) {
            setProblem(said(e));
            setBusy(false);
        }
    };
    const field = {
        ref: box,
        dir: "auto" as const,
        maxLength: max,
        value: draft.text,
        "aria-label": what[0]!.toUpperCase() + what.slice(1),
        onInput: (e: { currentTarget: { value: string } }) => onDraft({ ...draft, text: e.currentTarget.value }),
        onKeyDown: (e: KeyboardEvent) => {
            if (e.key === "Escape") cancel();
            else if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void submit();
            else return;
            e.preventDefault();
        },
    };
    return (
        <form class="in-place" onSubmit={(e) => void submit(e)}>
            {rows ? <textarea {...field} rows={rows} /> : <input {...field} />}
            {text !== draft.base && (
                <p class="notice bad" role="status">
                    It has changed since you began. Saving puts yours in its place.
                </p>
            )}
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            <p class="buttons">
                <button type="submit" class="main" title="Ctrl Enter">
                    Save
                </button>
                <button type="button" title="Escape" onClick={cancel}>
                    Cancel
                </button>
            </p>
        </form>
    );
}

interface Props extends Omit<EditorProps, "draft" | "focus" | "onDraft"> {
    /** Where what is not saved is kept. */
    place: string;
    /** How it is shown when nobody changes it, with the button that begins. */
    children: (edit: ComponentChildren) => ComponentChildren;
    /** What the button says. */
    word?: string;
}

export function Editable({ place, children, word = "Edit", ...rest }: Props) {
    const [draft, setDraft] = useDraft<Draft>(place);
    const [asked, setAsked] = useState(false);
    const button = useRef<HTMLButtonElement>(null);
    const was = useRef(false);
    useLayoutEffect(() => {
        if (was.current && !draft) button.current?.focus();
        was.current = draft !== null;
    }, [draft !== null]);
    if (draft) return <Editor {...rest} draft={draft} focus={asked} onDraft={setDraft} />;
    const begin = () => {
        setAsked(true);
        setDraft({ text: rest.text, base: rest.text });
    };
    return (
        <>
            {children(
                <button ref={button} type="button" class="quiet" aria-label={`${word}: ${rest.what}`} onClick={begin}>
                    {word}
                </button>,
            )}
        </>
    );
}
