// What tunes say of themselves, and the grammar that holds an answer to one like them.
import { ApiError, json } from "../server/http";

/** A row of `headers` in what POST /v1/tiro/abc/check answers. */
export interface Header {
    line: number;
    title: string | null;
    rhythm: string | null;
    metre: string | null;
    unit: number | null;
    key: string | null;
    bars: number;
    sections: number;
    voices: number;
}

export interface Issue {
    kind: string;
    line: number;
    column: number;
    bar: number | null;
    voice: string | null;
    message: string;
}

export interface Check {
    ok: boolean;
    bars: number;
    headers: Header[];
    issues: Issue[];
    issues_left_out: number;
}

export const checkTune = (abc: string): Promise<Check> => json("POST", "/v1/tiro/abc/check", { abc });

/** What POST /v1/tiro/abc/grammar takes. */
export interface Wish {
    metre?: string;
    unit?: number;
    keys?: string[];
    title?: string;
    rhythm?: string;
    bars_min?: number;
    bars_max?: number;
    parts_min?: number;
    parts_max?: number;
    fence?: boolean;
}

/** How a broken tune of an answer is to be made right. */
export interface Mend {
    abc: string;
    wish: Wish;
    /** What was wrong, for the model. */
    words: string;
}

/** Bars of a part; a longer tune has more parts. */
export const PART_BARS = 8;
const PART_BARS_MAX = 64;
const PARTS_MAX = 16;
const LINE_MAX = 100;

/** What a line of the grammar may hold. */
const line = (text: string | null): string | undefined =>
    text?.replace(/[%\\\x00-\x1f\x7f]/g, " ").trim().slice(0, LINE_MAX) || undefined;

/** A tune like this one: its title, metre and key, about as long. */
export function wishLike(header: Header | undefined): Wish {
    if (!header) return { metre: "4/4" };
    const parts = Math.max(1, Math.min(PARTS_MAX, header.sections));
    const bars = Math.max(1, Math.min(PART_BARS_MAX, Math.ceil((header.bars || PART_BARS) / parts)));
    return {
        metre: header.metre ?? "4/4",
        unit: header.unit ?? undefined,
        keys: header.key ? [header.key] : undefined,
        title: line(header.title),
        rhythm: line(header.rhythm),
        bars_min: bars,
        bars_max: bars,
        parts_min: parts,
        parts_max: parts,
    };
}

/** The grammar of the wish, or of what of it can be: a metre or a length may be what was wrong. */
export async function grammarFor(wish: Wish): Promise<string> {
    const { keys, title, rhythm, fence, ...rest } = wish;
    const tries: Wish[] = [wish, { ...wish, unit: undefined }, { ...rest, unit: undefined, metre: "4/4", keys, title, fence }, { fence }];
    for (const one of tries) {
        try {
            return (await json<{ grammar: string }>("POST", "/v1/tiro/abc/grammar", one)).grammar;
        } catch (e) {
            if (!(e instanceof ApiError) || e.status !== 400) throw e;
        }
    }
    throw new ApiError(400, "There is no grammar for such a tune.");
}

/** Kinds of tunes, as a person asks for them. */
export const kinds: readonly { name: string; metre: string; unit: number }[] = [
    { name: "jig", metre: "6/8", unit: 8 },
    { name: "reel", metre: "4/4", unit: 8 },
    { name: "waltz", metre: "3/4", unit: 8 },
    { name: "air", metre: "3/4", unit: 8 },
    { name: "hornpipe", metre: "4/4", unit: 8 },
    { name: "polka", metre: "2/4", unit: 8 },
    { name: "slip jig", metre: "9/8", unit: 8 },
    { name: "march", metre: "4/4", unit: 8 },
];
export const metres = ["2/4", "3/4", "4/4", "C|", "6/8", "9/8", "12/8", "5/4", "7/8"];
export const keys = ["C", "G", "D", "A", "E", "F", "Bb", "Eb", "Am", "Em", "Bm", "Dm", "Gm", "Ador", "Ddor", "Edor", "Dmix", "Amix", "Gmix"];
