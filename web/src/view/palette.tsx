import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { listChats, type Chat } from "../server/chats";

export interface Command {
    name: string;
    /** How the keyboard reaches it without this list. */
    keys?: string;
    run: () => void;
}

interface Props {
    commands: Command[];
    onOpen: (chat: string) => void;
    onClose: () => void;
}

/** Everything by its name: commands, and the chats that hold what is typed. */
export function Palette({ commands, onOpen, onClose }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    const [text, setText] = useState("");
    const [found, setFound] = useState<{ by: string; chats: Chat[] }>({ by: "", chats: [] });
    const [at, setAt] = useState(0);
    useLayoutEffect(() => dialog.current?.showModal(), []);
    useEffect(() => {
        let live = true;
        const search = text.trim() || undefined;
        void listChats({ search }).then(
            (page) => live && setFound({ by: text, chats: page.data.slice(0, 8) }),
            () => undefined,
        );
        return () => void (live = false);
    }, [text]);

    const words = text.toLowerCase().split(/\s+/);
    const rows: Command[] = [
        ...commands.filter((c) => words.every((w) => c.name.toLowerCase().includes(w))),
        // Those that hold what was typed before are none.
        ...(found.by === text ? found.chats : []).map((c) => ({ name: c.title || "Untitled", run: () => onOpen(c.id) })),
    ];
    const chosen = Math.min(at, rows.length - 1);
    const run = (row: Command | undefined) => {
        if (!row) return;
        dialog.current!.close();
        row.run();
    };
    const key = (e: KeyboardEvent) => {
        if (e.key === "ArrowDown") setAt(Math.min(chosen + 1, rows.length - 1));
        else if (e.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
        else if (e.key === "Enter") run(rows[chosen]);
        else return;
        e.preventDefault();
    };
    return (
        <dialog ref={dialog} class="palette" onClose={onClose} aria-label="Commands">
            <input
                role="combobox"
                aria-expanded="true"
                aria-controls="palette-rows"
                aria-activedescendant={rows.length ? `palette-${chosen}` : undefined}
                aria-label="Command or chat"
                placeholder="Type a command or a chat"
                value={text}
                onInput={(e) => {
                    setText(e.currentTarget.value);
                    setAt(0);
                }}
                onKeyDown={key}
            />
            <ul id="palette-rows" role="listbox" aria-label="Commands and chats">
                {rows.map((row, i) => (
                    <li
                        id={`palette-${i}`}
                        role="option"
                        aria-selected={i === chosen}
                        onClick={() => run(row)}
                    >
                        <span dir="auto">{row.name}</span>
                        {row.keys && <kbd>{row.keys}</kbd>}
                    </li>
                ))}
            </ul>
        </dialog>
    );
}
