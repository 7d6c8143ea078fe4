// `#/books/ID`: a book that is planned and written; `#/books/ID/N`: its N-th chapter, to be read.
import { useEffect, useRef, useState } from "preact/hooks";

import { goTo } from "../address";
import { useBook, type LiveBook } from "../book/live";
import { nameOf } from "../book/state";
import { save } from "../chat/files";
import { deleteBook, exportUrl, FORMATS, type Book } from "../server/books";
import { hasKey, said, send } from "../server/http";
import type { Model } from "../server/models";
import { ChapterOutline, ChapterText } from "../view/book_chapter";
import { Facts } from "../view/book_facts";
import { Head } from "../view/book_head";
import { Job } from "../view/book_job";
import { Frame } from "../view/frame";

/** With more chapters than these the scenes are folded at first. */
const OPEN_CHAPTERS = 4;

const ENDING: Record<string, string> = { markdown: "md" };

function Exports({ book }: { book: Book }) {
    const [problem, setProblem] = useState("");
    const has = book.progress.words > 0;
    // A link cannot show a key: then the page fetches the file itself.
    const fetchIt = (format: string) => async (event: Event) => {
        if (!hasKey()) return;
        event.preventDefault();
        try {
            const file = await (await send("GET", exportUrl(book.id, format))).blob();
            save(`${nameOf(book)}.${ENDING[format] ?? format}`, file);
        } catch (e) {
            setProblem(said(e));
        }
    };
    return (
        <section aria-labelledby="take">
            <h2 id="take">Take it with you</h2>
            <p class="buttons">
                {FORMATS.map(([format, name]) =>
                    has ? (
                        <a key={format} class="button" download href={exportUrl(book.id, format)} onClick={(e) => void fetchIt(format)(e)}>
                            {name}
                        </a>
                    ) : (
                        <a key={format} class="button" role="link" aria-disabled="true" aria-describedby="take-why">
                            {name}
                        </a>
                    ),
                )}
            </p>
            <p class="hint" id="take-why">
                {has
                    ? book.status !== "completed" && "It is not finished: the file holds what is there so far."
                    : "There is no text yet: a file can be made when the first scene is written."}
            </p>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
        </section>
    );
}

function End({ book }: { book: Book }) {
    const [problem, setProblem] = useState("");
    const end = () => {
        if (!confirm(`Delete “${nameOf(book)}” with all its texts? It cannot be brought back.`)) return;
        deleteBook(book.id).then(
            () => goTo("books"),
            (e: unknown) => setProblem(said(e)),
        );
    };
    return (
        <section>
            <h2>Delete</h2>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            <p class="buttons">
                <button type="button" class="bad" onClick={end}>
                    Delete the book
                </button>
            </p>
        </section>
    );
}

interface ViewProps {
    live: LiveBook;
    book: Book;
    models: Model[];
}

function Whole({ live, book, models }: ViewProps) {
    return (
        <div class="book">
            <Job live={live} book={book} models={models} />
            <Head live={live} book={book} models={models} />
            <section aria-labelledby="outline">
                <h2 id="outline">Chapters</h2>
                {book.chapters.length === 0 ? (
                    <p class="hint">
                        There will be {book.chapter_count}. Planning makes an outline of each, and of its scenes.
                    </p>
                ) : (
                    <ol class="chapters">
                        {book.chapters.map((c) => (
                            <ChapterOutline key={c.id} book={book} chapter={c} look={live.look} open={book.chapter_count <= OPEN_CHAPTERS} />
                        ))}
                    </ol>
                )}
            </section>
            <Facts book={book} />
            <Exports book={book} />
            <End book={book} />
        </div>
    );
}

export default function BookPage({ id, chapter, models }: { id: string; chapter: string; models: Model[] }) {
    const live = useBook(id);
    const [plain, setPlain] = useState(false);
    const { book, problem, gone } = live;
    // Back from a chapter, it is where that one stands.
    const from = useRef("");
    useEffect(() => {
        const link = document.querySelector<HTMLElement>(`[data-chapter="${from.current}"] a`);
        link?.scrollIntoView({ block: "center" });
        link?.focus({ preventScroll: true });
        from.current = chapter;
    }, [chapter]);
    const one = book?.chapters.find((c) => String(c.number) === chapter);
    return (
        <Frame
            key={chapter}
            title={book ? nameOf(book) : "Book"}
            doings={chapter ? <a href={`#/books/${id}`}>The whole book</a> : <a href="#/books">All books</a>}
        >
            {problem && (
                <p class="notice bad" role="alert">
                    {gone ? "This book is not here: it may have been deleted." : problem}
                </p>
            )}
            {book && !gone && !chapter && <Whole live={live} book={book} models={models} />}
            {book && !gone && one && (
                <div class="book">
                    <Job live={live} book={book} models={models} brief />
                    <ChapterText key={one.id} live={live} book={book} chapter={one} plain={plain} onPlain={setPlain} />
                </div>
            )}
            {book && !gone && chapter && !one && <p>This book has no chapter {chapter} yet.</p>}
        </Frame>
    );
}
