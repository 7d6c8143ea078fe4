// The files of a branch: blocks of code in answers, and files that a person sent. Nothing is kept for
// them: they follow from the messages. A name that comes again is the next version.
import type { Message } from "../server/chats";
import { pieces, type Piece } from "../text/markdown";

export interface Version {
    /** The message it stands in; "": it waits to be sent. */
    message: string;
    by: "model" | "person";
    text: string;
    language: string;
}

export interface Artifact {
    name: string;
    /** From the first to the newest; at least one. */
    versions: Version[];
}

export interface NamedFile {
    name: string;
    text: string;
}

/** Languages whose blocks are files, with the name of one that has none. */
const NAMES: Record<string, string> = {
    abc: "tune.abc", c: "program.c", cpp: "program.cpp", csharp: "Program.cs", css: "style.css", csv: "data.csv",
    go: "main.go", html: "index.html", java: "Main.java", javascript: "script.js", js: "script.js", json: "data.json",
    jsx: "app.jsx", kotlin: "Main.kt", latex: "text.tex", lua: "program.lua", makefile: "Makefile", md: "text.md",
    markdown: "text.md", mermaid: "diagram.mmd", perl: "program.pl", php: "index.php", py: "program.py",
    python: "program.py", python3: "program.py", r: "program.r", ruby: "program.rb", rust: "main.rs", sh: "script.sh",
    bash: "script.sh", sql: "query.sql", svg: "picture.svg", swift: "main.swift", tex: "text.tex", toml: "data.toml",
    ts: "script.ts", tsx: "app.tsx", typescript: "script.ts", xml: "data.xml", yaml: "data.yaml", yml: "data.yaml",
};
/** Shorter ones without a name are said in passing: a command to type, a line to change. */
const LINES_MIN = 2;
const NAME_MAX = 100;

const LANGUAGES: Record<string, string> = {
    c: "c", cc: "cpp", cpp: "cpp", cs: "csharp", css: "css", go: "go", h: "c", htm: "html", html: "html", java: "java",
    js: "javascript", json: "json", kt: "kotlin", lua: "lua", md: "markdown", mjs: "javascript", mmd: "mermaid",
    php: "php", py: "python", r: "r", rb: "ruby", rs: "rust", sh: "bash", sql: "sql", svg: "svg", swift: "swift",
    tex: "latex", toml: "toml", ts: "typescript", tsx: "typescript", xml: "xml", yaml: "yaml", yml: "yaml", abc: "abc",
};

export const languageOf = (name: string): string => LANGUAGES[name.split(".").pop()!.toLowerCase()] ?? "";

/** A relative path that is the same everywhere and leads nowhere else; "": nothing is left of it. */
export function safeName(name: string): string {
    return name
        .normalize("NFC")
        .split(/[/\\]+/)
        // Letters, digits and a few signs: no control, no direction mark, no drive's colon; no dots alone.
        .map((part) => part.replace(/[^\p{L}\p{M}\p{N} ._+()@-]+/gu, "_").replace(/[. ]+$/, "").trim())
        .filter((part) => part !== "")
        .join("/")
        .slice(0, NAME_MAX)
        .replace(/[/. ]+$/, "");
}

/** Something that can only be a file's name: one word with an ending. */
const FILE = "[\\p{L}\\p{N}_@+./-]*[\\p{L}\\p{N}_+-]\\.[a-zA-Z][a-zA-Z0-9]{0,9}|Makefile|Dockerfile";
const IN_INFO = new RegExp(`^(?:(?:title|file|filename|name)\\s*[=:]\\s*)(?:"([^"]+)"|'([^']+)'|(\\S+))|^(${FILE})$`, "u");
const IN_LANGUAGE = new RegExp(`^[\\w+-]+:(${FILE})$`, "u");
const IN_COMMENT = new RegExp(`^\\s*(?:#|//|--|;|%|/\\*|<!--)\\s*(?:file(?:name)?:\\s*)?(${FILE})\\s*(?:\\*/|-->)?\\s*$`, "iu");
/** The last line before a block: "**app.py**", "### `app.py`", "app.py:", "Create a file named `app.py`:". */
const ALONE = new RegExp(`^[#*_\`\\s\\d.)]*(${FILE})[*_\`:\\s]*$`, "u");
const QUOTED = new RegExp(`[\`*"](${FILE})[\`*"]`, "gu");

function inInfo(info: string): string {
    const [language = "", ...rest] = info.match(/\w+\s*[=:]\s*"[^"]*"|\w+\s*[=:]\s*'[^']*'|\S+/g) ?? [];
    for (const word of [language, ...rest]) {
        const found = IN_INFO.exec(word);
        if (found) return (found[1] ?? found[2] ?? found[3] ?? found[4])!;
    }
    return IN_LANGUAGE.exec(language)?.[1] ?? "";
}

function inLineBefore(piece: Piece | undefined): string {
    if (piece?.kind !== "html") return "";
    const line = piece.raw.trimEnd().split("\n").pop()!;
    const alone = ALONE.exec(line);
    if (alone) return alone[1]!;
    const quoted = [...line.matchAll(QUOTED)];
    return line.endsWith(":") && quoted.length === 1 ? quoted[0]![1]! : "";
}

