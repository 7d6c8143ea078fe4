// The chats that the server keeps: /v1/tiro/chats.
import { json } from "./http";

export interface Settings {
    model?: string;
    /** The system prompt. */
    instructions?: string;
    temperature?: number;
    top_p?: number;
    max_output_tokens?: number;
    /** A JSON Schema that answers are held to, as text. */
    schema?: string;
    /** Files that the model may search: vector stores. */
    vector_store_ids?: string[];
    /** The model may have its music checked before it answers. */
    check_music?: boolean;
    /** They are searched before each answer; else when the model asks. */
    search_first?: boolean;
    /** false: this chat is told nothing of the memory. */
    memory?: boolean;
    /** The model may add to the memory. */
    may_remember?: boolean;
}

/** A piece of a file that was found for an answer. */
export interface Source {
    /** Its number, by which the answer cites it: [1]. */
    n: number;
    file_id: string;
    filename: string;
    quote: string;
    cited: boolean;
    start: number;
}

export interface Chat {
    id: string;
    title: string;
    /** "": in none. */
    folder_id: string;
    /** The last message of the branch that is shown; "": none. */
    leaf_id: string;
    settings: Settings;
    pinned: boolean;
    archived: boolean;
    updated_at: number;
    snippet?: string | null;
}

/** A text that goes with what a person writes. */
export interface Attachment {
    name: string;
    text: string;
    /** document: read out of a PDF or the like; output: what a program said; else a file as it is. */
    kind?: "document" | "output";
    /** What was left out of it, in words. */
    note?: string;
    /** The model does not read it. */
    left_out?: boolean;
}

/** What the page shows beside an answer's text. */
export interface Details {
    /** Of what a person writes: files that go with it. */
    attachments?: Attachment[];
    /** It stays in the chat, and the model does not read it. */
    left_out?: boolean;
    /** What stands before it in its branch is left out. */
    first_read?: boolean;
    /** Of two answers that are compared: they share it until one is kept. */
    pair?: string;
    /** What made the answer. */
    made?: { sha256?: string; quantisation?: string; seed?: number };
    /** What looked at the answer, or changed it, on its way. */
    filters?: string[];
    thoughts?: string;
    /** Music that the model had checked, in order. */
    checks?: { bars: number; wrong: number }[];
    /** While a part of an answer is made again: what stands before and behind it. */
    around?: [string, string];
    usage?: { input: number; cached: number; output: number };
    first_ms?: number;
    ms?: number;
    /** Why it ended, when it is not that it was done. */
    ended?: "length" | "stopped" | "failed";
    problem?: string;
    /** What was found in files for it. */
    sources?: Source[];
    /** What the model put into the memory while it answered. */
    remembered?: { id: string; text: string; undone?: boolean }[];
    /** The API's name of the problem. */
    code?: string;
}

export interface Message {
    id: string;
    /** The message it answers; "": it is a first one. */
    parent_id: string;
    role: "user" | "assistant";
    content: string;
    model: string;
    /** The response that is making it; "": it is made. */
    response_id: string;
    details: Details;
    created_at: number;
}

export type NewMessage = Partial<Message> & Pick<Message, "parent_id" | "role">;

const ROOT = "/v1/tiro/chats";
const at = (chat: string, message?: string) =>
    message === undefined ? `${ROOT}/${chat}` : `${ROOT}/${chat}/messages/${message}`;

export interface Page {
    data: Chat[];
    has_more: boolean;
}

export function listChats(options: {
    search?: string;
    archived?: boolean;
    after?: string;
    /** Of this folder only; "none": of no folder. */
    folder_id?: string;
}): Promise<Page> {
    const query = new URLSearchParams({ limit: "50" });
    if (options.search) query.set("search", options.search);
    if (options.archived) query.set("archived", "true");
    if (options.after) query.set("after", options.after);
    if (options.folder_id) query.set("folder_id", options.folder_id);
    return json("GET", `${ROOT}?${query}`);
}

export const createChat = (title: string, settings: Settings, folder_id = ""): Promise<Chat> =>
    json("POST", ROOT, { title, settings, folder_id });
export const readChat = (id: string): Promise<{ chat: Chat; messages: Message[] }> => json("GET", at(id));
export const updateChat = (
    id: string,
    change: Partial<Pick<Chat, "title" | "leaf_id" | "settings" | "pinned" | "archived" | "folder_id">>,
): Promise<Chat> => json("POST", at(id), change);
export const deleteChat = (id: string): Promise<unknown> => json("DELETE", at(id));

export const addMessage = (chat: string, message: NewMessage): Promise<Message> =>
    json("POST", `${at(chat)}/messages`, message);
export const updateMessage = (
    chat: string,
    id: string,
    change: Partial<Pick<Message, "content" | "response_id" | "details" | "model">>,
): Promise<Chat> => json("POST", at(chat, id), change);
export const deleteMessage = (chat: string, id: string): Promise<unknown> => json("DELETE", at(chat, id));
