// Numbers as people read them.

export function megabytes(bytes: number): string {
    return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

export function duration(seconds: number): string {
    if (!Number.isFinite(seconds)) return "";
    if (seconds < 90) return `${Math.ceil(seconds)} s`;
    return `${Math.ceil(seconds / 60)} min`;
}

export interface Part {
    code: boolean;
    language: string;
    text: string;
}

/** Splits text at ``` fences; an unfinished fence counts as code up to the end. */
export function parts(text: string): Part[] {
    const out: Part[] = [];
    let code = false;
    let language = "";
    let lines: string[] = [];
    const flush = () => {
        const body = lines.join("\n");
        if (body.trim() || code) out.push({ code, language, text: code ? body : body.trim() });
        lines = [];
    };
    for (const line of text.split("\n")) {
        const fence = /^\s*```\s*([\w+#.-]*)\s*$/.exec(line);
        if (!fence) {
            lines.push(line);
            continue;
        }
        flush();
        code = !code;
        language = code ? (fence[1] ?? "") : "";
    }
    flush();
    return out;
}
