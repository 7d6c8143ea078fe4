import { useEffect, useRef, useState } from "preact/hooks";

import type { Mend } from "../music/tunes";
import { pieces } from "../text/markdown";
import { Preview, canPreview } from "./preview";
import type Score from "./score";
import { Copy } from "./copy";

/** A longer block stays plain: colouring it would stop the page. */
const HIGHLIGHT_MAX = 100_000;

function Code({ language, text, done }: { language: string; text: string; done: boolean }) {
    const [html, setHtml] = useState<string | null>(null);
    const [shown, setShown] = useState(false);
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
    return (
        <figure class="code">
            <figcaption>
                <span>{language || "code"}</span>
                <span>
                    {done && canPreview(language) && (
                        <button class="copy" aria-pressed={shown} onClick={() => setShown(!shown)}>
                            {shown ? "Code" : "Run"}
                        </button>
                    )}
                    <Copy text={text} what="code" />
                </span>
            </figcaption>
            {shown ? (
                <Preview language={language} text={text} />
            ) : (
                <pre tabIndex={0}>
                    {html === null ? <code>{text}</code> : <code dangerouslySetInnerHTML={{ __html: html }} />}
                </pre>
            )}
        </figure>
    );
}

/** The highlighter escapes what it is given; this makes sure of it. */
function safeSpans(html: string): string {
    const holder = new DOMParser().parseFromString(html, "text/html").body;
    for (const node of holder.querySelectorAll("*"))
        if (node.tagName !== "SPAN") node.replaceWith(node.textContent ?? "");
        else for (const { name } of [...node.attributes]) if (name !== "class") node.removeAttribute(name);
    return holder.innerHTML;
}

function Music({ abc, onMend }: { abc: string; onMend?: (mend: Mend) => void }) {
    const [View, setView] = useState<typeof Score | null>(null);
    useEffect(() => void import("./score").then((m) => setView(() => m.default)), []);
    return View ? <View abc={abc} onMend={onMend} /> : <Code language="abc" text={abc} done={false} />;
}

function Math({ text }: { text: string }) {
    const holder = useRef<HTMLDivElement>(null);
    useEffect(() => {
        void import("../text/math").then(({ formula }) => {
            const made = formula(text, true);
            if (made && holder.current) holder.current.replaceChildren(made);
        });
    }, [text]);
    return (
        <div class="math" ref={holder} tabIndex={0}>
            {text}
        </div>
    );
}

function Html({ html }: { html: string }) {
    const holder = useRef<HTMLDivElement>(null);
    useEffect(() => {
        const inline = holder.current?.querySelectorAll("code[data-math]");
        if (!inline?.length) return;
        void import("../text/math").then(({ formula }) => {
            for (const node of inline) {
                const made = formula(node.textContent ?? "", false);
                if (made) node.replaceWith(made);
            }
        });
    }, [html]);
    return <div class="html" ref={holder} dangerouslySetInnerHTML={{ __html: html }} />;
}

interface Props {
    text: string;
    /** No more of it comes. */
    done: boolean;
    /** Asks the model to mend its music. */
    onMend?: (mend: Mend) => void;
}

/** Whatever it holds, no script runs and nothing is fetched. */
export function Markdown({ text, done, onMend }: Props) {
    const all = pieces(text);
    return (
        <>
            {all.map((p, i) =>
                p.kind === "code" && p.language === "abc" && (done || i + 1 < all.length) ? (
                    <Music key={i} abc={p.text} onMend={onMend} />
                ) : p.kind === "code" ? (
                    <Code key={i} language={p.language} text={p.text} done={done || i + 1 < all.length} />
                ) : p.kind === "math" ? (
                    <Math key={i} text={p.text} />
                ) : (
                    <Html key={i} html={p.html} />
                ),
            )}
        </>
    );
}

