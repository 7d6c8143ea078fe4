// Chats as files: Markdown to read, JSON to keep; and back again, also from ChatGPT's own export.
import { addMessage, createChat, updateChat, type Chat, type Message } from "../server/chats";
import { Tree } from "./tree";

interface Saved {
    format: "tiro.chat";
    chat: Pick<Chat, "title" | "settings" | "leaf_id">;
    messages: Message[];
}

export function toMarkdown(chat: Chat, messages: Message[]): string {
    const turns = new Tree(messages)
        .path(chat.leaf_id)
        .map((m) => `## ${m.role === "user" ? "You" : m.model || "Answer"}\n\n${m.content}\n`);
    return `# ${chat.title}\n\n${turns.join("\n")}`;
}

export function toJson(chat: Chat, messages: Message[]): string {
    const { title, settings, leaf_id } = chat;
    const saved: Saved = { format: "tiro.chat", chat: { title, settings, leaf_id }, messages };
    return JSON.stringify(saved, null, 1);
}

export function save(name: string, file: Blob): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    // What a file system takes everywhere.
    link.download = name.replace(/[^\p{L}\p{N} ._-]+/gu, "_").slice(0, 100);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

type Draft = Pick<Message, "id" | "parent_id" | "role" | "content"> & Partial<Message>;

interface Imported {
    title: string;
    settings: Chat["settings"];
    leaf: string;
    messages: Draft[];
}

/** One conversation of ChatGPT's conversations.json. */
interface Foreign {
    title?: string;
    current_node?: string;
    mapping: Record<
        string,
        {
            parent?: string | null;
            children?: string[];
            message?: { author?: { role?: string }; content?: { parts?: unknown[] } } | null;
        }
    >;
}

function fromForeign(one: Foreign): Imported {
    const messages: Draft[] = [];
    const roots = Object.keys(one.mapping).filter((id) => !one.mapping[one.mapping[id]!.parent ?? ""]);
    // Its tree has nodes without text (system, tools): what answers one answers the node before it.
    const todo = roots.map((id) => ({ id, parent: "" }));
    const place = new Map<string, string>();
    for (let next = todo.shift(); next; next = todo.shift()) {
        const node = one.mapping[next.id]!;
        const role = node.message?.author?.role;
        const content = (node.message?.content?.parts ?? []).filter((p) => typeof p === "string").join("\n");
        const shown = (role === "user" || role === "assistant") && content.trim() !== "";
        if (shown) messages.push({ id: next.id, parent_id: next.parent, role, content });
        place.set(next.id, shown ? next.id : next.parent);
        for (const child of node.children ?? [])
            if (one.mapping[child]) todo.push({ id: child, parent: place.get(next.id)! });
    }
    const leaf = place.get(one.current_node ?? "") ?? messages.at(-1)?.id ?? "";
    return { title: one.title ?? "Imported chat", settings: {}, leaf, messages };
}

/** Throws what is wrong with the file, in words. */
export function read(text: string): Imported[] {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        throw new Error("This file is no JSON.");
    }
    const all = (Array.isArray(value) ? value : [value]) as (Saved | Foreign)[];
    return all.map((one) => {
        if (one && "mapping" in one && typeof one.mapping === "object") return fromForeign(one);
        if (one && "format" in one && one.format === "tiro.chat" && Array.isArray(one.messages))
            return {
                title: one.chat.title,
                settings: one.chat.settings,
                leaf: one.chat.leaf_id,
                messages: one.messages,
            };
        throw new Error("This is neither a chat saved here nor ChatGPT's conversations.json.");
    });
}

/** Puts them on the server, with new ids; returns the last chat. */
export async function put(all: Imported[]): Promise<Chat | null> {
    let last: Chat | null = null;
    for (const one of all) {
        const chat = await createChat(one.title.slice(0, 60), one.settings);
        const ids = new Map([["", ""]]);
        for (const m of one.messages) {
            const { role, content, model, details } = m;
            const parent_id = ids.get(m.parent_id) ?? "";
            const made = await addMessage(chat.id, { parent_id, role, content, model, details });
            ids.set(m.id, made.id);
        }
        last = await updateChat(chat.id, { leaf_id: ids.get(one.leaf) ?? "" });
    }
    return last;
}
