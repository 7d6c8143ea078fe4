// Diagrams as pictures. They are drawn in one frame for all of them, which has neither origin nor network; what
// comes back is shown as an image, in which no script runs and from which nothing is fetched.
import script from "script:./mermaid.ts";

export const DIAGRAM_CHARS_MAX = 50_000;
const SVG_CHARS_MAX = 4 << 20;
/** One that takes longer takes the frame with it. */
const DRAW_MS = 20_000;

interface Frame {
    element: HTMLIFrameElement;
    waiting: Map<number, (data: Record<string, unknown> | null) => void>;
}

let frame: Promise<Frame> | null = null;
let count = 0;
let last: Promise<unknown> = Promise.resolve();

async function open(): Promise<Frame> {
    const response = await fetch(script);
    if (!response.ok) throw new Error(`Diagrams could not be loaded: the server answered ${response.status}.`);
    const code = await response.text();
    const element = document.createElement("iframe");
    element.className = "behind"; // It measures texts, so it is drawn somewhere.
    element.title = "Diagrams";
    element.tabIndex = -1;
    element.setAttribute("aria-hidden", "true");
    element.setAttribute("sandbox", "allow-scripts");
    element.src = "/preview.html";
    const waiting: Frame["waiting"] = new Map();
    addEventListener("message", ({ source, data }) => {
        if (source === element.contentWindow && data && typeof data === "object") waiting.get(data.id)?.(data);
    });
    const ready = new Promise<void>((go) => waiting.set(0, () => go()));
    element.addEventListener(
        "load",
        () => {
            const text = code.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");
            element.contentWindow?.postMessage(`<!doctype html><meta charset="utf-8"><body><script>${text}</script>`, "*");
        },
        { once: true },
    );
    document.body.append(element);
    await ready;
    return { element, waiting };
}

/** The picture as SVG; fails with what is wrong with the text, in words. One after the other: each has its time. */
export function draw(text: string, dark: boolean): Promise<Blob> {
    const mine = last.then(() => drawNow(text, dark));
    last = mine.catch(() => undefined);
    return mine;
}

async function drawNow(text: string, dark: boolean): Promise<Blob> {
    if (text.length > DIAGRAM_CHARS_MAX)
        throw new Error(`It has ${text.length} characters; at most ${DIAGRAM_CHARS_MAX} are drawn.`);
    frame ??= open().catch((e) => {
        frame = null;
        throw e;
    });
    const { element, waiting } = await frame;
    const id = ++count;
    const data = await new Promise<Record<string, unknown> | null>((go) => {
        const timer = setTimeout(() => go(null), DRAW_MS);
        waiting.set(id, (said) => {
            clearTimeout(timer);
            go(said);
        });
        element.contentWindow?.postMessage({ kind: "draw", id, text, dark }, "*");
    });
    waiting.delete(id);
    if (!data) {
        element.remove();
        frame = null;
        throw new Error(`It was not drawn within ${DRAW_MS / 1000} seconds.`);
    }
    const { svg, text: why } = data;
    if (typeof svg !== "string" || svg.length > SVG_CHARS_MAX)
        throw new Error(typeof why === "string" ? why.slice(0, 2000) : "What was drawn is too large.");
    return new Blob([svg], { type: "image/svg+xml" });
}
