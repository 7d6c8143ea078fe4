// Files that go with a message: their text becomes part of what is asked.
import type { Attachment, Message } from "../server/chats";
import { readDocument } from "../server/documents";

export type { Attachment };

/** Of one text, and of all that go with one message: what the server keeps beside a message. */
export const BYTES_MAX = 150_000;
export const ALL_BYTES_MAX = 220_000;
/** Of a document, of which only the text goes along. */
const DOCUMENT_BYTES_MAX = 50e6;

const DOCUMENT = /\.(pdf|docx)$/i;
/** Its source is what people who write pages want; of a larger one, its text. */
const PAGE = /\.x?html?$/i;
const PICTURE = /\.(png|jpe?g|gif|webp|bmp|tiff?|heic|avif)$/i;

/** An SVG is text. */
const isPicture = (file: File): boolean =>
    PICTURE.test(file.name) || (file.type.startsWith("image/") && !/svg/.test(file.type));

/** As it is kept: signs that JSON escapes count as they are written there. */
const bytesOf = (text: string): number => new TextEncoder().encode(JSON.stringify(text)).length;

async function textOf(file: File): Promise<Attachment> {
    if (file.size > BYTES_MAX)
        throw new Error(`${file.name} has ${file.size} bytes; at most ${BYTES_MAX} of a text go with a message.`);
    let text: string;
    try {
        text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    } catch {
        throw new Error(`${file.name} is no text (UTF-8). PDF, DOCX, HTML and texts can be read.`);
    }
    if (text.includes("\0")) throw new Error(`${file.name} is no text. PDF, DOCX, HTML and texts can be read.`);
    return { name: file.name, text };
}

async function documentOf(file: File): Promise<Attachment> {
    if (file.size > DOCUMENT_BYTES_MAX)
        throw new Error(`${file.name} has ${file.size} bytes; at most ${DOCUMENT_BYTES_MAX} of a document are read.`);
    const { text, bytes, truncated } = await readDocument(file, BYTES_MAX).catch((e: unknown) => {
        throw new Error(`${file.name}: ${e instanceof Error ? e.message : e}`);
    });
    const note = truncated ? `the first ${BYTES_MAX} of ${bytes} bytes of its text` : undefined;
    return { name: file.name, text, kind: "document", ...(note ? { note } : {}) };
}

/** Throws what is wrong with a file, in words. `sees`: the model reads pictures. */
export async function readFiles(files: Iterable<File>, sees: boolean): Promise<Attachment[]> {
    const all: Attachment[] = [];
    for (const file of files) {
        if (isPicture(file))
            throw new Error(
                sees
                    ? `${file.name} is a picture: this page cannot send pictures yet.`
                    : `${file.name} is a picture, and this model reads text only.`,
            );
        const read = DOCUMENT.test(file.name) || (PAGE.test(file.name) && file.size > BYTES_MAX) ? documentOf : textOf;
        all.push(await read(file));
    }
    return all;
}

/** Throws when it is too much for one message. */
export function check(all: readonly Attachment[]): void {
    const bytes = all.reduce((sum, a) => sum + bytesOf(a.text), 0);
    if (bytes > ALL_BYTES_MAX)
        throw new Error(`These have ${bytes} bytes together; at most ${ALL_BYTES_MAX} go with a message.`);
}

/** Longer than any in the text, so that none of it ends the block. */
function fence(text: string): string {
    const longest = [...text.matchAll(/`{3,}/g)].reduce((n, m) => Math.max(n, m[0].length), 2);
    return "`".repeat(longest + 1);
}

/** What the model reads of a message. */
export function whole(message: Pick<Message, "content" | "details">): string {
    const files = (message.details.attachments ?? []).filter((a) => !a.left_out).map(({ name, text, kind, note }) => {
        const mark = fence(text);
        const what = kind === "output" ? "Output of" : "File";
        return `${what} ${name}${note ? ` (${note})` : ""}:\n${mark}\n${text}\n${mark}\n\n`;
    });
    return files.join("") + message.content;
}

/** The first parts of the texts, of all of them the same share. */
export function cut(all: readonly Attachment[], share: number): Attachment[] {
    return all.map((a) => {
        const n = Math.floor(a.text.length * share);
        return { ...a, text: a.text.slice(0, n), note: `the first ${Math.floor(share * 100)} % of it` };
    });
}
