import { useEffect, useRef, useState } from "preact/hooks";

import { namesOf, type NamedFile } from "../chat/artifacts";
import type { Mend } from "../music/tunes";
import { pieces } from "../text/markdown";
import { Code } from "./code";
import type Score from "./score";

function Music({ abc, onMend }: { abc: string; onMend?: (mend: Mend) => void }) {
    const [View, setView] = useState<typeof Score | null>(null);
    useEffect(() => void import("./score").then((m) => setView(() => m.default)), []);
    return View ? <View abc={abc} onMend={onMend} /> : <Code language="abc" text={abc} done={false} name={null} files={[]} />;
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
    const names = namesOf(all);
    const files: NamedFile[] = [];
    all.forEach((p, i) => p.kind === "code" && names[i] && files.push({ name: names[i]!, text: p.text }));
    return (
        <>
            {all.map((p, i) =>
                p.kind === "code" && p.language === "abc" && (done || i + 1 < all.length) ? (
                    <Music key={i} abc={p.text} onMend={onMend} />
                ) : p.kind === "code" ? (
                    <Code
                        key={i}
                        language={p.language}
                        text={p.text}
                        done={done || i + 1 < all.length}
                        name={names[i]!}
                        files={files}
                    />
                ) : p.kind === "math" ? (
                    <Math key={i} text={p.text} />
                ) : (
                    <Html key={i} html={p.html} />
                ),
            )}
        </>
    );
}

