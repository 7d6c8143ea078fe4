import { useEffect, useRef, useState } from "preact/hooks";

import { save } from "../chat/files";
import type { Settings } from "../server/chats";
import { said } from "../server/http";
import { createPreset, deletePreset, listPresets, updatePreset, type Preset } from "../server/presets";
import { focused } from "./focused";
import { useLatest } from "./latest";

interface Saved {
    format: "tiro.presets";
    presets: Pick<Preset, "name" | "settings">[];
}

const isSettings = (v: unknown): v is Settings => typeof v === "object" && v !== null && !Array.isArray(v);

/** Throws what is wrong with the file, in words. */
function read(text: string): Saved["presets"] {
    let value: Partial<Saved> | null;
    try {
        value = JSON.parse(text);
    } catch {
        throw new Error("This file is no JSON.");
    }
    if (value?.format !== "tiro.presets" || !Array.isArray(value.presets))
        throw new Error("These are no presets that were saved here.");
    return value.presets.map(({ name, settings }) => {
        if (typeof name !== "string" || !name.trim() || !isSettings(settings))
            throw new Error("Each preset must have a name and settings.");
        return { name: name.trim().slice(0, 100), settings };
    });
}

interface RowProps {
    preset: Preset;
    current: Settings;
    then: (work: Promise<unknown>) => void;
}

function Row({ preset, current, then }: RowProps) {
    const [name, setName] = useState<string | null>(null);
    const rename = () => {
        const now = name?.trim();
        setName(null);
        if (now && now !== preset.name) then(updatePreset(preset.id, { name: now }));
    };
    return (
        <li>
            {name === null ? (
                <bdi>{preset.name}</bdi>
            ) : (
                <input
                    aria-label="Name of the preset"
                    maxLength={100}
                    value={name}
                    ref={focused}
                    onInput={(e) => setName(e.currentTarget.value)}
                    onBlur={rename}
                    onKeyDown={(e) => {
                        if (e.key !== "Enter" && e.key !== "Escape") return;
                        e.preventDefault();
                        if (e.key === "Enter") rename();
                        else setName(null);
                    }}
                />
            )}
            <span class="buttons">
                <button type="button" aria-label={`Rename ${preset.name}`} onClick={() => setName(preset.name)}>
                    Rename
                </button>
                <button
                    type="button"
                    aria-label={`Replace ${preset.name} by these settings`}
                    onClick={() => then(updatePreset(preset.id, { settings: current }))}
                >
                    Replace
                </button>
                <button type="button" class="bad" aria-label={`Delete ${preset.name}`} onClick={() => then(deletePreset(preset.id))}>
                    Delete
                </button>
            </span>
        </li>
    );
}

interface Props {
    /** Of the chat, with the model that it uses. */
    current: Settings;
    onApply: (settings: Settings) => void;
}

/** Settings under a name: applied, made, changed, exchanged as files. */
export function Presets({ current, onApply }: Props) {
    const [presets, setPresets] = useState<Preset[]>([]);
    const [name, setName] = useState("");
    const [problem, setProblem] = useState("");
    const [applied, setApplied] = useState("");
    const file = useRef<HTMLInputElement>(null);
    const fail = (e: unknown) => setProblem(said(e));
    const latest = useLatest();
    const again = () => latest(listPresets()).then(setPresets);
    useEffect(() => void again().catch(fail), []);
    const then = (work: Promise<unknown>) => {
        setProblem("");
        void work.then(again).catch(fail);
    };
    const apply = (id: string) => {
        const preset = presets.find((p) => p.id === id);
        setApplied(preset?.name ?? "");
        if (preset) onApply(preset.settings);
    };
    const keep = () => {
        if (!name.trim()) return setProblem("A preset needs a name.");
        then(createPreset(name.trim(), current).then(() => setName((now) => (now === name ? "" : now))));
    };
    const take = async (chosen: File) => {
        for (const { name, settings } of read(await chosen.text())) await createPreset(name, settings);
    };
    const give = () => {
        const saved: Saved = {
            format: "tiro.presets",
            presets: presets.map(({ name, settings }) => ({ name, settings })),
        };
        save("presets.json", new Blob([JSON.stringify(saved, null, 1)], { type: "application/json" }));
    };
    return (
        <fieldset class="presets">
            <legend>Presets</legend>
            {presets.length > 0 && (
                <label>
                    Use the settings of
                    <select value="" onChange={(e) => apply(e.currentTarget.value)}>
                        <option value="">choose a preset</option>
                        {presets.map((p) => (
                            <option value={p.id}>{p.name}</option>
                        ))}
                    </select>
                </label>
            )}
            {applied && (
                <p class="notice" role="status">
                    These are the settings of <bdi>{applied}</bdi> now.
                </p>
            )}
            <div class="line">
                <input
                    aria-label="Name of a new preset"
                    placeholder="Keep these settings as …"
                    maxLength={100}
                    value={name}
                    onInput={(e) => setName(e.currentTarget.value)}
                    onKeyDown={(e) => {
                        if (e.key !== "Enter") return;
                        e.preventDefault();
                        keep();
                    }}
                />
                <button type="button" onClick={keep}>
                    Keep
                </button>
            </div>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            <details>
                <summary>Change, import, export</summary>
                <ul class="lines" aria-label="Presets">
                    {presets.map((p) => (
                        <Row key={p.id} preset={p} current={current} then={then} />
                    ))}
                </ul>
                <p class="buttons">
                    <button type="button" onClick={() => file.current!.click()}>
                        Import presets
                    </button>
                    <button type="button" disabled={presets.length === 0} onClick={give}>
                        Export presets
                    </button>
                    <input
                        ref={file}
                        hidden
                        type="file"
                        aria-label="Presets to import"
                        accept=".json,application/json"
                        onChange={(e) => {
                            const chosen = e.currentTarget.files?.[0];
                            if (chosen) then(take(chosen));
                            e.currentTarget.value = "";
                        }}
                    />
                </p>
            </details>
        </fieldset>
    );
}
