// What the model reads of a branch: all of it, less what a person left out.
import type { Message } from "../server/chats";
import type { Turn } from "../server/responses";
import { whole } from "./attachments";

/** The messages of a branch that are read. */
export function readOf(path: readonly Message[]): Message[] {
    let from = 0;
    path.forEach((m, i) => {
        if (m.details.first_read) from = i;
    });
    return path.slice(from).filter((m) => !m.details.left_out && (m.role === "user" || m.content !== ""));
}

/** As a question; neighbours of one role, as there are when one between is left out, become one. */
export function inputOf(path: readonly Message[]): Turn[] {
    const turns: Turn[] = [];
    for (const m of readOf(path)) {
        const text = whole(m);
        const last = turns.at(-1);
        if (last?.role === m.role) last.content += `\n\n${text}`;
        else if (text) turns.push({ role: m.role, content: text });
    }
    return turns;
}

/** Where the branch is read from so that about `tokens` of it are; null: even its end is longer. */
export function firstThatFits(path: readonly Message[], weights: readonly number[], tokens: number): Message | null {
    let sum = 0;
    let first: Message | null = null;
    for (let i = path.length - 1; i >= 0; i--) {
        sum += weights[i]!;
        if (sum > tokens) break;
        if (path[i]!.role === "user") first = path[i]!;
    }
    return first;
}
