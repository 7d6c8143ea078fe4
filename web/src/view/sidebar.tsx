import { useEffect, useRef, useState } from "preact/hooks";

import type { Page } from "../pages";
import { deleteChat, listChats, updateChat, type Chat } from "../server/chats";
import type { Folder } from "../server/folders";
import { said } from "../server/http";
import { focused } from "./focused";
import { Group } from "./folders";

interface Props {
    open: string;
    /** The folder that the open chat is in; "": none. */
    openFolder: string;
    /** Counts up when something of a chat has changed. */
    round: number;
    folders: Folder[];
    /** The pages beside the chat that it leads to. */
    places: Page[];
    /** Something of them has changed. */
    onFolders: () => void;
    onNewFolder: () => void;
    onShare: (chat: Chat) => void;
    /** A chat has changed, from here. */
    onChanged: (chat: Chat) => void;
    onOpen: (id: string) => void;
    onNew: (temporary: boolean) => void;
    onDeleted: (id: string) => void;
    onImport: (file: File) => void;
    onExport: (chat: Chat, how: "markdown" | "json") => void;
}

const SEARCH_MS = 250;

interface RowProps {
    chat: Chat;
    props: Props;
    /** It is one of those that a search found: it says where it is. */
    inSearch: boolean;
    again: () => void;
}

function Row({ chat, props, inSearch, again }: RowProps) {
    const [naming, setNaming] = useState(false);
    const menu = useRef<HTMLDetailsElement>(null);
    const shut = () => {
        if (menu.current) menu.current.open = false;
    };
    const then = (work: Promise<unknown>) => {
        shut();
        void work.then(again);
    };
    const move = (folder_id: string) =>
        then(
            updateChat(chat.id, { folder_id }).then((now) => {
                props.onChanged(now);
                props.onFolders();
            }),
        );
    const folder = props.folders.find((f) => f.id === chat.folder_id);
    const named = (title: string) => {
        if (!naming) return; // Leaving the field after Enter comes here again.
        setNaming(false);
        if (title && title !== chat.title) then(updateChat(chat.id, { title }));
    };
    if (naming)
        return (
            <li>
                <input
                    aria-label="Title"
                    maxLength={60}
                    defaultValue={chat.title}
                    ref={focused}
                    onBlur={(e) => named(e.currentTarget.value.trim())}
                    onKeyDown={(e) => {
                        if (e.key === "Enter") named(e.currentTarget.value.trim());
                        if (e.key === "Escape") setNaming(false);
                    }}
                />
            </li>
        );
    return (
        <li class={chat.id === props.open ? "open" : ""}>
            <button
                class="title"
                aria-current={chat.id === props.open ? "page" : undefined}
                onClick={() => props.onOpen(chat.id)}
            >
                <span dir="auto">
                    {chat.pinned && "★ "}
                    {chat.title || "Untitled"}
                </span>
                {typeof chat.snippet === "string" && <small dir="auto">{chat.snippet}</small>}
                {inSearch && folder && <small>in {folder.name}</small>}
            </button>
            <details ref={menu} class="menu">
                <summary aria-label={`More for ${chat.title || "Untitled"}`}>⋯</summary>
                <div>
                    <button onClick={() => setNaming(true)}>Rename</button>
                    <button onClick={() => then(updateChat(chat.id, { pinned: !chat.pinned }))}>
                        {chat.pinned ? "Unpin" : "Pin"}
                    </button>
                    <button onClick={() => then(updateChat(chat.id, { archived: !chat.archived }))}>
                        {chat.archived ? "Back from the archive" : "Archive"}
                    </button>
                    {(props.folders.length > 0 || chat.folder_id) && (
                        <label>
                            Folder{" "}
                            <select aria-label="Folder" value={chat.folder_id} onChange={(e) => move(e.currentTarget.value)}>
                                <option value="">none</option>
                                {props.folders.map((f) => (
                                    <option value={f.id}>{f.name}</option>
                                ))}
                            </select>
                        </label>
                    )}
                    <button
                        onClick={() => {
                            shut();
                            props.onShare(chat);
                        }}
                    >
                        Share
                    </button>
                    <button onClick={() => then(Promise.resolve(props.onExport(chat, "markdown")))}>
                        Save as Markdown
                    </button>
                    <button onClick={() => then(Promise.resolve(props.onExport(chat, "json")))}>Save as JSON</button>
                    <button
                        class="bad"
                        onClick={() => {
                            if (!confirm(`Delete "${chat.title}"? It cannot be brought back.`)) return;
                            then(deleteChat(chat.id).then(() => props.onDeleted(chat.id)));
                        }}
                    >
                        Delete
                    </button>
                </div>
            </details>
        </li>
    );
}

