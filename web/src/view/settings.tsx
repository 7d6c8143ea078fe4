import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Settings } from "../server/chats";
import { said } from "../server/http";
import { choose, readPreferences } from "../server/memory";
import { Presets } from "./presets";

interface Props {
    settings: Settings;
    /** Which one the chat uses. */
    model: string;
    /** It is told nothing of the memory anyway. */
    temporary: boolean;
    onChange: (settings: Settings) => void;
    onClose: () => void;
}

/** What a number field holds, or undefined when it is empty: the server's default. */
function numberOf(text: string): number | undefined {
    return text.trim() === "" ? undefined : Number(text);
}

function Field(props: { label: string; hint: string; value: number | undefined; max: number; step: number; min?: number; onChange: (value: number | undefined) => void }) {
    return (
        <label>
            {props.label}
            <input
                type="number"
                min={props.min ?? 0}
                max={props.max}
                step={props.step}
                placeholder={props.hint}
                value={props.value ?? ""}
                onChange={(e) => e.currentTarget.reportValidity() && props.onChange(numberOf(e.currentTarget.value))}
            />
        </label>
    );
}

/** What holds for all chats. */
function Titles() {
    const [on, setOn] = useState<boolean | null>(null);
    const [problem, setProblem] = useState("");
    const fail = (e: unknown) => setProblem(said(e));
    useEffect(() => void readPreferences().then((p) => setOn(p.titles), fail), []);
    if (problem) return <p class="notice bad">{problem}</p>;
    return (
        <label class="tick">
            <input
                type="checkbox"
                checked={on ?? false}
                disabled={on === null}
                onChange={(e) => void choose({ titles: e.currentTarget.checked }).then((p) => setOn(p.titles), fail)}
            />{" "}
            In all chats: let the model make the title, when it has nothing else to do
        </label>
    );
}

export default function SettingsDialog({ settings, model, temporary, onChange, onClose }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    const [problem, setProblem] = useState("");
    useLayoutEffect(() => dialog.current?.showModal(), []);
    const set = (change: Partial<Settings>) => onChange({ ...settings, ...change });
    const schema = (text: string) => {
        setProblem("");
        if (text.trim() === "") return set({ schema: undefined });
        try {
            JSON.parse(text);
            set({ schema: text });
        } catch (e) {
            setProblem(`The schema is no JSON: ${(e as Error).message}`);
        }
    };
    return (
        <dialog ref={dialog} onClose={onClose} aria-label="Settings of this chat">
            <form method="dialog">
                <h2>Settings of this chat</h2>
                <label>
                    Instructions
                    <textarea
                        rows={5}
                        dir="auto"
                        placeholder="How it shall answer"
                        value={settings.instructions ?? ""}
                        onChange={(e) => set({ instructions: e.currentTarget.value || undefined })}
                    />
                </label>
                <div class="row">
                    <Field label="Temperature" hint="0.4" max={2} step={0.05} value={settings.temperature} onChange={(temperature) => set({ temperature })} />
                    <Field label="Top p" hint="1" max={1} step={0.05} value={settings.top_p} onChange={(top_p) => set({ top_p })} />
                    <Field label="Longest answer, tokens" hint="no limit" min={16} max={1_000_000} step={1} value={settings.max_output_tokens} onChange={(max_output_tokens) => set({ max_output_tokens })} />
                </div>
                <label class="check">
                    <input
                        type="checkbox"
                        checked={settings.check_music ?? false}
                        onChange={(e) => set({ check_music: e.currentTarget.checked || undefined })}
                    />{" "}
                    The model may have its music checked before it answers
                </label>
                <label>
                    JSON Schema that answers are held to
                    <textarea
                        rows={5}
                        class="mono"
                        placeholder='{"type":"object","properties":{…},"required":[…],"additionalProperties":false}'
                        value={settings.schema ?? ""}
                        onChange={(e) => schema(e.currentTarget.value)}
                    />
                </label>
                {problem && <p class="notice bad">{problem}</p>}
                {!temporary && (
                    <label class="tick">
                        <input
                            type="checkbox"
                            checked={settings.memory !== false}
                            onChange={(e) => set({ memory: e.currentTarget.checked ? undefined : false })}
                        />{" "}
                        Tell this chat what stands in the <a href="#/memory">memory</a>
                    </label>
                )}
                <Titles />
                <Presets current={{ ...settings, model }} onApply={onChange} />
                <button type="submit">Done</button>
            </form>
        </dialog>
    );
}
