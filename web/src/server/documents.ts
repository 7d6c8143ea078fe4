// The text of documents, read by the server (GET /v1/tiro/files/{id}/text). What stays is their text, in the message.
import { withFile } from "./files";
import { json } from "./http";

export interface DocumentText {
    text: string;
    /** Of the whole text. */
    bytes: number;
    truncated: boolean;
}

export const readDocument = (file: File, bytesMax: number): Promise<DocumentText> =>
    withFile(file, "user_data", (id) => json("GET", `/v1/tiro/files/${id}/text?max_bytes=${bytesMax}`));