/** The pages beside the chat. */
function Places({ pages }: { pages: Page[] }) {
    if (pages.length === 0) return null;
    return (
        <ul class="places" aria-label="Pages">
            {pages.map((p) => (
                <li>
                    <a href={`#/${p.path}`}>{p.name}</a>
                </li>
            ))}
        </ul>
    );
}

export function Sidebar(props: Props) {
    const [chats, setChats] = useState<Chat[]>([]);
    const [more, setMore] = useState(false);
    const [search, setSearch] = useState("");
    const [archived, setArchived] = useState(false);
    const [problem, setProblem] = useState("");
    const [round, setRound] = useState(0);
    const file = useRef<HTMLInputElement>(null);

    // Searching, and the archive, know no folders.
    const grouped = !search.trim() && !archived;
    const wanted = { search: search.trim(), archived, folder_id: grouped ? "none" : undefined };
    const again = () => setRound((r) => r + 1);
    const row = (chat: Chat) => (
        <Row key={chat.id} chat={chat} props={props} inSearch={!grouped} again={again} />
    );
    useEffect(() => {
        let live = true;
        const ask = () =>
            listChats(wanted)
                .then((page) => {
                    if (!live) return;
                    setChats(page.data);
                    setMore(page.has_more);
                    setProblem("");
                })
                .catch((e: unknown) => live && setProblem(said(e)));
        const timer = setTimeout(() => void ask(), search ? SEARCH_MS : 0);
        return () => {
            live = false;
            clearTimeout(timer);
        };
    }, [search, archived, props.round, round]);
    const next = () =>
        void listChats({ ...wanted, after: chats.at(-1)?.id }).then((page) => {
            setChats([...chats, ...page.data]);
            setMore(page.has_more);
        });
    return (
        <nav aria-label="Chats">
            <div class="top">
                <button class="new" onClick={() => props.onNew(false)}>
                    New chat
                </button>
                <button onClick={() => props.onNew(true)} title="Nothing of it is kept">
                    Temporary
                </button>
            </div>
            <input
                type="search"
                aria-label="Search all chats"
                placeholder="Search"
                value={search}
                maxLength={200}
                onInput={(e) => setSearch(e.currentTarget.value)}
            />
            {problem && <p class="notice bad">{problem}</p>}
            <ul class="chats">
                {grouped &&
                    props.folders.map((f) => (
                        <Group
                            key={f.id}
                            folder={f}
                            holdsOpen={f.id === props.openFolder}
                            round={props.round + round}
                            row={row}
                        />
                    ))}
                {chats.map(row)}
            </ul>
            {chats.length === 0 && search && <p class="notice">No chat holds that.</p>}
            {more && <button onClick={next}>More</button>}
            <Places pages={props.places} />
            <div class="bottom">
                <label>
                    <input type="checkbox" checked={archived} onChange={(e) => setArchived(e.currentTarget.checked)} />{" "}
                    Archive
                </label>
                <button onClick={props.onNewFolder}>New folder</button>
                <button onClick={() => file.current!.click()}>Import</button>
                <input
                    ref={file}
                    hidden
                    type="file"
                    aria-label="Chats to import"
                    accept=".json,application/json"
                    onChange={(e) => {
                        const chosen = e.currentTarget.files?.[0];
                        if (chosen) props.onImport(chosen);
                        e.currentTarget.value = "";
                    }}
                />
            </div>
        </nav>
    );
}
