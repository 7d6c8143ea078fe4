// What became of a text, line by line; loaded when somebody wants to see it.
import { diffLines, diffWordsWithSpace } from "diff";

export interface Line {
    kind: "same" | "new" | "old";
    text: string;
}

/** More edits than this: all of it is new. Bounds the time. */
const EDITS_MAX = 4000;

export function changes(before: string, after: string): Line[] {
    const end = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);
    const parts = diffLines(end(before), end(after), { maxEditLength: EDITS_MAX }) ?? [
        { value: end(before), removed: true },
        { value: end(after), added: true },
    ];
    return parts.flatMap(({ value, added, removed }) =>
        value
            .slice(0, -1)
            .split("\n")
            .map((text): Line => ({ kind: added ? "new" : removed ? "old" : "same", text })),
    );
}

/** Word by word, for prose. */
export function wordChanges(before: string, after: string): Line[] {
    const parts = diffWordsWithSpace(before, after, { maxEditLength: EDITS_MAX }) ?? [
        { value: before, removed: true },
        { value: after, added: true },
    ];
    return parts.map(({ value, added, removed }): Line => ({ kind: added ? "new" : removed ? "old" : "same", text: value }));
}