/** The name of each piece that is a file; null: it is none. */
export function namesOf(all: readonly Piece[]): (string | null)[] {
    const taken = new Set<string>();
    return all.map((piece, i) => {
        if (piece.kind !== "code") return null;
        const first = piece.text.slice(0, 200).split("\n")[0]!;
        const given = safeName(inInfo(piece.info) || (IN_COMMENT.exec(first)?.[1] ?? "") || inLineBefore(all[i - 1]));
        const long = piece.text.split("\n", LINES_MIN).length >= LINES_MIN;
        const name = given || (long ? NAMES[piece.language.toLowerCase()] : undefined);
        if (!name) return null;
        let free = name;
        for (let n = 2; taken.has(free); n++) free = name.replace(/(\.[^./]*)?$/, `-${n}$1`);
        taken.add(free);
        return free;
    });
}

const known = new WeakMap<Message, { name: string; version: Version }[]>();

/** Those of one message, in its order. */
function of(message: Message): { name: string; version: Version }[] {
    const have = known.get(message);
    if (have) return have;
    const made: { name: string; version: Version }[] = [];
    const { id, role, content, details } = message;
    if (role === "user") {
        for (const { name, text, kind } of details.attachments ?? []) {
            const safe = safeName(name);
            if (safe && kind !== "output")
                made.push({ name: safe, version: { message: id, by: "person", text, language: languageOf(safe) } });
        }
    } else if (/^\s*(```|~~~)/m.test(content)) {
        const all = pieces(content);
        namesOf(all).forEach((name, i) => {
            const piece = all[i]!;
            if (name === null || piece.kind !== "code") return;
            const language = languageOf(name) || piece.language;
            made.push({ name, version: { message: id, by: "model", text: piece.text, language } });
        });
    }
    known.set(message, made);
    return made;
}

/** In the order in which they first came. `waiting`: what goes with the next message. */
export function artifactsOf(path: readonly Message[], waiting: readonly NamedFile[] = []): Artifact[] {
    const all = new Map<string, Artifact>();
    const add = (name: string, version: Version) => {
        const artifact = all.get(name) ?? { name, versions: [] };
        // The same again is no new version.
        if (artifact.versions.at(-1)?.text !== version.text) artifact.versions.push(version);
        all.set(name, artifact);
    };
    for (const message of path) for (const { name, version } of of(message)) add(name, version);
    for (const { name, text } of waiting) {
        const safe = safeName(name);
        if (safe) add(safe, { message: "", by: "person", text, language: languageOf(safe) });
    }
    return [...all.values()];
}

/** The newest version of each. */
export const newest = (all: readonly Artifact[]): NamedFile[] =>
    all.map(({ name, versions }) => ({ name, text: versions.at(-1)!.text }));

/** The value of an attribute in the text of a tag; "": it has none. */
function attribute(tag: string, name: string): string {
    const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, "i").exec(tag);
    return found?.[1] ?? found?.[2] ?? found?.[3] ?? "";
}

/** A page with the styles, scripts and pictures beside it put into it, for a frame that can fetch nothing. Works on the
 * text: what it makes is as little trusted as what it is made of. */
export function assemble(html: string, files: readonly NamedFile[]): string {
    const last = (path: string) => path.split("/").pop();
    const beside = (path: string, ending: string): string | undefined => {
        if (!path || /^[a-z][a-z0-9+.-]*:|^\/\//i.test(path)) return undefined;
        const wanted = safeName(path.replace(/[?#].*$/, ""));
        const found = files.find((f) => f.name === wanted) ?? files.find((f) => last(f.name) === last(wanted));
        // A page names its one style or script as it likes.
        const same = files.filter((f) => f.name.endsWith(ending));
        return (found ?? (same.length === 1 ? same[0] : undefined))?.text;
    };
    const late: string[] = [];
    const page = html
        .replace(/<link\b[^>]*>/gi, (tag) => {
            const sheet = /\bstylesheet\b/i.test(attribute(tag, "rel"));
            const text = sheet ? beside(attribute(tag, "href"), ".css") : undefined;
            return text === undefined ? tag : `<style>${text.replace(/<\/(style)/gi, "<\\/$1")}</style>`;
        })
        .replace(/(<script\b[^>]*>)\s*<\/script\s*>/gi, (whole, tag: string) => {
            const text = beside(attribute(tag, "src"), ".js");
            if (text === undefined) return whole;
            const type = /^module$/i.test(attribute(tag, "type")) ? ' type="module"' : "";
            const script = `<script${type}>${text.replace(/<\/(script)/gi, "<\\/$1")}</script>`;
            if (!/\s(defer|async)\b/i.test(tag)) return script;
            late.push(script); // It ran when the page was there; so it does now.
            return "";
        })
        .replace(/<img\b[^>]*>/gi, (tag) => {
            const path = attribute(tag, "src");
            const text = path.endsWith(".svg") ? beside(path, ".svg") : undefined;
            return text === undefined ? tag : tag.replace(path, () => `data:image/svg+xml,${encodeURIComponent(text)}`);
        });
    const end = page.search(/<\/body\s*>/i);
    return end < 0 ? page + late.join("") : page.slice(0, end) + late.join("") + page.slice(end);
}
