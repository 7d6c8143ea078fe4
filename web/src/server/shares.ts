// Links to what a branch of a chat said: /v1/tiro/shares.
import type { Message } from "./chats";
import { json } from "./http";

export interface Share {
    id: string;
    chat_id: string;
    title: string;
    n_messages: number;
    created_at: number;
    expires_at: number;
}

export type SharedMessage = Pick<Message, "role" | "content" | "model" | "created_at">;

export interface Shared {
    title: string;
    created_at: number;
    expires_at: number;
    messages: SharedMessage[];
}

/** The link itself is known now and never again. */
export async function share(chat: string, leaf_id: string, expires_in: number): Promise<Share & { link: string }> {
    const made = await json<Share & { token: string }>("POST", `/v1/tiro/chats/${chat}/shares`, {
        leaf_id,
        expires_in,
    });
    return { ...made, link: `${location.origin}/#/shared/${made.token}` };
}

export const listShares = async (chat?: string): Promise<Share[]> =>
    (await json<{ data: Share[] }>("GET", `/v1/tiro/shares${chat ? `?chat_id=${chat}` : ""}`)).data;
export const revoke = (id: string): Promise<unknown> => json("DELETE", `/v1/tiro/shares/${id}`);
export const readShared = (token: string): Promise<Shared> =>
    json("GET", `/v1/tiro/shared/${encodeURIComponent(token)}`);
