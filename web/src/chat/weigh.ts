// How long a question would be, and how long its answer would take, before it is sent.
import type { Message, Settings } from "../server/chats";
import type { Model } from "../server/models";
import { countTokens, type Turn } from "../server/responses";
import { whole, type Attachment } from "./attachments";
import { inputOf, readOf } from "./reads";

/** What an answer is taken to be when there was none to go by. */
const ANSWER_TOKENS = 200;
/** Answers whose mean length is what is expected. */
const ANSWERS = 5;
/** Counts that are kept. */
const KEPT_MAX = 5000;

export interface Size {
    /** Of all that would be read. */
    tokens: number;
    /** That the model can read and write. */
    most: number;
    /** Of it, what it has not read before, about. */
    fresh: number;
    /** Until the answer is there, about; null: nobody knows how fast this model is. */
    seconds: number | null;
    /** Of `tokens`, those of the files that go with it, when it is too much; else 0. */
    files: number;
}

export interface Asked {
    model: Model;
    path: readonly Message[];
    settings: Settings;
}

const counts = new Map<string, Promise<number>>();

/** Of a text that is too long to be kept as a key. */
function hash(text: string): string {
    let [a, b] = [0x9e3779b9, 0x85ebca6b];
    for (let i = 0; i < text.length; i++) {
        const c = text.charCodeAt(i);
        a = Math.imul(a ^ c, 0x9e3779b1);
        b = Math.imul(b ^ c, 0x5f356495);
    }
    return `${text.length} ${a ^ (b >>> 15)} ${b ^ (a >>> 13)}`;
}

/** A count is asked for once. */
function count(model: string, instructions: string | undefined, input: Turn[]): Promise<number> {
    const key = hash(JSON.stringify([model, instructions, input]));
    let known = counts.get(key);
    if (!known) {
        known = countTokens({ model, input, settings: { instructions }, keep: false });
        known.catch(() => counts.delete(key));
        if (counts.size >= KEPT_MAX) counts.clear();
        counts.set(key, known);
    }
    return known;
}

/** What the template puts around one message. */
async function around(model: string): Promise<number> {
    return (await count(model, undefined, [{ role: "user", content: "a" }])) - 1;
}

/** And around one more. */
async function between(model: string): Promise<number> {
    const turn = (role: Turn["role"]): Turn => ({ role, content: "a" });
    const one = await count(model, undefined, [turn("user")]);
    const three = await count(model, undefined, [turn("user"), turn("assistant"), turn("user")]);
    return Math.round((three - one) / 2) - 1;
}

/** The tokens of a text alone. */
export async function weigh(model: string, text: string): Promise<number> {
    if (text === "") return 0;
    const all = await count(model, undefined, [{ role: "user", content: text }]);
    return Math.max(1, all - (await around(model)));
}

/** What all of a branch that is read has. */
export async function weighPath({ model, path, settings }: Asked): Promise<number> {
    const input = inputOf(path);
    if (input.length === 0) return settings.instructions ? weigh(model.id, settings.instructions) : 0;
    return count(model.id, settings.instructions, input);
}

/** How long an answer becomes, by those before it. */
export function expected({ path, settings }: Pick<Asked, "path" | "settings">): number {
    const lengths = path
        .map((m) => m.details.usage?.output)
        .filter((n): n is number => n !== undefined)
        .slice(-ANSWERS);
    const mean = lengths.length ? lengths.reduce((a, b) => a + b, 0) / lengths.length : ANSWER_TOKENS;
    return Math.min(mean, settings.max_output_tokens ?? Infinity);
}

/** What of a branch is likely still in the model's memory: what its last answer read and wrote. */
function remembered({ model, path }: Asked): number {
    const read = readOf(path);
    const last = [...read].reverse().find((m) => m.role === "assistant");
    const usage = last?.details.usage;
    if (!usage || last.model !== model.id || read[0] !== path[0]) return 0;
    return usage.input + usage.output;
}

export async function measure(asked: Asked, text: string, attachments: Attachment[]): Promise<Size | null> {
    const { model } = asked;
    const most = model.tiro.context_length;
    if (!most) return null;
    const draft = whole({ content: text, details: { attachments } });
    const first = inputOf(asked.path).length === 0;
    // Of a long chat only what is new is counted while somebody writes.
    const [before, own, frame] = first
        ? [0, await count(model.id, asked.settings.instructions, [{ role: "user", content: draft }]), 0]
        : await Promise.all([weighPath(asked), weigh(model.id, draft), between(model.id)]);
    const tokens = before + own + frame;
    const fresh = Math.max(own, tokens - Math.min(remembered(asked), before));
    const { prefill_tokens_per_s: reads, decode_tokens_per_s: writes } = model.tiro;
    const answer = Math.max(1, Math.min(expected(asked), most - tokens));
    const seconds = reads && writes ? fresh / reads + answer / writes : null;
    const files = tokens >= most && attachments.length ? own - (await weigh(model.id, text)) : 0;
    return { tokens, most, fresh, seconds, files };
}
