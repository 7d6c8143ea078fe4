// Files that go with a message: their text becomes part of what is asked.
import type { Message } from "../server/chats";

export interface Attachment {
    name: string;
    text: string;
    /** The model does not read it. */
    left_out?: boolean;
}

/** Of one file, and of all that go with one message: more fits no small model's context anyway. */
const BYTES_MAX = 150_000;
const ALL_BYTES_MAX = 200_000;

/** Throws what is wrong with a file, in words. */
export async function readFiles(files: Iterable<File>, have: readonly Attachment[]): Promise<Attachment[]> {
    const all = [...have];
    for (const file of files) {
        if (file.size > BYTES_MAX)
            throw new Error(`${file.name} has ${file.size} bytes; at most ${BYTES_MAX} go with a message.`);
        let text: string;
        try {
            text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
        } catch {
            throw new Error(`${file.name} is no text (UTF-8); such files cannot be read here yet.`);
        }
        if (text.includes("\0")) throw new Error(`${file.name} is no text.`);
        all.push({ name: file.name, text });
    }
    if (all.reduce((sum, a) => sum + a.text.length, 0) > ALL_BYTES_MAX)
        throw new Error(`These files are too large together; at most ${ALL_BYTES_MAX} characters go with a message.`);
    return all;
}

/** Longer than any in the text, so that none of it ends the block. */
function fence(text: string): string {
    const longest = [...text.matchAll(/`{3,}/g)].reduce((n, m) => Math.max(n, m[0].length), 2);
    return "`".repeat(longest + 1);
}

/** What the model reads of a message. */
export function whole(message: Pick<Message, "content" | "details">): string {
    const read = (message.details.attachments ?? []).filter((a) => !a.left_out);
    const files = read.map(({ name, text }) => {
        const mark = fence(text);
        return `File ${name}:\n${mark}\n${text}\n${mark}\n\n`;
    });
    return files.join("") + message.content;
}
