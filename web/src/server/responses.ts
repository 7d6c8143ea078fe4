// Answers through the Responses API, in the background: they go on when this page does not, and
// a page that comes back reads them from where it stopped.
import { ApiError, json, send } from "./http";
import type { Details, Settings } from "./chats";
import { cite, found, remembered, type Annotation, type Item } from "./sources";
import { events } from "./sse";

/** The API's default (temperature 1, every token possible) lets small models wander. */
const SAMPLING = { temperature: 0.4, min_p: 0.05 };
/** Where a grammar sees to it that the answer is right, it may wander, and had better not repeat itself. */
const HELD_SAMPLING = { temperature: 0.9, min_p: 0.05, frequency_penalty: 0.3 };

/** Of one answer: small models would go on for ever. */
const TOOL_CALLS_MAX = 4;

export interface Turn {
    role: "user" | "assistant";
    content: string;
}

export interface Question {
    model: string;
    input: Turn[];
    settings: Settings;
    /** With it the same question has the same answer. */
    seed?: number;
    /** What the answer is held to; then nothing is called on the way. */
    grammar?: string;
    /** Kept by the server while it is being made; without, it ends with the connection. */
    keep: boolean;
}

/** What has come of an answer so far. */
export interface Answer {
    id: string;
    text: string;
    details: Details;
}

/** What the model may use while it answers. */
function toolsOf({ vector_store_ids, search_first, may_remember, check_music }: Settings): Record<string, unknown> {
    const search = vector_store_ids?.length ? [{ type: "file_search", vector_store_ids }] : [];
    const tools = [
        ...search,
        ...(may_remember ? [{ type: "tiro_memory" }] : []),
        ...(check_music ? [{ type: "tiro_abc_check" }] : []),
    ];
    if (tools.length === 0) return {};
    return {
        tools,
        max_tool_calls: TOOL_CALLS_MAX,
        ...(search.length ? { include: ["file_search_call.results"] } : {}),
        ...(search.length && search_first ? { tool_choice: { type: "file_search" } } : {}),
    };
}

function request(q: Question): Record<string, unknown> {
    const { instructions, temperature, top_p, max_output_tokens, schema } = q.settings;
    return {
        model: q.model,
        input: q.input,
        ...(q.seed === undefined ? {} : { seed: q.seed }),
        ...(q.grammar ? HELD_SAMPLING : SAMPLING),
        ...(temperature === undefined ? {} : { temperature }),
        ...(top_p === undefined ? {} : { top_p }),
        ...(max_output_tokens === undefined ? {} : { max_output_tokens }),
        ...(instructions ? { instructions } : {}),
        ...(q.grammar ? { structured_outputs: { grammar: q.grammar } } : toolsOf(q.settings)),
        ...(schema && !q.grammar
            ? { text: { format: { type: "json_schema", name: "answer", schema: JSON.parse(schema) } } }
            : {}),
    };
}

interface Usage {
    input_tokens: number;
    input_tokens_details: { cached_tokens: number };
    output_tokens: number;
}

interface Event {
    type: string;
    delta?: string;
    message?: string;
    item?: Item;
    part?: { annotations?: Annotation[] };
    code?: string | null;
    response?: {
        id: string;
        usage: Usage | null;
        error: { code: string; message: string } | null;
        incomplete_details: { reason: string } | null;
        filters?: string[];
    };
}

/** The names that a response may give are a published list, in which this one is missing. */
function nameOf(error: { code: string; message: string } | null | undefined): string {
    if (error?.code === "invalid_prompt" && /maximum context length/.test(error.message)) return "context_length_exceeded";
    return error?.code ?? "";
}

/** What is worth another try by itself: the same answer goes on where it broke off. */
const PASSING = ["worker_lost", "server_shutting_down"];

/** One event's part in the answer; true when it was the last. `begin`: when it was asked for; null:
 *  it is read again, and how long it took is not to be seen. */
function take(answer: Answer, event: Event, begin: number | null): boolean {
    const details = answer.details;
    const response = event.response;
    switch (event.type) {
        case "response.created":
            answer.id = response?.id ?? "";
            return false;
        case "response.output_text.delta":
            if (begin !== null) details.first_ms ??= performance.now() - begin;
            answer.text += event.delta ?? "";
            return false;
        case "response.reasoning_text.delta":
            if (begin !== null) details.first_ms ??= performance.now() - begin;
            details.thoughts = (details.thoughts ?? "") + (event.delta ?? "");
            return false;
        case "response.output_item.done":
            if (event.item) {
                found(details, event.item);
                remembered(details, event.item);
            }
            if (event.item?.type === "tiro_abc_check_call" && event.item.status === "completed")
                (details.checks ??= []).push({ bars: event.item.bars ?? 0, wrong: event.item.issues?.length ?? 0 });
            return false;
        case "response.content_part.done":
            cite(details, event.part?.annotations ?? []);
            return false;
        case "error":
            throw new ApiError(
                PASSING.includes(event.code ?? "") ? 0 : 500,
                event.message ?? "The answer broke off.",
                event.code ?? "",
            );
        case "response.completed":
        case "response.incomplete":
        case "response.failed":
        case "response.cancelled":
            break;
        default:
            return false;
    }
    if (begin !== null) details.ms = performance.now() - begin;
    if (response?.filters?.length) details.filters = response.filters;
    if (response?.usage)
        details.usage = {
            input: response.usage.input_tokens,
            cached: response.usage.input_tokens_details.cached_tokens,
            output: response.usage.output_tokens,
        };
    if (event.type === "response.incomplete") details.ended = "length";
    if (event.type === "response.cancelled") details.ended = "stopped";
    if (event.type === "response.failed") {
        details.ended = "failed";
        details.problem = response?.error?.message ?? "The answer failed.";
        details.code = nameOf(response?.error);
    }
    return true;
}

async function* follow(response: Response, answer: Answer, begin: number | null): AsyncGenerator<Answer> {
    if (!response.body) throw new ApiError(0, "The answer has no body.");
    try {
        for await (const data of events(response.body)) {
            const done = take(answer, JSON.parse(data), begin);
            yield answer;
            if (done) return;
        }
    } catch (e) {
        // fetch has words of its own for a connection that broke.
        if (!(e instanceof TypeError)) throw e;
    }
    throw new ApiError(0, "The connection ended before the answer did.");
}

/** Asks, and yields the answer as it grows; the first time with its id. */
export async function* ask(q: Question, signal: AbortSignal): AsyncGenerator<Answer> {
    const body = { ...request(q), stream: true, store: q.keep, background: q.keep };
    const begin = performance.now();
    yield* follow(await send("POST", "/v1/responses", body, signal), { id: "", text: "", details: {} }, begin);
}

/** The answer from its beginning, whether it is made already or still being made. */
export async function* resume(id: string, signal: AbortSignal): AsyncGenerator<Answer> {
    const path = `/v1/responses/${id}?stream=true`;
    yield* follow(await send("GET", path, undefined, signal), { id, text: "", details: {} }, null);
}

export const cancelAnswer = (id: string): Promise<unknown> => json("POST", `/v1/responses/${id}/cancel`, {});
export const forgetAnswer = (id: string): Promise<unknown> => json("DELETE", `/v1/responses/${id}`);

/** How many tokens a question would have. */
export async function countTokens(q: Question): Promise<number> {
    const body = request({ ...q, settings: { instructions: q.settings.instructions } });
    delete body.temperature;
    delete body.min_p;
    return (await json<{ input_tokens: number }>("POST", "/v1/responses/input_tokens", body)).input_tokens;
}
