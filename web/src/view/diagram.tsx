import { useEffect, useState } from "preact/hooks";

import { draw } from "../diagram/draw";
import { said } from "../server/http";

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** A diagram in Mermaid's language as a picture, or what is wrong with it. */
export default function Diagram({ text }: { text: string }) {
    const [dark, setDark] = useState(DARK.matches);
    const [url, setUrl] = useState("");
    const [problem, setProblem] = useState("");
    useEffect(() => {
        const change = () => setDark(DARK.matches);
        DARK.addEventListener("change", change);
        return () => DARK.removeEventListener("change", change);
    }, []);
    useEffect(() => {
        let live = true;
        let made = "";
        setProblem("");
        draw(text, dark).then(
            (picture) => {
                if (!live) return;
                made = URL.createObjectURL(picture);
                setUrl(made);
            },
            (e: unknown) => live && setProblem(said(e)),
        );
        return () => {
            live = false;
            if (made) URL.revokeObjectURL(made);
        };
    }, [text, dark]);
    if (problem)
        return (
            <div class="undrawn">
                <p class="notice bad">This diagram cannot be drawn:</p>
                <pre tabIndex={0}>{problem}</pre>
            </div>
        );
    return (
        <div class="diagram" tabIndex={0}>
            {url ? <img src={url} alt={`A diagram: ${text.trim().slice(0, 300)}`} /> : <p class="notice">Drawing…</p>}
        </div>
    );
}
