import { useEffect, useRef, useState } from "preact/hooks";

import { safeName, type NamedFile } from "../chat/artifacts";
import { save } from "../chat/files";
import { RUN_MS, type WrittenFile } from "../python/messages";
import { runPython, type Result, type Running } from "../python/run";

export interface PythonProps {
    name: string;
    text: string;
    /** What lies beside it. */
    files: NamedFile[];
    /** Runs again when it grows. */
    round: number;
    onGive?: (name: string, text: string) => void;
}

type Line = { kind: "out" | "err"; text: string };
/** What is given to the model: more says no more. */
const GIVE_MAX = 8000;

const PICTURES: Record<string, string> = {
    gif: "image/gif", jpeg: "image/jpeg", jpg: "image/jpeg", png: "image/png", svg: "image/svg+xml", webp: "image/webp",
};

function Written({ file }: { file: WrittenFile }) {
    const [url, setUrl] = useState("");
    const name = safeName(file.name) || "file";
    const type = PICTURES[name.split(".").pop()!.toLowerCase()];
    const blob = () => new Blob([file.bytes as Uint8Array<ArrayBuffer>], { type: type ?? "application/octet-stream" });
    useEffect(() => {
        if (!type) return;
        // As a picture: scripts in an SVG do not run, and nothing in it is fetched.
        const made = URL.createObjectURL(blob());
        setUrl(made);
        return () => URL.revokeObjectURL(made);
    }, [file]);
    return (
        <li>
            {url && <img src={url} alt={name} />}
            <button onClick={() => save(name.split("/").pop()!, blob())}>
                {name} <span class="faint">({file.bytes.length} bytes)</span>
            </button>
        </li>
    );
}

/** Adds to the last line where it goes on in the same stream. */
function joined(all: Line[], kind: Line["kind"], text: string): Line[] {
    const last = all.at(-1);
    if (last?.kind !== kind) return [...all, { kind, text }];
    return [...all.slice(0, -1), { kind, text: last.text + text }];
}

/** Runs a program as soon as it is shown, and shows what comes of it. */
export default function PythonRun({ name, text, files, round, onGive }: PythonProps) {
    const [state, setState] = useState<"loading" | "running" | "done">("loading");
    const [lines, setLines] = useState<Line[]>([]);
    const [ask, setAsk] = useState<string | null>(null);
    const [result, setResult] = useState<Result | null>(null);
    const running = useRef<Running | null>(null);
    const line = useRef<HTMLInputElement>(null);
    useEffect(() => {
        let live = true;
        const heard =
            <T extends unknown[]>(f: (...all: T) => void) =>
            (...all: T) => void (live && f(...all));
        setState("loading");
        setLines([]);
        setAsk(null);
        setResult(null);
        running.current = runPython({ name, text, files: files.filter((f) => f.name !== name) }, {
            begun: heard(() => setState("running")),
            said: heard((kind, more) => setLines((all) => joined(all, kind, more))),
            asked: heard((prompt) => setAsk(prompt)),
            ended: heard((end) => {
                setState("done");
                setAsk(null);
                setResult(end);
            }),
        });
        return () => {
            live = false;
            running.current?.stop();
        };
    }, [text, round]);
    useEffect(() => {
        if (ask !== null) line.current?.focus();
    }, [ask]);
    const answer = (said: string | null) => {
        setAsk(null);
        running.current?.answer(said);
    };
    const output = lines.map((l) => l.text).join("");
    const said =
        state === "loading"
            ? "Python comes from the server (once) and starts…"
            : state === "running"
              ? ask === null
                  ? "Running…"
                  : "It waits for a line."
              : `${result?.ok ? "Done" : "Failed"} after ${((result?.ms ?? 0) / 1000).toFixed(2)} s`;
    return (
        <section class="result" aria-label={`Output of ${name}`}>
            {output && (
                <pre class="console" tabIndex={0} aria-label="Output">
                    {lines.map((l) => (
                        <span class={l.kind === "err" ? "bad" : ""}>{l.text}</span>
                    ))}
                </pre>
            )}
            {ask !== null && (
                <form
                    class="ask"
                    onSubmit={(e) => {
                        e.preventDefault();
                        answer(line.current!.value);
                    }}
                >
                    <label>
                        <span>{ask.trim() || "A line for the program"}</span>
                        <input ref={line} autocomplete="off" spellcheck={false} />
                    </label>
                    <button type="submit">Enter</button>
                    <button type="button" onClick={() => answer(null)}>
                        No more
                    </button>
                </form>
            )}
            {result && result.files.length > 0 && (
                <ul class="written" aria-label="Files that it wrote">
                    {result.files.map((file) => (
                        <Written key={file.name} file={file} />
                    ))}
                </ul>
            )}
            {result && result.left.length > 0 && (
                <p class="notice">Too large to be kept: {result.left.map(safeName).join(", ")}</p>
            )}
            <p class="state">
                <span role="status" class={result && !result.ok ? "bad" : ""} title={`At most ${RUN_MS / 1000} s`}>
                    {said}
                </span>
                {state !== "done" && <button onClick={() => running.current?.stop()}>Stop</button>}
                {state === "done" && onGive && (
                    <button
                        onClick={() =>
                            onGive(
                                name,
                                (output || "(no output)").slice(0, GIVE_MAX) +
                                    (output.length > GIVE_MAX ? "\n[cut here]" : "") +
                                    (result && !result.ok ? "\n[the program failed]" : ""),
                            )
                        }
                    >
                        Give the result to the model
                    </button>
                )}
            </p>
        </section>
    );
}
