// What a person can do about what went wrong: a sentence, and the button that does it.
import { ApiError } from "../server/http";

export type Remedy = "again" | "room" | "settings" | "models" | "";

export interface Advice {
    text: string;
    remedy: Remedy;
}

interface Row {
    codes: string[];
    text: string;
    remedy: Remedy;
}

/** By the API's names. */
const rows: Row[] = [
    { codes: ["context_length_exceeded"], text: "Leave something out of what the model reads, or begin a new chat.", remedy: "room" },
    { codes: ["model_not_found"], text: "The model is gone from this server. Choose another one above.", remedy: "models" },
    { codes: ["model_loading"], text: "The model is being loaded. Try again when it is ready.", remedy: "again" },
    { codes: ["server_overloaded", "busy", "rate_limit_exceeded"], text: "Others are asking too. Wait a moment, then try again.", remedy: "again" },
    { codes: ["worker_lost", "server_error"], text: "Try again; if it happens twice, choose another model.", remedy: "again" },
    { codes: ["server_shutting_down"], text: "The server is being stopped. Try again when it is back.", remedy: "again" },
    { codes: ["insufficient_storage"], text: "The server's disk is full. Make room on it, or use a temporary chat, which keeps nothing.", remedy: "again" },
    { codes: ["io_error"], text: "The server cannot read or write its disk. Look at its log, then try again.", remedy: "again" },
    { codes: ["out_of_memory"], text: "The server has too little memory for this. Use a smaller model, or close other programs.", remedy: "again" },
    { codes: ["deadline_exceeded", "request_timeout"], text: "It took too long. Try again, or ask for less.", remedy: "again" },
    { codes: ["malformed_file", "unsupported_file", "checksum_mismatch"], text: "This model cannot be used now. Pull it again, or choose another model.", remedy: "models" },
    { codes: ["invalid_api_key", "permission_denied"], text: "Ask whoever runs this server for access.", remedy: "" },
    { codes: ["invalid_value", "invalid_type", "unsupported_value", "unsupported_parameter", "template_error", "invalid_prompt"], text: "Look at this chat's settings.", remedy: "settings" },
    { codes: ["request_too_large"], text: "Send less at once: fewer or smaller files.", remedy: "" },
    { codes: ["limit_exceeded"], text: "Begin a new chat: this one is as long as a chat can be.", remedy: "" },
];

/** By the status, where the API has no name for it; 0: there was no answer. */
const byStatus = (status: number): Advice => {
    if (status === 0) return { text: "When the connection is back, try again.", remedy: "again" };
    if (status === 400) return { text: "Look at this chat's settings.", remedy: "settings" };
    if (status === 429 || status === 503) return { text: "Wait a moment, then try again.", remedy: "again" };
    return { text: "", remedy: "again" };
};

export function adviceOn(code: string, status = 500): Advice {
    return rows.find((r) => r.codes.includes(code)) ?? byStatus(status);
}

/** What a problem is kept as: a name that there is advice on, if any is near. */
export function nameOf(e: unknown): string {
    if (!(e instanceof ApiError) || e.status === 0 || rows.some((r) => r.codes.includes(e.code))) return e instanceof ApiError ? e.code : "";
    return e.status === 400 ? "invalid_value" : e.status === 429 || e.status === 503 ? "busy" : e.code;
}

/** What was said, and what to do, in a line. */
export function explained(e: unknown): string {
    if (!(e instanceof ApiError)) return e instanceof Error ? e.message : String(e);
    const wait = e.after > 0 ? ` Come again in ${e.after} s.` : "";
    return [`${e.message}${wait}`, adviceOn(e.code, e.status).text].filter(Boolean).join(" ");
}
