// Requests to the server this page came from: the key, and errors in the API's own words.

/** What the API says when it refuses; `status` 401 asks for a key, 0 means there was no answer. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        message: string,
        /** As the API names it; "": it has no name. */
        readonly code = "",
        /** When to come again, in seconds; 0: unknown. */
        readonly after = 0,
    ) {
        super(message);
    }
}

const KEY = "tiro.key";
/** A key is shown with each request; else a session is, or nothing. */
export const hasKey = (): boolean => sessionStorage.getItem(KEY) !== null;

/** Says that it is this page that asks: a session changes nothing without it. */
const OURS = { "x-tiro-request": "1" };

export function setKey(key: string): void {
    if (key) sessionStorage.setItem(KEY, key);
    else sessionStorage.removeItem(KEY);
}

function headers(body: unknown): Record<string, string> {
    const key = sessionStorage.getItem(KEY);
    return {
        ...OURS,
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        // A form says itself where its parts end.
        ...(body === undefined || body instanceof FormData ? {} : { "content-type": "application/json" }),
    };
}

async function refused(response: Response): Promise<ApiError> {
    let text = `The server answered ${response.status}.`;
    let code = "";
    try {
        const { error } = await response.json();
        text = error.message;
        code = error.code ?? "";
    } catch {
        // Not our error format: the status is all there is.
    }
    return new ApiError(response.status, text, code, Number(response.headers.get("retry-after")) || 0);
}

/** One request; fails with ApiError, or with AbortError when `signal` says so. */
export async function send(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
): Promise<Response> {
    let response: Response;
    try {
        response = await fetch(path, {
            method,
            headers: headers(body),
            body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
            signal,
        });
    } catch (e) {
        if (signal?.aborted) throw e;
        throw new ApiError(0, "The server does not answer. Is it still running?");
    }
    if (!response.ok) throw await refused(response);
    return response;
}

export async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await send(method, path, body)).json();
}

export function said(e: unknown): string {
    return e instanceof Error ? e.message : String(e);
}
