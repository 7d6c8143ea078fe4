import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

import { goTo } from "../address";
import { listChats, type Chat } from "../server/chats";
import { listFolders, type Folder } from "../server/folders";

/** All folders, and what asks for them again. */
export function useFolders(): [Folder[], () => void] {
    const [folders, setFolders] = useState<Folder[]>([]);
    const [round, setRound] = useState(0);
    useEffect(() => {
        let live = true;
        // Who has no key, or no server, is told so elsewhere.
        listFolders().then((all) => live && setFolders(all), () => undefined);
        return () => void (live = false);
    }, [round]);
    return [folders, () => setRound((r) => r + 1)];
}

const OPEN = "tiro.folders.open";

function openIds(): string[] {
    try {
        return JSON.parse(localStorage.getItem(OPEN) ?? "[]");
    } catch {
        return [];
    }
}

/** Whether a folder's chats are shown; this browser remembers it. */
function useOpen(id: string, holdsOpen: boolean): [boolean, () => void] {
    const [open, setOpen] = useState(() => openIds().includes(id));
    useEffect(() => {
        if (holdsOpen) setOpen(true);
    }, [holdsOpen]);
    const turn = () => {
        const others = openIds().filter((o) => o !== id);
        localStorage.setItem(OPEN, JSON.stringify(open ? others : [...others, id]));
        setOpen(!open);
    };
    return [open, turn];
}

interface Props {
    folder: Folder;
    /** The chat that is open is in it: it is shown. */
    holdsOpen: boolean;
    /** Counts up when something of a chat has changed. */
    round: number;
    row: (chat: Chat) => ComponentChildren;
}

/** A folder in the list of chats: its name opens and closes it. */
export function Group({ folder, holdsOpen, round, row }: Props) {
    const [open, turn] = useOpen(folder.id, holdsOpen);
    const [chats, setChats] = useState<Chat[] | null>(null);
    const [more, setMore] = useState(false);
    const menu = useRef<HTMLDetailsElement>(null);
    useEffect(() => {
        if (!open) return;
        let live = true;
        listChats({ folder_id: folder.id }).then(
            (page) => {
                if (!live) return;
                setChats(page.data);
                setMore(page.has_more);
            },
            () => live && setChats([]),
        );
        return () => void (live = false);
    }, [open, round, folder.id]);
    const next = () =>
        void listChats({ folder_id: folder.id, after: chats?.at(-1)?.id }).then((page) => {
            setChats([...(chats ?? []), ...page.data]);
            setMore(page.has_more);
        });
    const go = (...to: string[]) => {
        if (menu.current) menu.current.open = false;
        goTo(...to);
    };
    return (
        <li class="group">
            <div class="group-head">
                <button class="title" aria-expanded={open} onClick={turn}>
                    <span aria-hidden="true">{open ? "▾" : "▸"}</span> <bdi>{folder.name}</bdi>
                </button>
                <details ref={menu} class="menu">
                    <summary aria-label={`More for the folder ${folder.name}`}>⋯</summary>
                    <div>
                        <button onClick={() => go("in", folder.id)}>New chat here</button>
                        <button onClick={() => go("folder", folder.id)}>Instructions and files</button>
                    </div>
                </details>
            </div>
            {open && (
                <ul aria-label={`Chats in ${folder.name}`}>
                    {chats?.map(row)}
                    {chats?.length === 0 && (
                        <li>
                            <button class="title faint" onClick={() => go("in", folder.id)}>
                                New chat here
                            </button>
                        </li>
                    )}
                    {more && (
                        <li>
                            <button onClick={next}>More</button>
                        </li>
                    )}
                </ul>
            )}
        </li>
    );
}
