// The models that are here, and what is being downloaded.
import { json } from "./http";

export interface Model {
    id: string;
    tiro: {
        state: "idle" | "loading" | "ready" | "failed";
        problem: string | null;
        default: boolean;
        /** null until the model was loaded once. */
        capabilities: string[] | null;
        context_length: number | null;
        bytes: number | null;
        quantisation: string | null;
        /** Of its weights; null: not known. */
        sha256: string | null;
        /** As the latest answers saw it; null: none yet. */
        prefill_tokens_per_s: number | null;
        decode_tokens_per_s: number | null;
    };
}

export interface Pull {
    name: string;
    state: "downloading" | "verifying" | "done" | "failed";
    bytes: number;
    bytes_total: number;
    bytes_per_s: number;
    text?: string;
}

/** Whether it reads pictures; a model that was never loaded does not say so. */
export const sees = (model: Model | undefined): boolean => model?.tiro.capabilities?.includes("vision") ?? false;

export async function listModels(): Promise<Model[]> {
    const all = (await json<{ data: Model[] }>("GET", "/v1/models")).data;
    return all.filter((m) => m.tiro.capabilities?.includes("chat") ?? true);
}

export const readModel = (id: string): Promise<Model> => json("GET", `/v1/models/${encodeURIComponent(id)}`);

export async function listPulls(): Promise<Pull[]> {
    return (await json<{ pulls: Pull[] }>("GET", "/v1/tiro/status")).pulls;
}
