// Between a tune's text and its score.
import type { Issue } from "./tunes";

/** The tunes of a block, each with the lines before it. What stands before the first X: is the first's. */
export function tunesOf(block: string): { abc: string; line: number }[] {
    const begins = [...block.matchAll(/^X:/gm)].map((m) => m.index);
    if (begins.length < 2) return [{ abc: block, line: 0 }];
    begins[0] = 0;
    return begins.map((from, i) => ({
        abc: block.slice(from, begins[i + 1] ?? block.length),
        line: block.slice(0, from).split("\n").length - 1,
    }));
}

/** Where an issue is in the text; its column counts bytes. */
export function indexOf(abc: string, { line, column }: Pick<Issue, "line" | "column">): number {
    const lines = abc.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0);
    let bytes = column - 1;
    let at = 0;
    for (const c of lines[line - 1] ?? "") {
        if (bytes <= 0) break;
        bytes -= new TextEncoder().encode(c).length;
        at += c.length;
    }
    return Math.min(before + at, abc.length);
}

interface Item {
    el_type: string;
    startChar: number;
    endChar: number;
    abselem?: { elemset?: Element[] };
}
/** A line of a tune, as abcjs has it. */
export interface Placed {
    staff?: { voices?: Item[][] }[];
}

/** What is drawn of the bar that this place of the text belongs to. */
export function barAt(tune: { lines: Placed[] }, at: number): Element[] {
    for (const line of tune.lines)
        for (const staff of line.staff ?? [])
            for (const voice of staff.voices ?? []) {
                const found = voice.findIndex((e) => e.el_type !== "bar" && e.startChar <= at && at < e.endChar);
                if (found < 0) continue;
                let from = found;
                let to = found;
                while (from > 0 && voice[from - 1]!.el_type !== "bar") from--;
                while (to + 1 < voice.length && voice[to + 1]!.el_type !== "bar") to++;
                return voice
                    .slice(from, to + 1)
                    .filter((e) => e.el_type === "note")
                    .flatMap((e) => e.abselem?.elemset ?? []);
            }
    return [];
}
