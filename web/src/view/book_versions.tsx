// The versions of a scene, side by side with the one that stands.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { counted, repeats } from "../book/state";
import type { Scene, Version } from "../server/books";
import { said } from "../server/http";
import { Prose } from "./book_scene";

const when = (seconds: number) => new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

function made({ model, drafts }: Version): string {
    if (!model) return "by hand";
    return drafts > 1 ? `${model}, best of ${drafts} drafts` : model;
}

function Facts({ version }: { version: Version }) {
    const rows = [
        ["By", made(version)],
        ["When", when(version.created_at)],
        ["Length", counted(version.words, "word")],
        ["Repeats", repeats(version.repeated)],
        ...(version.model ? [["Seed", String(version.seed)]] : []),
    ];
    return (
        <dl class="facts-of">
            {rows.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd>
                        <bdi>{value}</bdi>
                    </dd>
                </div>
            ))}
        </dl>
    );
}

function Differences({ before, after }: { before: string; after: string }) {
    const [parts, setParts] = useState<{ kind: "same" | "new" | "old"; text: string }[] | null>(null);
    useEffect(() => {
        let live = true;
        void import("../chat/changes").then(({ wordChanges }) => live && setParts(wordChanges(before, after)));
        return () => void (live = false);
    }, [before, after]);
    return (
        <p class="prose differences" dir="auto">
            {parts?.map(({ kind, text }, i) =>
                kind === "new" ? <ins key={i}>{text}</ins> : kind === "old" ? <del key={i}>{text}</del> : text,
            )}
        </p>
    );
}

interface Props {
    name: string;
    scene: Scene;
    choose: (version: string) => Promise<void>;
    onClose: () => void;
}

export default function Versions({ name, scene, choose, onClose }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    const [at, setAt] = useState("");
    const [marked, setMarked] = useState(false);
    const [problem, setProblem] = useState("");
    useLayoutEffect(() => dialog.current?.showModal(), []);
    const { versions } = scene;
    const stands = versions.find((v) => v.id === scene.version_id);
    const others = versions.filter((v) => v !== stands);
    const other = others.find((v) => v.id === at) ?? others[0];
    const number = (v: Version) => versions.length - versions.indexOf(v);
    const take = () => {
        setProblem("");
        choose(other!.id).then(
            () => dialog.current?.close(),
            (e: unknown) => setProblem(said(e)),
        );
    };
    return (
        <dialog ref={dialog} class="versions" onClose={onClose} aria-label={`Versions of ${name}`}>
            <h2>Versions of {name}</h2>
            <div class="buttons">
                <label class="inline">
                    Compare with{" "}
                    <select value={other?.id} onChange={(e) => setAt(e.currentTarget.value)}>
                        {others.map((v) => (
                            <option key={v.id} value={v.id}>
                                {number(v)}: {v.model || "by hand"}, {when(v.created_at)}
                            </option>
                        ))}
                    </select>
                </label>
                <label class="inline">
                    <input type="checkbox" checked={marked} onChange={(e) => setMarked(e.currentTarget.checked)} /> Mark
                    what differs
                </label>
            </div>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            <div class="two" tabIndex={0} role="region" aria-label="Two versions">
                {stands && (
                    <section aria-label="The version that stands">
                        <h3>Version {number(stands)}, which stands</h3>
                        <Facts version={stands} />
                        <Prose text={stands.text} />
                    </section>
                )}
                {other && (
                    <section aria-label="The other version">
                        <h3>Version {number(other)}</h3>
                        <Facts version={other} />
                        {marked ? <Differences before={stands?.text ?? ""} after={other.text} /> : <Prose text={other.text} />}
                    </section>
                )}
            </div>
            <p class="buttons end">
                <button type="button" disabled={!other} class="main" onClick={take}>
                    {other ? `Choose version ${number(other)}` : "Choose"}
                </button>
                <button type="button" onClick={() => dialog.current?.close()}>
                    Close
                </button>
            </p>
        </dialog>
    );
}
