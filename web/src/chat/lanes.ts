// Where the messages of a chat stand on its map: a row each, and a lane for each branch.
import type { Message } from "../server/chats";
import type { Tree } from "./tree";

export interface Spot {
    message: Message;
    row: number;
    /** 0: the branch that is shown, as far as it goes; others begin one further right. */
    lane: number;
    /** Among those that answer the same message: which, and of how many. */
    at: number;
    of: number;
    /** The row of the message it answers; -1: none. */
    parent: number;
    shown: boolean;
}

/** A message, the other branches that begin at it, then the one that is shown or the newest. */
export function lanes(messages: readonly Message[], tree: Tree, path: readonly Message[]): Spot[] {
    const shown = new Set(path.map((m) => m.id));
    const spots: Spot[] = [];
    interface Job {
        message: Message;
        lane: number;
        parent: number;
    }
    const jobs: Job[] = [];
    /** What comes first is pushed last. */
    const push = (children: readonly Message[], lane: number, parent: number) => {
        const main = children.find((m) => shown.has(m.id)) ?? children.at(-1);
        if (!main) return;
        jobs.push({ message: main, lane, parent });
        for (const m of [...children].reverse()) if (m !== main) jobs.push({ message: m, lane: lane + 1, parent });
    };
    push(messages.filter((m) => m.parent_id === ""), 0, -1);
    for (let job = jobs.pop(); job; job = jobs.pop()) {
        const { message, lane, parent } = job;
        const beside = tree.siblings(message);
        const row = spots.length;
        spots.push({
            message,
            row,
            lane,
            at: beside.indexOf(message),
            of: beside.length,
            parent,
            shown: shown.has(message.id),
        });
        push(tree.answers(message.id), lane, row);
    }
    return spots;
}
