// A chapter of a book: as a part of the outline, and to be read.
import { useState } from "preact/hooks";

import { useChapter, type LiveBook } from "../book/live";
import { count, counted, repeats, underWay } from "../book/state";
import { TEXT_MAX, TITLE_MAX, updateChapter, writeAgain, type Book, type Outline, type Plan } from "../server/books";
import { said } from "../server/http";
import { ScenePlan, SceneView, stateOf } from "./book_scene";
import { Editable } from "./editable";

const wordsOf = (scenes: Plan[]) => scenes.reduce((n, s) => n + s.words, 0);

function SceneLine({ book, chapter, scene, busy, look }: { book: Book; chapter: Outline; scene: Plan; busy: boolean; look: LiveBook["look"] }) {
    const state = stateOf(scene, busy);
    return (
        <li class={busy ? "busy" : scene.state}>
            <ScenePlan book={book} chapter={chapter} scene={scene} onSaved={look} />
            <p class="hint">
                {state}
                {" · "}
                {scene.words > 0
                    ? `${count(scene.words)} of ${counted(scene.words_wanted, "word")} · ${repeats(scene.repeated)}`
                    : `about ${counted(scene.words_wanted, "word")}`}
            </p>
        </li>
    );
}

interface OutlineProps {
    book: Book;
    chapter: Outline;
    look: LiveBook["look"];
    /** It shows its scenes at first. */
    open: boolean;
}

/** In the book's page: what happens in it, to be changed before or after it is written. */
export function ChapterOutline({ book, chapter, look, open }: OutlineProps) {
    const busy = underWay(book);
    const done = chapter.scenes.filter((s) => s.state !== "waiting").length;
    const words = wordsOf(chapter.scenes);
    const change = (what: { title?: string; outline?: string }) => updateChapter(book.id, chapter.id, what).then(look);
    return (
        <li class="chapter" data-chapter={chapter.number}>
            <Editable
                what={`the title of chapter ${chapter.number}`}
                place={`title.${chapter.id}`}
                text={chapter.title}
                max={TITLE_MAX}
                needed
                save={(title) => change({ title })}
            >
                {(edit) => (
                    <div class="chapter-head">
                        <h3>
                            <span class="number">{chapter.number}</span>{" "}
                            <a href={`#/books/${book.id}/${chapter.number}`}>
                                <bdi>{chapter.title}</bdi>
                            </a>
                        </h3>
                        {edit}
                    </div>
                )}
            </Editable>
            <Editable
                what={`the outline of chapter ${chapter.number}`}
                place={`outline.${chapter.id}`}
                text={chapter.outline}
                max={TEXT_MAX}
                rows={5}
                needed
                save={(outline) => change({ outline })}
            >
                {(edit) => (
                    <p class="plain">
                        <span dir="auto">{chapter.outline}</span> {edit}
                    </p>
                )}
            </Editable>
            {chapter.scenes.length === 0 ? (
                <p class="hint">Its scenes are not planned yet. About {counted(chapter.words_wanted, "word")}.</p>
            ) : (
                <details open={open}>
                    <summary>
                        {done} of {counted(chapter.scenes.length, "scene")} written
                        {words > 0 && `, ${count(words)} of ${counted(chapter.words_wanted, "word")}`}
                        {chapter.scenes.some((s) => busy.includes(s)) && <strong> · being written</strong>}
                    </summary>
                    <ol class="plans" aria-label={`Scenes of chapter ${chapter.number}`}>
                        {chapter.scenes.map((s) => (
                            <SceneLine key={s.id} book={book} chapter={chapter} scene={s} busy={busy.includes(s)} look={look} />
                        ))}
                    </ol>
                </details>
            )}
        </li>
    );
}

function Turn({ book, chapter }: { book: Book; chapter: Outline }) {
    const before = book.chapters.find((c) => c.number === chapter.number - 1);
    const after = book.chapters.find((c) => c.number === chapter.number + 1);
    return (
        <div class="turns-page" role="navigation" aria-label="Chapters">
            {before ? (
                <a href={`#/books/${book.id}/${before.number}`} rel="prev">
                    ‹ {before.number} <bdi>{before.title}</bdi>
                </a>
            ) : (
                <span />
            )}
            {after && (
                <a href={`#/books/${book.id}/${after.number}`} rel="next">
                    {after.number} <bdi>{after.title}</bdi> ›
                </a>
            )}
        </div>
    );
}

interface ReadingProps {
    live: LiveBook;
    book: Book;
    chapter: Outline;
    /** Nothing but the text. */
    plain: boolean;
    onPlain: (plain: boolean) => void;
}

/** Its text, scene after scene, with what can be done to each. */
export function ChapterText({ live, book, chapter, plain, onPlain }: ReadingProps) {
    const [texts, problem, setTexts] = useChapter(book, chapter.id);
    const [refused, setRefused] = useState("");
    const busy = underWay(book).map((s) => s.id);
    const again = () => {
        const n = chapter.scenes.length;
        if (!confirm(`Write ${n === 1 ? "the scene" : `all ${n} scenes`} of this chapter again? What is there stays as versions.`)) return;
        setRefused("");
        writeAgain(book.id, chapter.id).then(live.take, (e: unknown) => setRefused(said(e)));
    };
    const has = chapter.scenes.some((s) => s.words > 0);
    const why = problem || refused;
    return (
        <article class={plain ? "reading only-text" : "reading"} aria-labelledby="chapter-title">
            <p class="eyebrow">
                Chapter {chapter.number} of {book.chapter_count}
            </p>
            <h2 id="chapter-title" dir="auto">
                {chapter.title}
            </h2>
            {has && (
                <p class="buttons tools-of">
                    <button type="button" aria-pressed={plain} onClick={() => onPlain(!plain)}>
                        Only the text
                    </button>
                    {!plain && (
                        <button type="button" onClick={again}>
                            Write this chapter again
                        </button>
                    )}
                </p>
            )}
            {why && (
                <p class="notice bad" role="alert">
                    {why}
                </p>
            )}
            {chapter.scenes.length === 0 && <p>Its scenes are not planned yet.</p>}
            {texts?.scenes.map((s) => (
                <SceneView
                    key={s.id}
                    book={book}
                    chapter={texts}
                    scene={s}
                    underWay={busy.includes(s.id)}
                    onChapter={setTexts}
                    onBook={live.take}
                    look={live.look}
                />
            ))}
            <Turn book={book} chapter={chapter} />
        </article>
    );
}
