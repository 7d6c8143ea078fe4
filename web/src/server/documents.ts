// The text of documents, read by the server (GET /v1/tiro/files/{id}/text). The file is there only until it has been
// read: what stays is its text, in the message.
import { json } from "./http";

export interface DocumentText {
    text: string;
    /** Of the whole text. */
    bytes: number;
    truncated: boolean;
}

/** Should this page go away in between, the server forgets the file by itself. */
const LIFE_S = 3600;

export async function readDocument(file: File, bytesMax: number): Promise<DocumentText> {
    const form = new FormData();
    form.append("purpose", "user_data");
    form.append("expires_after[anchor]", "created_at");
    form.append("expires_after[seconds]", String(LIFE_S));
    form.append("file", file, file.name);
    const { id } = await json<{ id: string }>("POST", "/v1/files", form);
    try {
        return await json("GET", `/v1/tiro/files/${id}/text?max_bytes=${bytesMax}`);
    } finally {
        await json("DELETE", `/v1/files/${id}`).catch(() => undefined);
    }
}
