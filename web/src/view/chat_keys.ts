import { useLayoutEffect } from "preact/hooks";

/** What can be open over the chat; "": nothing. "refused" is the room when the server refused a question. */
export type Dialog = "" | "settings" | "palette" | "map" | "room" | "refused" | "keyboard" | "tune";

interface Actions {
    busy: boolean;
    stop: () => void;
    begin: () => void;
    /** To the message before (-1) or after. */
    walk: (by: number) => void;
    /** To the box that the next message is written in. */
    write: () => void;
    files: () => void;
    dialog: (which: Dialog) => void;
}

/** What the keyboard does to the chat; the page's commands say it in words. */
export function useKeys(a: Actions): void {
    // Whoever sees the page can use them.
    useLayoutEffect(() => {
        const key = (e: KeyboardEvent) => {
            const writes = e.target instanceof Element && e.target.matches("input, textarea, select");
            const open = document.querySelector("dialog[open]") !== null;
            if (e.key === "Escape" && a.busy && !open) a.stop();
            if (e.key === "?" && !writes && !open) a.dialog("keyboard");
            if (e.altKey && !e.ctrlKey && !open && (e.key === "ArrowUp" || e.key === "ArrowDown")) {
                e.preventDefault();
                a.walk(e.key === "ArrowUp" ? -1 : 1);
            }
            if (!(e.ctrlKey || e.metaKey) || e.altKey) return;
            const name = e.key.toLowerCase();
            if (name === "k") a.dialog("palette");
            else if (name === "o" && e.shiftKey) a.begin();
            else if (name === "m" && e.shiftKey) a.dialog("map");
            else if (name === "l" && e.shiftKey) a.dialog("room");
            else if (name === ",") a.dialog("settings");
            else if (name === ".") a.files();
            else if (name === "/") a.write();
            else return;
            e.preventDefault();
        };
        addEventListener("keydown", key);
        return () => removeEventListener("keydown", key);
    });
}
