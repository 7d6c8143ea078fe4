// What a chat's own settings become before a question: the memory stands first, word for word the
// same in all chats, so that the model has read it already; then the folder's instructions, then the
// chat's own.
import type { Settings } from "../server/chats";
import { readFolder } from "../server/folders";
import { readMemory, readPreferences } from "../server/memory";

export interface Place {
    /** "": none. */
    folder: string;
    /** A temporary chat is told nothing, and nothing is remembered of it. */
    temporary: boolean;
}

export async function withContext(own: Settings, place: Place): Promise<Settings> {
    if (place.temporary) return own;
    const wanted = own.memory !== false;
    const [memory, chosen, folder] = await Promise.all([
        wanted ? readMemory() : null,
        wanted ? readPreferences() : null,
        place.folder ? readFolder(place.folder) : null,
    ]);
    const told = [memory?.instructions.trim(), folder?.instructions.trim(), own.instructions?.trim()];
    const stores = [folder?.vector_store_id, ...(own.vector_store_ids ?? [])].filter((id) => !!id) as string[];
    return {
        ...own,
        instructions: told.filter(Boolean).join("\n\n") || undefined,
        vector_store_ids: stores.length ? stores : undefined,
        search_first: stores.length > 0 && folder?.settings.search !== "model",
        may_remember: !!memory?.enabled && !!chosen?.remember,
    };
}
