// `#/books`: books that models write; `#/books/new`: another one; the rest is in book.tsx.
import { useCallback, useState } from "preact/hooks";

import { useLook } from "../book/live";
import { count, counted, nameOf, statusOf, written } from "../book/state";
import type { PageProps } from "../pages";
import { listBooks, type BookHead } from "../server/books";
import { said } from "../server/http";
import { about } from "../text/format";
import { NewBook } from "../view/book_new";
import { Frame } from "../view/frame";
import BookPage from "./book";

function Row({ book }: { book: BookHead }) {
    const { done, of } = written(book);
    const { words, eta_seconds } = book.progress;
    return (
        <li class={book.status}>
            <div>
                <a href={`#/books/${book.id}`}>
                    <bdi>{nameOf(book)}</bdi>
                </a>
                <p class="hint">
                    {count(words)} of {counted(book.words, "word")} · by {book.model} · {new Date(book.updated_at * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}
                </p>
            </div>
            <div class="standing">
                <span class={book.status === "failed" ? "bad" : undefined}>{statusOf(book)}</span>
                {eta_seconds !== null && <span class="hint">{about(eta_seconds)} left</span>}
                <progress max={of} value={done} aria-label={`Written of ${nameOf(book)}`} />
            </div>
        </li>
    );
}

function All() {
    const [first, setFirst] = useState<{ data: BookHead[]; has_more: boolean } | null>(null);
    const [further, setFurther] = useState<{ data: BookHead[]; has_more: boolean } | null>(null);
    const [problem, setProblem] = useState("");
    const fail = (e: unknown) => setProblem(said(e));
    const look = useCallback(
        () =>
            listBooks().then((page) => {
                setFirst(page);
                setProblem("");
            }, fail),
        [],
    );
    // What was worked on meanwhile has come up to the first page.
    const up = new Set(first?.data.map((b) => b.id));
    const books = first && [...first.data, ...(further?.data ?? []).filter((b) => !up.has(b.id))];
    const more = (further ?? first)?.has_more ?? false;
    const older = () =>
        void listBooks(books?.at(-1)?.id).then(
            (page) => setFurther({ data: [...(further?.data ?? []), ...page.data], has_more: page.has_more }),
            fail,
        );
    useLook(look, problem !== "" || (books?.some((b) => b.status === "running") ?? false));
    return (
        <Frame
            title="Books"
            doings={
                <a class="button" href="#/books/new">
                    New book
                </a>
            }
        >
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            {books?.length === 0 && (
                <p>
                    No book is here yet. From an idea the model makes a plan that you can change, and writes it scene by
                    scene, also when nobody looks. <a href="#/books/new">Begin one</a>.
                </p>
            )}
            {books && books.length > 0 && (
                <ul class="books" aria-label="Books">
                    {books.map((b) => (
                        <Row key={b.id} book={b} />
                    ))}
                </ul>
            )}
            {more && (
                <button type="button" onClick={older}>
                    Older ones
                </button>
            )}
        </Frame>
    );
}

export default function Books({ server, rest }: PageProps) {
    const [id = "", chapter = ""] = rest;
    if (id === "new") return <NewBook server={server} />;
    return id ? <BookPage key={id} id={id} chapter={chapter} models={server.models} /> : <All />;
}
