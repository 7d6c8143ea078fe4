// A chat that became too long, in a few words of the model's own: what a new chat begins with.
import type { Message, Settings } from "../server/chats";
import { ask } from "../server/responses";
import { whole } from "./attachments";

/** Characters that a token has at the least, in what people write. */
const CHARACTERS = 2.5;
const SUMMARY_TOKENS = 320;

const instructions =
    "You write summaries of chats. Keep names, numbers, decisions and open questions. Write plain sentences, nothing else.";

/** Parts of the text that fit beside a summary. */
function parts(path: readonly Message[], characters: number): string[] {
    const all: string[] = [];
    let part = "";
    for (const m of path) {
        let text = `${m.role === "user" ? "Person" : "Assistant"}: ${whole(m)}\n\n`;
        while (text) {
            const room = characters - part.length;
            part += text.slice(0, room);
            text = text.slice(room);
            if (part.length >= characters) {
                all.push(part);
                part = "";
            }
        }
    }
    return part ? [...all, part] : all;
}

/** Reads the branch part by part; each summary is of the one before it and of the next part. */
export async function summarise(
    path: readonly Message[],
    model: { id: string; context_length: number },
    signal: AbortSignal,
    progress: (done: number, of: number, text: string) => void,
): Promise<string> {
    const longest = Math.min(SUMMARY_TOKENS, Math.floor(model.context_length / 4));
    const characters = Math.max(400, (model.context_length - 3 * longest) * CHARACTERS);
    const all = parts(path, characters);
    const settings: Settings = { instructions, max_output_tokens: longest };
    let summary = "";
    for (const [i, part] of all.entries()) {
        const before = summary ? `What was said before, in short:\n${summary}\n\nThen:\n` : "";
        const content = `${before}${part}\nSummarise all of this chat in at most 150 words.`;
        const input = [{ role: "user" as const, content }];
        for await (const answer of ask({ model: model.id, input, settings, keep: false }, signal)) {
            progress(i, all.length, answer.text);
            if (answer.details.ended === "failed") throw new Error(answer.details.problem);
            summary = answer.text;
        }
    }
    return summary.trim();
}
