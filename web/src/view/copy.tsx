import { useState } from "preact/hooks";

/** The clipboard API needs a secure context; plain http on another host has the old way only. */
async function write(text: string): Promise<void> {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
}

export function Copy({ text, what }: { text: string; what: string }) {
    const [copied, setCopied] = useState(false);
    const copy = async () => {
        await write(text);
        setCopied(true);
        setTimeout(() => setCopied(false), 1500);
    };
    return (
        <button class="copy" onClick={copy} aria-label={`Copy ${what}`}>
            {copied ? "Copied" : "Copy"}
        </button>
    );
}
