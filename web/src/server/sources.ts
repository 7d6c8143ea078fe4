// What the server's own tools did for an answer: pieces of files that were found, and things that
// were remembered.
import type { Details, Source } from "./chats";

/** Numbers of the sources of one call begin behind those that the calls before may have had. */
const HITS_MAX = 50;
/** What is kept of a piece, to be recognised by. */
const QUOTE_MAX = 300;

interface Result {
    file_id: string;
    filename: string;
    text: string;
    span: { start_byte: number };
}

/** An item of a response's output. */
export interface Item {
    type: string;
    status?: string;
    results?: Result[] | null;
    memory_id?: string | null;
    text?: string | null;
    /** Of music that was checked. */
    bars?: number | null;
    issues?: unknown[] | null;
}

export interface Annotation {
    type: string;
    file_id: string;
    span?: { start_byte: number };
}

function quote(text: string): string {
    const flat = text.replace(/\s+/g, " ").trim();
    return flat.length <= QUOTE_MAX ? flat : `${flat.slice(0, QUOTE_MAX - 1)}…`;
}

const OURS = ["file_search_call", "tiro_memory_call", "tiro_abc_check_call"];
/** How many of the server's tools were called for each answer that is being read. */
const calls = new WeakMap<Details, number>();

export function found(details: Details, item: Item): void {
    if (!OURS.includes(item.type)) return;
    const before = calls.get(details) ?? 0;
    calls.set(details, before + 1);
    const sources = (item.results ?? []).map(
        (r, i): Source => ({
            n: before * HITS_MAX + i + 1,
            file_id: r.file_id,
            filename: r.filename,
            quote: quote(r.text),
            cited: false,
            start: r.span.start_byte,
        }),
    );
    if (sources.length) details.sources = [...(details.sources ?? []), ...sources];
}

export function remembered(details: Details, item: Item): void {
    if (item.type !== "tiro_memory_call" || !item.memory_id || !item.text) return;
    details.remembered = [...(details.remembered ?? []), { id: item.memory_id, text: item.text }];
}

export function cite(details: Details, annotations: readonly Annotation[]): void {
    if (!details.sources || annotations.length === 0) return;
    details.sources = details.sources.map((s) => ({
        ...s,
        cited: s.cited || annotations.some((a) => a.file_id === s.file_id && a.span?.start_byte === s.start),
    }));
}
