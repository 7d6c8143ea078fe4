// The server's API, as far as the page uses it.
import { events } from "./sse";

export interface Message {
    role: "user" | "assistant";
    content: string;
}

export interface Model {
    id: string;
    tiro: {
        state: "idle" | "loading" | "ready" | "failed";
        problem: string | null;
        default: boolean;
        /** null until the model was loaded once. */
        capabilities: string[] | null;
        bytes: number | null;
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

/** What the API says when it refuses; `status` 401 asks for a key. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message);
    }
}

const KEY = "tiro.key";

export function setKey(key: string): void {
    sessionStorage.setItem(KEY, key);
}

function headers(): Record<string, string> {
    const key = sessionStorage.getItem(KEY);
    return key ? { authorization: `Bearer ${key}` } : {};
}

async function refused(response: Response): Promise<ApiError> {
    let text = `The server answered ${response.status}.`;
    try {
        text = (await response.json()).error.message;
    } catch {
        // Not our error format: the status is all there is.
    }
    return new ApiError(response.status, text);
}

async function getJson<T>(path: string): Promise<T> {
    const response = await fetch(path, { headers: headers() });
    if (!response.ok) throw await refused(response);
    return response.json();
}

export async function listModels(): Promise<Model[]> {
    return (await getJson<{ data: Model[] }>("/v1/models")).data;
}

export async function listPulls(): Promise<Pull[]> {
    return (await getJson<{ pulls: Pull[] }>("/v1/tiro/status")).pulls;
}

/** The API's default (temperature 1, every token possible) lets small models wander. */
const SAMPLING = { temperature: 0.4, min_p: 0.05 };

/** Streams an answer; yields pieces of text, returns why it ended ("stop", "length" ...). */
export async function* chat(
    model: string,
    messages: Message[],
    signal: AbortSignal,
): AsyncGenerator<string, string> {
    const response = await fetch("/v1/chat/completions", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers() },
        body: JSON.stringify({ model, messages, stream: true, ...SAMPLING }),
        signal,
    });
    if (!response.ok || !response.body) throw await refused(response);
    let reason = "";
    for await (const data of events(response.body)) {
        if (data === "[DONE]") break;
        const chunk = JSON.parse(data);
        if (chunk.error) throw new ApiError(0, chunk.error.message);
        const choice = chunk.choices[0];
        if (choice?.delta?.content) yield choice.delta.content;
        if (choice?.finish_reason) reason = choice.finish_reason;
    }
    if (!reason) throw new ApiError(0, "The connection ended before the answer did.");
    return reason;
}
