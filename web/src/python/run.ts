// Python in this browser: its parts come from the server once, into a frame that has neither origin nor
// network; each program runs in a worker there. What comes back is data of a stranger: checked, never run.
import standard from "file:pyodide/python_stdlib.zip";
import wasm from "file:pyodide/pyodide.asm.wasm";
import worker from "script:./worker.ts";

import { FILES_MAX, FILE_BYTES_MAX, OUTPUT_CHARS_MAX, RUN_MS, type Program, type WrittenFile } from "./messages";

export interface Result {
    ok: boolean;
    ms: number;
    files: WrittenFile[];
    /** Written, and too much to be kept. */
    left: string[];
}

export interface Listener {
    begun(): void;
    said(kind: "out" | "err", text: string): void;
    /** It waits for a line. */
    asked(prompt: string): void;
    ended(result: Result): void;
}

export interface Running {
    stop(): void;
    /** null: there is none. */
    answer(line: string | null): void;
}

interface Frame {
    send(message: unknown): void;
    hear: Map<number, (data: Record<string, unknown>) => void>;
}

let frame: Promise<Frame> | null = null;
let count = 0;

async function part(url: string): Promise<ArrayBuffer> {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`Python could not be loaded: the server answered ${response.status}.`);
    return response.arrayBuffer();
}

async function open(): Promise<Frame> {
    const [script, code, stdlib] = await Promise.all([part(worker), part(wasm), part(standard)]);
    const element = document.createElement("iframe");
    element.hidden = true;
    element.title = "Python";
    element.setAttribute("sandbox", "allow-scripts");
    element.src = "/python.html";
    const loaded = new Promise((go) => element.addEventListener("load", go, { once: true }));
    document.body.append(element);
    await loaded;
    const hear: Frame["hear"] = new Map();
    // Without an origin it can only be addressed by "*"; nothing secret is sent.
    const send = (message: unknown) => element.contentWindow?.postMessage(message, "*");
    addEventListener("message", ({ source, data }) => {
        if (source === element.contentWindow && data && typeof data === "object") hear.get(data.id)?.(data);
    });
    await new Promise<void>((go, fail) => {
        hear.set(0, ({ kind, text }) => (kind === "ready" ? go() : fail(new Error(String(text)))));
        send({ kind: "parts", script, wasm: code, stdlib });
    }).catch((e) => {
        element.remove();
        throw e;
    });
    return { send, hear };
}

function filesOf(value: unknown): WrittenFile[] {
    if (!Array.isArray(value)) return [];
    let room = FILE_BYTES_MAX;
    return value.slice(0, FILES_MAX).filter((f): f is WrittenFile => {
        const good = typeof f?.name === "string" && f.bytes instanceof Uint8Array && f.bytes.length <= room;
        if (good) room -= f.bytes.length;
        return good;
    });
}

const namesOf = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((v) => typeof v === "string").slice(0, FILES_MAX) : [];

/** Runs it when Python is there; whatever happens, `ended` is called once. */
export function runPython(program: Program, listener: Listener): Running {
    const id = ++count;
    let host: Frame | null = null;
    let over = false;
    let timer: ReturnType<typeof setTimeout>;
    let left = RUN_MS;
    let since = 0;
    let room = 2 * OUTPUT_CHARS_MAX;
    const clock = (on: boolean) => {
        clearTimeout(timer);
        if (since) left -= performance.now() - since;
        since = on ? performance.now() : 0;
        if (on) timer = setTimeout(() => stop(`Stopped: it ran for ${RUN_MS / 1000} seconds.`), left);
    };
    const end = (result: Result) => {
        if (over) return;
        over = true;
        clock(false);
        host?.hear.delete(id);
        listener.ended(result);
    };
    const fail = (text: string) => {
        if (over) return;
        listener.said("err", `${text}\n`);
        end({ ok: false, ms: RUN_MS - left, files: [], left: [] });
    };
    const stop = (why: string) => {
        host?.send({ kind: "stop", id });
        clock(false);
        fail(why);
    };
    const hear = (data: Record<string, unknown>) => {
        const text = typeof data.text === "string" ? data.text.slice(0, Math.max(room, 0)) : "";
        room -= text.length;
        if (data.kind === "begun") {
            clock(true);
            listener.begun();
        } else if (data.kind === "out" || data.kind === "err") {
            if (text) listener.said(data.kind, text);
        } else if (data.kind === "ask") {
            clock(false);
            listener.asked(text);
        } else if (data.kind === "broken") {
            fail(text);
        } else if (data.kind === "done") {
            const ms = typeof data.ms === "number" ? data.ms : 0;
            end({ ok: data.ok === true, ms, files: filesOf(data.files), left: namesOf(data.left) });
        }
    };
    frame ??= open().catch((e) => {
        frame = null; // The next try begins anew.
        throw e;
    });
    frame.then(
        (opened) => {
            if (over) return;
            host = opened;
            host.hear.set(id, hear);
            host.send({ kind: "run", id, program });
        },
        (e: unknown) => fail(e instanceof Error ? e.message : String(e)),
    );
    return {
        stop: () => stop("Stopped."),
        answer(line) {
            clock(true);
            host?.send({ kind: "answer", id, text: line });
        },
    };
}
