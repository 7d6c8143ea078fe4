// What goes between the page, the frame of Python and its workers, and the limits of a program.

export const MEMORY_BYTES_MAX = 512 << 20;
export const OUTPUT_CHARS_MAX = 200_000;
/** Of what it wrote: so many files, so many bytes together. */
export const FILES_MAX = 20;
export const FILE_BYTES_MAX = 16 << 20;
/** It runs so long, waiting for a person not counted. */
export const RUN_MS = 60_000;

export interface Program {
    name: string;
    text: string;
    /** What lies beside it: other files of the chat. */
    files: { name: string; text: string }[];
}

export interface WrittenFile {
    name: string;
    bytes: Uint8Array;
}

export type FromWorker =
    | { kind: "begun"; text: string }
    | { kind: "out" | "err"; text: string }
    /** It waits for a line. */
    | { kind: "ask"; text: string }
    | { kind: "done"; ok: boolean; ms: number; files: WrittenFile[]; left: string[] };
