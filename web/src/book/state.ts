// What a book has and lacks, as its rows say it: the server writes the first thing that is missing.
import type { Book, BookHead, Plan } from "../server/books";

const NAME_LETTERS = 60;

/** Its title; of one that has none yet, how its idea begins. */
export function nameOf({ title, idea }: Pick<BookHead, "title" | "idea">): string {
    if (title) return title;
    const line = idea.trim().split("\n")[0]!;
    return line.length > NAME_LETTERS ? `${line.slice(0, NAME_LETTERS - 1)}…` : line;
}

export interface Share {
    done: number;
    of: number;
}

/** What stands before all chapters; then an outline for each, and the plans of its scenes. */
export function planned(book: Book): Share {
    const rows = [book.people, book.premise, book.style_sheet, ...book.chapters.map((c) => c.scenes.length > 0)];
    return { done: rows.filter(Boolean).length + book.chapters.length, of: 3 + 2 * book.chapter_count };
}

export const isPlanned = (book: Book): boolean => planned(book).done >= planned(book).of;

/** A scene is written, and then summed up. */
export const written = ({ progress: p }: BookHead): Share => ({ done: p.scenes_written + p.scenes_done, of: 2 * p.scenes });

export const isWritten = (book: Book): boolean => isPlanned(book) && written(book).done >= written(book).of;

const open = (book: Book) => book.chapters.filter((c) => c.scenes.some((s) => s.state !== "done"));

/** The scenes that are worked on while the book runs: one in each of so many chapters. */
export function underWay(book: Book): Plan[] {
    if (book.status !== "running" || book.until !== "end" || !isPlanned(book)) return [];
    return open(book)
        .slice(0, book.parallel)
        .map((c) => c.scenes.find((s) => s.state !== "done")!);
}

/** What is made next, in words; "": nothing is missing. */
export function next(book: Book): string {
    if (!book.people) return "the people";
    if (!book.premise) return "the premise";
    if (!book.style_sheet) return "the style sheet";
    if (book.chapters.length < book.chapter_count)
        return `the outline of chapter ${book.chapters.length + 1} of ${book.chapter_count}`;
    const unplanned = book.chapters.find((c) => c.scenes.length === 0);
    if (unplanned) return `the scenes of chapter ${unplanned.number} of ${book.chapter_count}`;
    return open(book)
        .slice(0, book.parallel)
        .map((c) => `chapter ${c.number}, scene ${c.scenes.find((s) => s.state !== "done")!.number}`)
        .join("; ");
}

export const STATUS: Record<string, string> = {
    draft: "not begun",
    running: "being written",
    paused: "paused",
    completed: "written",
    failed: "stopped by an error",
};

/** Its status in the list: a plan that waits to be read is more than "not begun". */
export function statusOf({ status, until, premise }: BookHead): string {
    if (status === "draft" && premise) return "planned";
    if (status === "running" && until === "outline") return "being planned";
    return STATUS[status] ?? status;
}

export const repeats = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} % repeated`;

export const count = (n: number): string => n.toLocaleString();
export const counted = (n: number, what: string): string => `${count(n)} ${what}${n === 1 ? "" : "s"}`;
