// What a book is: title, idea, premise, people, style sheet, and by whom it is written. Changed together.
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useDraft } from "../book/draft";
import type { LiveBook } from "../book/live";
import { counted } from "../book/state";
import { IDEA_MAX, NAME_MAX, PARALLEL_MAX, TEXT_MAX, TITLE_MAX, updateBook, type Book } from "../server/books";
import { said } from "../server/http";
import type { Model } from "../server/models";
import { ModelOptions } from "./model_options";

const LONG = [
    ["idea", "Idea", IDEA_MAX, 3, true, ""],
    ["premise", "Premise", TEXT_MAX, 6, false, "Who wants what, what stands in the way, how it ends. Empty: the model writes it when the book goes on"],
    ["people", "People", TEXT_MAX, 5, false, "A line each, such as: Ada Reed: a keeper of bees. Empty: the model invents them"],
    ["style_sheet", "Style sheet", TEXT_MAX, 5, false, "Who tells it, tense, tone, places. Empty: the model writes it"],
] as const;

const SHORT = [
    ["title", "Title", TITLE_MAX, false],
    ["genre", "Genre and style", NAME_MAX, false],
    ["language", "Language", NAME_MAX, true],
] as const;

type Key = (typeof LONG)[number][0] | (typeof SHORT)[number][0] | "model";
type Draft = { is: Record<Key, string>; parallel: number; base: Record<Key, string> };

const KEYS: readonly Key[] = ["title", "idea", "premise", "people", "style_sheet", "genre", "language", "model"];

const valuesOf = (book: Book) => Object.fromEntries(KEYS.map((k) => [k, book[k]])) as Record<Key, string>;

function Shown({ book }: { book: Book }) {
    return (
        <>
            {LONG.map(([key, name]) => (
                <section key={key} class="said">
                    <h3>{name}</h3>
                    {book[key] ? (
                        <p class="plain" dir="auto">
                            {book[key]}
                        </p>
                    ) : (
                        <p class="hint">Not there yet.</p>
                    )}
                </section>
            ))}
            <p class="hint">
                {book.genre && (
                    <>
                        <bdi>{book.genre}</bdi> ·{" "}
                    </>
                )}
                <bdi>{book.language}</bdi> · {counted(book.words, "word")} in {counted(book.chapter_count, "chapter")} of{" "}
                {counted(book.scenes_per_chapter, "scene")} · by {book.model} · {counted(book.parallel, "chapter")} at a time · seed{" "}
                {book.seed}
            </p>
        </>
    );
}

interface FormProps {
    book: Book;
    models: Model[];
    draft: Draft;
    focus: boolean;
    onDraft: (draft: Draft | null) => void;
    onSaved: (book: Book) => void;
}

function Form({ book, models, draft, focus, onDraft, onSaved }: FormProps) {
    const [problem, setProblem] = useState("");
    const first = useRef<HTMLInputElement>(null);
    // Before it is painted: who is quick would lose the field they have chosen.
    useLayoutEffect(() => {
        if (focus) first.current?.focus();
    }, []);
    const { is, base } = draft;
    const changed = KEYS.filter((k) => is[k].trim() !== base[k]);
    const stale = KEYS.some((k) => book[k] !== base[k]);
    const set = (key: Key, value: string) => onDraft({ ...draft, is: { ...is, [key]: value } });
    const cancel = () => {
        if (changed.length === 0 || confirm("Throw away what you changed?")) onDraft(null);
    };
    const save = async (event: Event) => {
        event.preventDefault();
        setProblem("");
        try {
            // Only what was changed: the model may have written the rest meanwhile.
            const change = Object.fromEntries(changed.map((k) => [k, is[k].trim()]));
            onSaved(await updateBook(book.id, { ...change, parallel: draft.parallel }));
            onDraft(null);
        } catch (e) {
            setProblem(said(e));
        }
    };
    return (
        <form class="head-form" onSubmit={(e) => void save(e)} onKeyDown={(e) => e.key === "Escape" && cancel()}>
            {SHORT.map(([key, name, max, needed], i) => (
                <label key={key} class={key === "title" ? "wide" : undefined}>
                    {name}
                    <input
                        ref={i === 0 ? first : undefined}
                        dir="auto"
                        maxLength={max}
                        required={needed}
                        placeholder={key === "title" ? "The model finds one" : undefined}
                        value={is[key]}
                        onInput={(e) => set(key, e.currentTarget.value)}
                    />
                </label>
            ))}
            <label>
                Model
                <select value={is.model} onChange={(e) => set("model", e.currentTarget.value)}>
                    {!models.some((m) => m.id === is.model) && <option value={is.model}>{is.model} (not here)</option>}
                    <ModelOptions models={models} />
                </select>
            </label>
            <label>
                Chapters at a time
                <input
                    type="number"
                    required
                    min={1}
                    max={PARALLEL_MAX}
                    value={draft.parallel}
                    onInput={(e) => onDraft({ ...draft, parallel: Number(e.currentTarget.value) })}
                />
            </label>
            {LONG.map(([key, name, max, rows, needed, place]) => (
                <label key={key} class="wide">
                    {name}
                    <textarea
                        rows={rows}
                        dir="auto"
                        maxLength={max}
                        required={needed}
                        placeholder={place}
                        value={is[key]}
                        onInput={(e) => set(key, e.currentTarget.value)}
                    />
                </label>
            ))}
            {stale && (
                <p class="notice wide" role="status">
                    The book has changed since you began. Only what you changed is saved.
                </p>
            )}
            {problem && (
                <p class="notice bad wide" role="alert">
                    {problem}
                </p>
            )}
            <p class="buttons wide">
                <button type="submit" class="main">
                    Save
                </button>
                <button type="button" onClick={cancel}>
                    Cancel
                </button>
                <span class="hint">What is written from then on heeds it; what is written stays.</span>
            </p>
        </form>
    );
}

export function Head({ live, book, models }: { live: LiveBook; book: Book; models: Model[] }) {
    const [draft, setDraft] = useDraft<Draft>(`head.${book.id}`);
    const [asked, setAsked] = useState(false);
    const begin = () => {
        setAsked(true);
        setDraft({ is: valuesOf(book), base: valuesOf(book), parallel: book.parallel });
    };
    return (
        <section class="book-head" aria-labelledby="about-book">
            <div class="chapter-head">
                <h2 id="about-book">About the book</h2>
                {!draft && (
                    <button type="button" class="quiet" aria-label="Edit: what the book is about" onClick={begin}>
                        Edit
                    </button>
                )}
            </div>
            {draft ? (
                <Form book={book} models={models} draft={draft} focus={asked} onDraft={setDraft} onSaved={live.take} />
            ) : (
                <Shown book={book} />
            )}
        </section>
    );
}
