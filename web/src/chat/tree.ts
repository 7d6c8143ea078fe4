// A chat as a tree: which messages a branch has, and who stands beside whom.
import type { Message } from "../server/chats";

export class Tree {
    private byId = new Map<string, Message>();
    private children = new Map<string, Message[]>();

    constructor(messages: readonly Message[]) {
        for (const message of messages) {
            this.byId.set(message.id, message);
            const beside = this.children.get(message.parent_id);
            if (beside) beside.push(message);
            else this.children.set(message.parent_id, [message]);
        }
    }

    /** From the first message to this one. */
    path(leaf: string): Message[] {
        const path: Message[] = [];
        for (let m = this.byId.get(leaf); m && path.length <= this.byId.size; m = this.byId.get(m.parent_id))
            path.push(m);
        return path.reverse();
    }

    /** Those that answer the same message, in the order of their making; it is among them. */
    siblings(message: Message): Message[] {
        return this.children.get(message.parent_id) ?? [message];
    }

    /** Those that answer it. */
    answers(id: string): readonly Message[] {
        return this.children.get(id) ?? [];
    }

    /** The end of the newest branch that goes through this message. */
    leafBelow(id: string): string {
        let leaf = id;
        for (let next = this.children.get(leaf); next?.length; next = this.children.get(leaf))
            leaf = next[next.length - 1]!.id;
        return leaf;
    }

    /** All that goes when this message goes. */
    below(id: string): Set<string> {
        const found = new Set([id]);
        for (const one of found) for (const child of this.children.get(one) ?? []) found.add(child.id);
        return found;
    }
}
