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

const some = (n: number, what: string) => `about ${n} ${what}${n === 1 ? "" : "s"}`;

/** As somebody would say it: of estimates. */
export function about(seconds: number): string {
    if (seconds < 45) return "less than a minute";
    const minutes = Math.round(seconds / 60);
    if (minutes < 90) return some(minutes, "minute");
    const hours = Math.round(minutes / 60);
    return hours < 36 ? some(hours, "hour") : some(Math.round(hours / 24), "day");
}

interface Speed {
    /** Of writing, in tokens a second. */
    rate?: number;
    /** The share of the prompt that was in memory. */
    cached?: number;
}

function speed({ usage, ms, first_ms }: Message["details"]): Speed {
    const writing = ms === undefined || first_ms === undefined ? 0 : ms - first_ms;
    return {
        ...(usage && writing > 0 && usage.output > 1 ? { rate: (usage.output - 1) / (writing / 1000) } : {}),
        ...(usage && usage.input > 0 ? { cached: usage.cached / usage.input } : {}),
    };
}

const percent = (share: number) => `${Math.floor(share * 100)} %`;

/** What an answer cost and where it came from, in a line. */
export function receipt({ model, details }: Message): string {
    const { usage, first_ms, made } = details;
    const { rate, cached } = speed(details);
    return [
        model && made?.sha256 ? `${model} ${made.sha256.slice(0, 7)}` : model,
        usage && usage.output > 0 && `${usage.output} tokens`,
        rate !== undefined && `${Math.round(rate)} a second`,
        cached !== undefined && `cached ${percent(cached)}`,
        first_ms !== undefined && `first after ${(first_ms / 1000).toFixed(first_ms < 100 ? 2 : 1)} s`,
        details.filters?.length && `filtered: ${details.filters.join(", ")}`,
    ]
        .filter(Boolean)
        .join(" · ");
}

export interface BillRow {
    key: string;
    name: string;
    text: string;
    value: unknown;
}

/** All of a receipt; what is not known has no row. */
export function bill({ model, details, created_at }: Message): BillRow[] {
    const { usage, ms, first_ms, made, filters } = details;
    const { rate, cached } = speed(details);
    const rows: [string, string, unknown, string?][] = [
        ["model", "Model", model || undefined],
        ["sha256", "Hash of its weights (sha256)", made?.sha256],
        ["quantisation", "Quantisation", made?.quantisation],
        ["seed", "Seed", made?.seed],
        ["input_tokens", "Tokens read", usage?.input],
        ["cached_tokens", "Of them cached", usage?.cached, cached === undefined ? "" : `${usage!.cached} (${percent(cached)})`],
        ["output_tokens", "Tokens written", usage?.output],
        ["tokens_per_second", "Tokens a second", rate && Number(rate.toFixed(1))],
        ["first_token_ms", "First token after", first_ms && Math.round(first_ms), first_ms === undefined ? "" : `${(first_ms / 1000).toFixed(2)} s`],
        ["total_ms", "All after", ms && Math.round(ms), ms === undefined ? "" : `${(ms / 1000).toFixed(2)} s`],
        ["filters", "Filters", filters?.length ? filters : undefined, filters?.join(", ")],
        ["created_at", "Asked at", created_at, new Date(created_at * 1000).toLocaleString()],
    ];
    return rows
        .filter((r) => r[2] !== undefined)
        .map(([key, name, value, text]) => ({ key, name, value, text: text || String(value) }));
}
