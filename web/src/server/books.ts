// Books that a model writes: /v1/tiro/books. The shapes are the API's own.
import type { BookChapter, BookCreateRequest, BookGet, BookList, BookUpdateRequest } from "../api";
import { json } from "./http";

/** One of the list: without chapters and facts. */
export type BookHead = BookList["data"][number];
export type Book = BookGet;
/** As the book names it; its text is in a Chapter. */
export type Outline = Book["chapters"][number];
export type Plan = Outline["scenes"][number];
export type Chapter = BookChapter;
export type Scene = Chapter["scenes"][number];
export type Version = Scene["versions"][number];
/** The plan only, or all of the text. */
export type Until = "outline" | "end";

/** The server's own limits. */
export const TITLE_MAX = 200;
export const IDEA_MAX = 8000;
export const TEXT_MAX = 16000;
export const NAME_MAX = 100;
export const WORDS_MIN = 100;
export const WORDS_MAX = 500000;
export const CHAPTERS_MAX = 100;
export const SCENES_MAX = 20;
export const SCENE_WORDS_MIN = 25;
export const PARALLEL_MAX = 8;

const ROOT = "/v1/tiro/books";

export const listBooks = (after = ""): Promise<{ data: BookHead[]; has_more: boolean }> =>
    json("GET", `${ROOT}?limit=50${after && `&after=${after}`}`);
export const readBook = (id: string): Promise<Book> => json("GET", `${ROOT}/${id}`);
export const createBook = (book: BookCreateRequest): Promise<Book> => json("POST", ROOT, book);
export const updateBook = (id: string, change: BookUpdateRequest): Promise<Book> => json("POST", `${ROOT}/${id}`, change);
export const deleteBook = (id: string): Promise<unknown> => json("DELETE", `${ROOT}/${id}`);
export const startBook = (id: string, until: Until): Promise<Book> => json("POST", `${ROOT}/${id}/start`, { until });
export const pauseBook = (id: string): Promise<Book> => json("POST", `${ROOT}/${id}/pause`);

export const readChapter = (book: string, chapter: string): Promise<Chapter> =>
    json("GET", `${ROOT}/${book}/chapters/${chapter}`);
export const updateChapter = (book: string, chapter: string, change: { title?: string; outline?: string }): Promise<Chapter> =>
    json("POST", `${ROOT}/${book}/chapters/${chapter}`, change);
export const updateScene = (
    book: string,
    scene: string,
    change: { plan?: string; text?: string; version_id?: string },
): Promise<Chapter> => json("POST", `${ROOT}/${book}/scenes/${scene}`, change);
/** A scene; or by a chapter's id all of that one's. */
export const writeAgain = (book: string, scene: string): Promise<Book> =>
    json("POST", `${ROOT}/${book}/scenes/${scene}/regenerate`);

export const FORMATS = [
    ["epub", "EPUB"],
    ["pdf", "PDF"],
    ["docx", "Word"],
    ["markdown", "Markdown"],
] as const;
export const exportUrl = (id: string, format: string): string => `${ROOT}/${id}/export?format=${format}`;
