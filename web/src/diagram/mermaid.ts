// Draws diagrams in /preview.html: a frame without origin and network, whose styles are its own.
import mermaid from "mermaid";

async function draw(id: number, text: string, dark: boolean): Promise<string> {
    mermaid.initialize({
        startOnLoad: false,
        securityLevel: "strict",
        suppressErrorRendering: true,
        theme: dark ? "dark" : "default",
        fontFamily: "system-ui, sans-serif",
        htmlLabels: false,
        flowchart: { htmlLabels: false },
    });
    const { svg } = await mermaid.render(`d${id}`, text);
    const holder = document.createElement("div");
    holder.innerHTML = svg;
    const drawn = holder.querySelector("svg")!;
    const [, , width, height] = (drawn.getAttribute("viewBox") ?? "").split(/[\s,]+/);
    // A picture needs a size of its own.
    if (width && height) {
        drawn.setAttribute("width", width);
        drawn.setAttribute("height", height);
    }
    return new XMLSerializer().serializeToString(drawn);
}

addEventListener("message", ({ source, data }) => {
    if (source !== parent || data?.kind !== "draw") return;
    const { id, text, dark } = data;
    const say = (message: object) => parent.postMessage({ ...message, id }, "*");
    draw(id, text, dark).then(
        (svg) => say({ kind: "drawn", svg }),
        (e: unknown) => say({ kind: "failed", text: e instanceof Error ? e.message : String(e) }),
    );
});
parent.postMessage({ id: 0, kind: "ready" }, "*");
