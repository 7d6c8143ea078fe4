// What a person is writing and has not saved: kept through reloads and other pages, in this tab only.
import { useState } from "preact/hooks";

const PREFIX = "tiro.draft.";

function read<T>(place: string): T | null {
    try {
        return JSON.parse(sessionStorage.getItem(PREFIX + place) ?? "null") as T | null;
    } catch {
        return null;
    }
}

function keep(place: string, draft: unknown): void {
    try {
        if (draft === null) sessionStorage.removeItem(PREFIX + place);
        else sessionStorage.setItem(PREFIX + place, JSON.stringify(draft));
    } catch {
        // There is no room: it is still in the page.
    }
}

/** null: nothing is being written there. A component that shows another place needs another key. */
export function useDraft<T>(place: string): [T | null, (draft: T | null) => void] {
    const [draft, setDraft] = useState<T | null>(() => read<T>(place));
    const set = (now: T | null) => {
        keep(place, now);
        setDraft(now);
    };
    return [draft, set];
}
