// A block of code: coloured, folded when it is long, and what can be done with it.
import { useContext, useEffect, useState } from "preact/hooks";

import { languageOf, type NamedFile } from "../chat/artifacts";
import { CodeContext } from "./codedoings";
import { Copy } from "./copy";
import { later } from "./later";
import { canPreview, Preview } from "./preview";
import type { PythonProps } from "./python";

/** A longer block stays plain: colouring it would stop the page. */
const HIGHLIGHT_MAX = 100_000;
/** A longer one is folded when it is done; the fold shows so many lines. */
const LINES_MAX = 40;
const LINES_SHOWN = 24;

export const isPython = (language: string): boolean => WITH_PYTHON && /^(python3?|py)$/i.test(language);

/** The highlighter escapes what it is given; this makes sure of it. */
function safeSpans(html: string): string {
    const holder = new DOMParser().parseFromString(html, "text/html").body;
    for (const node of holder.querySelectorAll("*"))
        if (node.tagName !== "SPAN") node.replaceWith(node.textContent ?? "");
        else for (const { name } of [...node.attributes]) if (name !== "class") node.removeAttribute(name);
    return holder.innerHTML;
}

/** The text in colours; `done`: no more of it comes. */
export function Coloured({ language, text, done }: { language: string; text: string; done: boolean }) {
    const [html, setHtml] = useState<string | null>(null);
    useEffect(() => {
        setHtml(null);
        if (!done || !language || text.length > HIGHLIGHT_MAX) return;
        let live = true;
        void import("../text/highlight").then(({ highlight }) => {
            const coloured = highlight(text, language);
            if (live && coloured !== null) setHtml(safeSpans(coloured));
        });
        return () => void (live = false);
    }, [language, text, done]);
    return html === null ? <code>{text}</code> : <code dangerouslySetInnerHTML={{ __html: html }} />;
}

export const Diagram = later(() => import("./diagram"));
const PythonRun = later<PythonProps>(
    WITH_PYTHON
        ? () => import("./python")
        : () => Promise.reject(new Error("This program was built without Python.")),
);

/** Runs a program when `round` is not 0. */
export function PythonResult(props: { name: string; text: string; files: NamedFile[]; round: number }) {
    const doings = useContext(CodeContext);
    if (props.round === 0) return null;
    return <PythonRun {...props} onGive={doings ? (name, text) => doings.give(name, text) : undefined} />;
}

interface Props {
    language: string;
    text: string;
    done: boolean;
    /** The file that it is; null: none. */
    name: string | null;
    /** The files of the same answer. */
    files: NamedFile[];
}

export function Code({ language: said, text, done, name, files }: Props) {
    const [shown, setShown] = useState(false);
    const [round, setRound] = useState(0);
    const [open, setOpen] = useState(false);
    const doings = useContext(CodeContext);
    const language = (name && languageOf(name)) || said;
    const lines = done ? text.split("\n") : [];
    const folded = lines.length > LINES_MAX && !open;
    const mermaid = language === "mermaid";
    const drawn = mermaid && done && !shown;
    return (
        <figure class="code">
            <figcaption>
                <span class="name" dir="ltr">
                    {name ?? (said || "code")}
                </span>
                <span>
                    {done && canPreview(language) && (
                        <button class="copy" aria-pressed={shown} onClick={() => setShown(!shown)}>
                            {shown ? "Code" : "Run"}
                        </button>
                    )}
                    {done && mermaid && (
                        <button class="copy" aria-pressed={shown} onClick={() => setShown(!shown)}>
                            {shown ? "Diagram" : "Source"}
                        </button>
                    )}
                    {done && isPython(language) && (
                        <button class="copy" onClick={() => setRound(round + 1)}>
                            Run
                        </button>
                    )}
                    {done && name && doings && (
                        <button class="copy" aria-label={`Open ${name}`} onClick={() => doings.open(name, text)}>
                            Open
                        </button>
                    )}
                    <Copy text={text} what="code" />
                </span>
            </figcaption>
            {drawn && <Diagram text={text} />}
            {shown && canPreview(language) && <Preview language={language} text={text} files={files} />}
            {!drawn && !(shown && canPreview(language)) && (
                <>
                    <pre tabIndex={0} dir="ltr">
                        <Coloured
                            language={language}
                            text={folded ? lines.slice(0, LINES_SHOWN).join("\n") : text}
                            done={done}
                        />
                    </pre>
                    {lines.length > LINES_MAX && (
                        <button class="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
                            {open ? "Show less" : `Show all ${lines.length} lines`}
                        </button>
                    )}
                </>
            )}
            <PythonResult name={name ?? "program.py"} text={text} files={files} round={round} />
        </figure>
    );
}
