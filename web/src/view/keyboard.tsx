import { useLayoutEffect, useRef } from "preact/hooks";

import type { Command } from "./palette";

const others: [string, string][] = [
    ["Enter", "Send the message"],
    ["Shift Enter", "A new line"],
    ["Escape", "Stop the answer; close what is open"],
    ["Alt ↑  Alt ↓", "The message before, the message after"],
    ["Tab", "The next button of a message"],
    ["Arrows, Enter, Delete", "On the map: to a message, go there, delete its branch"],
];

/** What the keyboard does. */
export default function Keyboard({ commands, onClose }: { commands: Command[]; onClose: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useLayoutEffect(() => dialog.current?.showModal(), []);
    const rows = [...commands.filter((c) => c.keys).map((c) => [c.keys!, c.name] as [string, string]), ...others];
    return (
        <dialog ref={dialog} class="keyboard" onClose={onClose} aria-label="Keyboard">
            <form method="dialog">
                <h2>Keyboard</h2>
                <dl>
                    {rows.map(([keys, name]) => (
                        <div key={keys}>
                            <dt>
                                <kbd>{keys}</kbd>
                            </dt>
                            <dd>{name}</dd>
                        </div>
                    ))}
                </dl>
                <button type="submit">Close</button>
            </form>
        </dialog>
    );
}
