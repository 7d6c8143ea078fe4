// Folders of chats (/v1/tiro/folders), and their files: a vector store of each folder's own.
import { json, send } from "./http";

export interface Folder {
    id: string;
    name: string;
    /** They stand before those of each chat in it. */
    instructions: string;
    /** "": it has no files. */
    vector_store_id: string;
    settings: {
        /** Whether answers search its files first; else the model says when. */
        search?: "always" | "model";
    };
    n_chats: number;
}

const ROOT = "/v1/tiro/folders";

export const listFolders = async (): Promise<Folder[]> => (await json<{ data: Folder[] }>("GET", ROOT)).data;
export const readFolder = (id: string): Promise<Folder> => json("GET", `${ROOT}/${id}`);
export const createFolder = (name: string): Promise<Folder> => json("POST", ROOT, { name });
export const updateFolder = (
    id: string,
    change: Partial<Pick<Folder, "name" | "instructions" | "vector_store_id" | "settings">>,
): Promise<Folder> => json("POST", `${ROOT}/${id}`, change);

export interface FolderFile {
    id: string;
    name: string;
    status: "in_progress" | "completed" | "failed" | "cancelled";
    problem: string;
}

interface Part {
    id: string;
    status: FolderFile["status"];
    last_error: { message: string } | null;
}

const partsOf = async (store: string): Promise<Part[]> =>
    (await json<{ data: Part[] }>("GET", `/v1/vector_stores/${store}/files?limit=100`)).data;

/** What the names of files are; they do not change. */
const names = new Map<string, string>();

async function nameOf(id: string): Promise<string> {
    const known = names.get(id);
    if (known !== undefined) return known;
    const { filename } = await json<{ filename: string }>("GET", `/v1/files/${id}`);
    names.set(id, filename);
    return filename;
}

export async function listFiles(folder: Folder): Promise<FolderFile[]> {
    if (!folder.vector_store_id) return [];
    const parts = await partsOf(folder.vector_store_id);
    return Promise.all(
        parts.map(async ({ id, status, last_error }) => ({
            id,
            status,
            name: await nameOf(id).catch(() => id),
            problem: last_error?.message ?? "",
        })),
    );
}

/** Uploads it and gives it to the folder, whose store is made with its first file. */
export async function addFile(folder: Folder, file: File): Promise<Folder> {
    const form = new FormData();
    form.set("purpose", "assistants");
    form.set("file", file, file.name);
    const { id } = (await (await send("POST", "/v1/files", form)).json()) as { id: string };
    let now = folder;
    if (!now.vector_store_id) {
        const store = await json<{ id: string }>("POST", "/v1/vector_stores", { name: folder.name.slice(0, 64) });
        now = await updateFolder(folder.id, { vector_store_id: store.id });
    }
    await json("POST", `/v1/vector_stores/${now.vector_store_id}/files`, { file_id: id });
    return now;
}

export async function removeFile(folder: Folder, id: string): Promise<void> {
    await json("DELETE", `/v1/vector_stores/${folder.vector_store_id}/files/${id}`);
    await json("DELETE", `/v1/files/${id}`);
}

/** With its files; its chats go too, or are in no folder then. */
export async function deleteFolder(folder: Folder, chats: "keep" | "delete"): Promise<void> {
    if (folder.vector_store_id) {
        const parts = await partsOf(folder.vector_store_id).catch(() => []);
        for (const { id } of parts) await json("DELETE", `/v1/files/${id}`).catch(() => undefined);
        await json("DELETE", `/v1/vector_stores/${folder.vector_store_id}`).catch(() => undefined);
    }
    await json("DELETE", `${ROOT}/${folder.id}?chats=${chats}`);
}
