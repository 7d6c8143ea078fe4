import { useEffect, useRef, useState } from "preact/hooks";

import { assemble, type NamedFile } from "../chat/artifacts";

/** Which languages can be shown as a page of their own. */
export function canPreview(language: string): boolean {
    return ["html", "svg", "javascript", "js"].includes(language);
}

const LINES_MAX = 200;

/** Tells the page around the frame what the document writes to its console. */
const REPORT = `<script>
for (const kind of ["log", "info", "warn", "error"]) {
    const own = console[kind];
    console[kind] = (...all) => {
        own(...all);
        parent.postMessage({ kind, text: all.map((a) => (typeof a === "string" ? a : JSON.stringify(a) ?? String(a))).join(" ") }, "*");
    };
}
addEventListener("error", (e) => console.error(e.message));
addEventListener("unhandledrejection", (e) => console.error(String(e.reason)));
</script>`;

function documentOf(language: string, text: string, files: readonly NamedFile[]): string {
    const head = `<!doctype html><meta charset="utf-8">${REPORT}`;
    if (language === "svg") return `${head}<style>body{margin:0}</style>${text}`;
    // A closing tag inside the script would end it.
    if (language !== "html") return `${head}<script>${text.replace(/<\/(script)/gi, "<\\/$1")}</script>`;
    return head + (files.length ? assemble(text, files) : text);
}

interface Props {
    language: string;
    text: string;
    /** Its styles and scripts, where they are files of their own. */
    files?: readonly NamedFile[];
}

/** A model's document in a frame without origin and without network. */
export function Preview({ language, text, files = [] }: Props) {
    const frame = useRef<HTMLIFrameElement>(null);
    const [lines, setLines] = useState<{ kind: string; text: string }[]>([]);
    useEffect(() => {
        const hear = (e: MessageEvent) => {
            if (e.source !== frame.current?.contentWindow) return;
            const { kind, text: said } = (e.data ?? {}) as Record<string, unknown>;
            if (typeof kind !== "string" || typeof said !== "string") return;
            setLines((all) => [...all, { kind, text: said.slice(0, 2000) }].slice(-LINES_MAX));
        };
        addEventListener("message", hear);
        return () => removeEventListener("message", hear);
    }, []);
    return (
        <>
            <iframe
                ref={frame}
                class="preview"
                title="Preview"
                sandbox="allow-scripts"
                src="/preview.html"
                onLoad={() => frame.current?.contentWindow?.postMessage(documentOf(language, text, files), "*")}
            />
            {lines.length > 0 && (
                <pre class="console" tabIndex={0} aria-label="Console">
                    {lines.map((l) => (
                        <div class={l.kind === "error" ? "bad" : ""}>{l.text}</div>
                    ))}
                </pre>
            )}
        </>
    );
}
