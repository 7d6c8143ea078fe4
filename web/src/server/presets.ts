// Settings of chats under a name: /v1/tiro/presets.
import type { Settings } from "./chats";
import { json } from "./http";

export interface Preset {
    id: string;
    name: string;
    settings: Settings;
}

const ROOT = "/v1/tiro/presets";

export const listPresets = async (): Promise<Preset[]> => (await json<{ data: Preset[] }>("GET", ROOT)).data;
export const createPreset = (name: string, settings: Settings): Promise<Preset> =>
    json("POST", ROOT, { name, settings });
export const updatePreset = (id: string, change: Partial<Pick<Preset, "name" | "settings">>): Promise<Preset> =>
    json("POST", `${ROOT}/${id}`, change);
export const deletePreset = (id: string): Promise<unknown> => json("DELETE", `${ROOT}/${id}`);
