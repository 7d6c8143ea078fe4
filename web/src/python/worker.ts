// One program in Python, and its end. Runs in a worker of /python.html: no origin, no network, no page.
import "./modern";
import createPyodideModule from "pyodide/pyodide.asm.mjs";
import { loadPyodide, type PyodideAPI } from "pyodide";

import { driver } from "./driver";
import {
    FILES_MAX,
    FILE_BYTES_MAX,
    MEMORY_BYTES_MAX,
    OUTPUT_CHARS_MAX,
    type FromWorker,
    type Program,
    type WrittenFile,
} from "./messages";

const HOME = "/work";
const PAGE_BYTES = 65536;
/** The first are sent at once; of very many, what comes in this time is sent together. */
const SINGLE_MAX = 100;
const TOGETHER_MS = 50;

const say = (message: FromWorker) => postMessage(message);

/** What the program may have of memory, whatever the module declares. */
function boundMemory(): void {
    const grow = WebAssembly.Memory.prototype.grow;
    WebAssembly.Memory.prototype.grow = function (pages: number) {
        if (this.buffer.byteLength + pages * PAGE_BYTES > MEMORY_BYTES_MAX) throw new RangeError("The memory is full.");
        return grow.call(this, pages);
    };
}

/** Pyodide fetches its parts; here they are there already. */
async function load(module: WebAssembly.Module, stdlib: ArrayBuffer): Promise<PyodideAPI> {
    const { fetch } = globalThis;
    const { instantiateStreaming } = WebAssembly;
    globalThis.fetch = async () => new Response(stdlib);
    WebAssembly.instantiateStreaming = async (_, imports) => ({
        module,
        instance: await WebAssembly.instantiate(module, imports),
    });
    try {
        return await loadPyodide({
            indexURL: "https://python.invalid/",
            createPyodideModule: createPyodideModule as never,
            // No list of packages: nothing of the kind is here.
            lockFileContents: {
                info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2", version: "314.0.7" },
                packages: {},
            } as never,
            packageBaseUrl: "https://python.invalid/",
            env: { HOME, TZ: Intl.DateTimeFormat().resolvedOptions().timeZone },
        });
    } finally {
        globalThis.fetch = fetch;
        WebAssembly.instantiateStreaming = instantiateStreaming;
    }
}

/** Writes of a stream become messages, not too many and not too long. */
function stream(kind: "out" | "err", left: { chars: number }): { write: (bytes: Uint8Array) => number; flush: () => void } {
    const decoder = new TextDecoder();
    let waiting = "";
    let sent = 0;
    let last = 0;
    const flush = () => {
        if (!waiting) return;
        say({ kind, text: waiting });
        waiting = "";
        sent++;
        last = performance.now();
    };
    return {
        write(bytes) {
            const text = decoder.decode(bytes, { stream: true });
            if (left.chars > 0) {
                waiting += text.slice(0, left.chars);
                left.chars -= text.length;
                if (left.chars <= 0) {
                    flush();
                    say({ kind: "err", text: `\n[more than ${OUTPUT_CHARS_MAX} characters: the rest is left out]\n` });
                }
            }
            if (sent < SINGLE_MAX || performance.now() - last > TOGETHER_MS) flush();
            return bytes.length;
        },
        flush,
    };
}

function put(python: PyodideAPI, program: Program): Map<string, Uint8Array> {
    const there = new Map<string, Uint8Array>();
    for (const { name, text } of [...program.files, program]) {
        const bytes = new TextEncoder().encode(text);
        const at = name.lastIndexOf("/");
        if (at > 0) python.FS.mkdirTree(`${HOME}/${name.slice(0, at)}`);
        python.FS.writeFile(`${HOME}/${name}`, bytes);
        there.set(name, bytes);
    }
    return there;
}

const same = (a: Uint8Array, b: Uint8Array | undefined) =>
    b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The files that the program wrote; what is too much is named only. */
function written(python: PyodideAPI, there: Map<string, Uint8Array>): { files: WrittenFile[]; left: string[] } {
    const files: WrittenFile[] = [];
    const left: string[] = [];
    let room = FILE_BYTES_MAX;
    const walk = (folder: string) => {
        for (const one of (python.FS.readdir(HOME + folder) as string[]).sort()) {
            if (one === "." || one === ".." || one === "__pycache__") continue;
            const path = `${folder}/${one}`;
            const stat = python.FS.lstat(HOME + path);
            if (python.FS.isDir(stat.mode)) walk(path);
            if (!python.FS.isFile(stat.mode)) continue;
            const name = path.slice(1);
            if (stat.size > room || files.length === FILES_MAX) {
                left.push(name);
                continue;
            }
            const bytes = python.FS.readFile(HOME + path) as Uint8Array;
            if (same(bytes, there.get(name))) continue;
            room -= bytes.length;
            files.push({ name, bytes });
        }
    };
    walk("");
    return { files, left: left.slice(0, FILES_MAX) };
}

/** undefined is None in Python; null would be something else. */
let answered: ((line: string | undefined) => void) | null = null;

async function run(program: Program, module: WebAssembly.Module, stdlib: ArrayBuffer): Promise<void> {
    boundMemory();
    const python = await load(module, stdlib);
    const left = { chars: OUTPUT_CHARS_MAX };
    const out = stream("out", left);
    const err = stream("err", left);
    python.setStdout({ write: out.write });
    python.setStderr({ write: err.write });
    python.setStdin({ stdin: () => null });
    const there = put(python, program);
    python.FS.chdir(HOME);
    const ask = (prompt: string) => {
        out.flush();
        err.flush();
        say({ kind: "ask", text: prompt });
        return new Promise<string | undefined>((go) => (answered = go));
    };
    python.runPython(driver);
    say({ kind: "begun", text: "" });
    const begin = performance.now();
    const main = python.globals.get("main");
    const ok: boolean = await main.callPromising(program.name, program.text, ask);
    const ms = performance.now() - begin;
    out.flush();
    err.flush();
    say({ kind: "done", ok, ms, ...written(python, there) });
}

addEventListener("message", ({ data }) => {
    if (data.kind === "answer") {
        answered?.(data.text ?? undefined);
        answered = null;
    } else if (data.kind === "run") {
        run(data.program, data.module, data.stdlib).catch((e: unknown) => {
            say({ kind: "err", text: `${e instanceof Error ? e.message : e}\n` });
            say({ kind: "done", ok: false, ms: 0, files: [], left: [] });
        });
    }
});
