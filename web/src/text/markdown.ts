// Markdown to safe pieces: the text of a model is never trusted. Everything goes through DOMPurify;
// no style, no form, no frame, and pictures only from data: or blob: - a picture's address could
// carry what was said to another host, so a foreign one becomes a link.
import DOMPurify from "dompurify";
import { marked, type Token, type Tokens } from "marked";

export type Piece =
    | { kind: "html"; raw: string; html: string }
    | { kind: "code"; raw: string; language: string; info: string; text: string }
    | { kind: "math"; raw: string; text: string };

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
    if (node.tagName === "A") {
        const to = node.getAttribute("href") ?? "";
        if (!/^(https?:|mailto:|#)/i.test(to)) node.removeAttribute("href");
        node.setAttribute("target", "_blank");
        node.setAttribute("rel", "noopener noreferrer nofollow");
    }
    if (node.tagName === "IMG" && !/^(data:image\/(png|jpeg|gif|webp);|blob:)/i.test(node.getAttribute("src") ?? "")) {
        const link = document.createElement("span");
        link.textContent = `[picture: ${node.getAttribute("alt") || node.getAttribute("src") || ""}]`;
        node.replaceWith(link);
    }
});

const SAFE = {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "iframe", "video", "audio", "source"],
    FORBID_ATTR: ["style", "srcset", "id", "name", "class", "ping", "background"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
};

/** Tags that mean something without attributes; all other HTML that a model writes is shown as text. */
const PLAIN_TAG = /^<\/?(?:br|hr|sub|sup|kbd|b|i|em|strong|u|s|del|ins|mark|small)\s*\/?>$/i;

/** $$...$$ and \[...\] on lines of their own, $...$ and \(...\) within them. */
marked.use({
    gfm: true,
    renderer: { html: ({ text }) => (PLAIN_TAG.test(text.trim()) ? text : escape(text)) },
    extensions: [
        {
            name: "mathBlock",
            level: "block",
            start: (src) => src.search(/\$\$|\\\[/),
            tokenizer(src) {
                const found = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])\s*(?:\n|$)/.exec(src);
                if (!found) return undefined;
                return { type: "mathBlock", raw: found[0], text: (found[1] ?? found[2])!.trim() };
            },
            renderer: (token) => escape(token.raw),
        },
        {
            name: "mathInline",
            level: "inline",
            start: (src) => src.search(/\$|\\\(/),
            tokenizer(src) {
                // A dollar sign is money unless what is between them looks like a formula.
                const found = /^(?:\$(?!\s)((?:[^$\n\\]|\\.)+?)(?<!\s)\$(?!\d)|\\\(([^\n]+?)\\\))/.exec(src);
                if (!found) return undefined;
                return { type: "mathInline", raw: found[0], text: (found[1] ?? found[2])! };
            },
            renderer: (token) => `<code data-math>${escape(token.text)}</code>`,
        },
    ],
});

function escape(text: string): string {
    return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

export function safeHtml(html: string): string {
    return DOMPurify.sanitize(html, { ...SAFE, ADD_ATTR: ["data-math", "target"] });
}

const known = new Map<string, Piece>();
const KNOWN_MAX = 4000;

/** The same raw text gives the same piece, so that what did not change is not made again. */
function piece(token: Token): Piece {
    const key = token.raw;
    const have = known.get(key);
    if (have) return have;
    let made: Piece;
    if (token.type === "code" && (token as Tokens.Code).codeBlockStyle !== "indented") {
        const { lang, text } = token as Tokens.Code;
        const info = (lang ?? "").trim();
        // "python:app.py" and "python title=app.py" are Python.
        made = { kind: "code", raw: key, language: info.split(/[\s:,{]/)[0]!, info, text };
    } else if (token.type === "mathBlock") {
        made = { kind: "math", raw: key, text: (token as Tokens.Generic).text };
    } else {
        made = { kind: "html", raw: key, html: safeHtml(marked.parser([token])) };
    }
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(key, made);
    return made;
}

export function pieces(text: string): Piece[] {
    return marked
        .lexer(text)
        .filter((t) => t.type !== "space" && t.type !== "def")
        .map(piece);
}
