// Asks for a tune of a kind, in a metre and a key, so long: what comes can be played.
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { PART_BARS, keys, kinds, metres, type Wish } from "../music/tunes";

interface Props {
    ready: boolean;
    onWrite: (words: string, wish: Wish) => void;
    onClose: () => void;
}

function Choice<T extends string | number>(props: { label: string; value: T; of: readonly T[]; onChange: (value: T) => void }) {
    return (
        <label>
            {props.label}
            <select value={props.value} onChange={(e) => props.onChange(props.of[e.currentTarget.selectedIndex]!)}>
                {props.of.map((one) => (
                    <option value={one}>{one}</option>
                ))}
            </select>
        </label>
    );
}

const an = (word: string) => (/^[aeiou]/.test(word) ? "an" : "a");

export default function TuneDialog({ ready, onWrite, onClose }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    const [kind, setKind] = useState("jig");
    const [metre, setMetre] = useState("6/8");
    const [key, setKey] = useState("G");
    const [bars, setBars] = useState(16);
    const [title, setTitle] = useState("");
    useLayoutEffect(() => dialog.current?.showModal(), []);
    const write = () => {
        const parts = Math.max(1, bars / PART_BARS);
        const each = Math.min(bars, PART_BARS);
        const called = title.trim() ? ` called “${title.trim()}”` : "";
        const wish: Wish = {
            metre,
            unit: 8,
            keys: [key],
            rhythm: kind,
            bars_min: each,
            bars_max: each,
            parts_min: parts,
            parts_max: parts,
            title: title.replace(/[%\\]/g, " ").trim() || undefined,
        };
        onWrite(`Write ${an(kind)} ${kind}${called} in ${key}, in ${metre}, ${bars} bars, in ABC notation.`, wish);
    };
    return (
        <dialog ref={dialog} class="tune" onClose={onClose} aria-label="Write a tune">
            <form
                method="dialog"
                onSubmit={(e) => (e.submitter as HTMLButtonElement | null)?.value === "write" && write()}
            >
                <h2>Write a tune</h2>
                <div class="row">
                    <Choice
                        label="Kind"
                        value={kind}
                        of={kinds.map((k) => k.name)}
                        onChange={(name) => {
                            setKind(name);
                            setMetre(kinds.find((k) => k.name === name)!.metre);
                        }}
                    />
                    <Choice label="Metre" value={metre} of={metres} onChange={setMetre} />
                    <Choice label="Key" value={key} of={keys} onChange={setKey} />
                    <Choice label="Bars" value={bars} of={[4, 8, 16, 24, 32]} onChange={setBars} />
                </div>
                <label>
                    Title
                    <input maxLength={60} placeholder="The model finds one" value={title} onInput={(e) => setTitle(e.currentTarget.value)} />
                </label>
                <p class="hint">A grammar holds the answer: whatever the model writes, every bar adds up.</p>
                <div class="ends">
                    <button type="submit" value="write" disabled={!ready}>
                        Write
                    </button>
                    <button type="submit" value="">
                        Cancel
                    </button>
                </div>
            </form>
        </dialog>
    );
}
