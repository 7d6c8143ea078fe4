// Numbers as people read them.
import type { Message } from "../server/chats";

export function megabytes(bytes: number): string {
    return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

export function duration(seconds: number): string {
    if (!Number.isFinite(seconds)) return "";
    if (seconds < 90) return `${Math.ceil(seconds)} s`;
    return `${Math.ceil(seconds / 60)} min`;
}

/** What an answer cost and where it came from, in a line. */
export function receipt({ model, details }: Message): string {
    const { usage, ms, first_ms } = details;
    const writing = ms === undefined || first_ms === undefined ? 0 : ms - first_ms;
    return [
        model,
        usage && `${usage.output} tokens`,
        usage && writing > 0 && usage.output > 1 && `${Math.round((usage.output - 1) / (writing / 1000))} a second`,
        usage && `${usage.cached} of ${usage.input} prompt tokens cached`,
        first_ms !== undefined && `first after ${(first_ms / 1000).toFixed(1)} s`,
    ]
        .filter(Boolean)
        .join(" · ");
}
