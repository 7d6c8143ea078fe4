// What is remembered of a person, and what they have chosen for all chats.
import { json } from "./http";

export interface Entry {
    id: string;
    text: string;
    /** Who wrote it. */
    origin: "user" | "model";
    updated_at: number;
}

export interface Memory {
    enabled: boolean;
    bytes_max: number;
    data: Entry[];
    /** How a model is told of it; "": there is nothing to tell. */
    instructions: string;
}

export interface Preferences {
    memory: boolean;
    /** The model may add to the memory by itself. */
    remember: boolean;
    /** The model makes titles. */
    titles: boolean;
}

/** Of one entry, in bytes. */
export const ENTRY_MAX = 500;

const ROOT = "/v1/tiro/memory";

export const readMemory = (): Promise<Memory> => json("GET", ROOT);
export const addMemory = (text: string): Promise<Entry> => json("POST", ROOT, { text });
export const updateMemory = (id: string, text: string): Promise<Entry> => json("POST", `${ROOT}/${id}`, { text });
export const forget = (id: string): Promise<unknown> => json("DELETE", `${ROOT}/${id}`);

export const readPreferences = (): Promise<Preferences> => json("GET", "/v1/tiro/preferences");
export const choose = (change: Partial<Preferences>): Promise<Preferences> =>
    json("POST", "/v1/tiro/preferences", change);
