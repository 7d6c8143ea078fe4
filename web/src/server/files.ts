// Files that are needed for one request: they are there only as long as it takes.
import { json } from "./http";

/** Should this page go away in between, the server forgets the file by itself. */
const LIFE_S = 3600;

export async function withFile<T>(file: File, purpose: string, use: (id: string) => Promise<T>): Promise<T> {
    const form = new FormData();
    form.append("purpose", purpose);
    form.append("expires_after[anchor]", "created_at");
    form.append("expires_after[seconds]", String(LIFE_S));
    form.append("file", file, file.name);
    const { id } = await json<{ id: string }>("POST", "/v1/files", form);
    try {
        return await use(id);
    } finally {
        await json("DELETE", `/v1/files/${id}`).catch(() => undefined);
    }
}
