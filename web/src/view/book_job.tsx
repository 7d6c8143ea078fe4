// The work on a book: how it stands, what it does now, and what a person can tell it.
import { useRef, useState } from "preact/hooks";

import type { LiveBook } from "../book/live";
import { count, counted, isPlanned, isWritten, next, planned, written } from "../book/state";
import { pauseBook, startBook, updateBook, type Book, type Until } from "../server/books";
import { said } from "../server/http";
import type { Model } from "../server/models";
import { about } from "../text/format";
import { ModelOptions } from "./model_options";

function sentence(book: Book): string {
    switch (book.status) {
        case "running":
            return book.until === "outline" || !isPlanned(book) ? "It is being planned" : "It is being written";
        case "paused":
            return "Paused. All that was finished is kept; the scenes that were being written are begun anew.";
        case "failed":
            return "It has stopped";
        case "completed":
            return isWritten(book) ? "It is written." : "It is written, and something has changed since.";
        default:
            if (isPlanned(book)) return "The plan is ready. Read it, change what you like, then have it written.";
            return book.premise ? "A part of the plan is there." : "Nothing of it is written yet.";
    }
}

/** What the figures say, in the order in which people ask. */
function figures(book: Book, brief: boolean): string[] {
    const { progress: p, status, until } = book;
    const runs = status === "running";
    const writes = until === "end" && isPlanned(book);
    return [
        p.words > 0 && `${count(p.words)} of ${counted(book.words, "word")}`,
        !brief && isPlanned(book) && `${p.scenes_written} of ${counted(p.scenes, "scene")}`,
        !brief && p.words_per_minute >= 1 && `${count(Math.round(p.words_per_minute))} words a minute`,
        runs && p.eta_seconds !== null && writes && `${about(p.eta_seconds)} left`,
        runs && p.eta_seconds === null && writes && "how long it takes is known after the first scenes",
        !brief && p.run_seconds > 0 && `worked on for ${about(p.run_seconds).replace(/^about /, "")}`,
    ].filter((s): s is string => typeof s === "string");
}

function Bar({ book }: { book: Book }) {
    const plan = planned(book);
    const text = written(book);
    const plans = plan.done < plan.of;
    const { done, of } = plans ? plan : text;
    return (
        <progress
            max={of}
            value={done}
            aria-label={plans ? "Planned" : "Written"}
            aria-valuetext={`${plans ? "Planned" : "Written"}: ${Math.floor((100 * done) / of)} %`}
        />
    );
}

/** An error, and the two things that help: another model, or another try. */
function Failed({ book, models, onModel }: { book: Book; models: Model[]; onModel: (model: string) => void }) {
    const here = models.some((m) => m.id === book.model);
    return (
        <>
            <p class="bad" role="alert" dir="auto">
                {book.error}
            </p>
            <p class="hint">
                Nothing that is written is lost. {here ? "Go on tries again; or choose another model." : "Choose a model that is here, then go on."}
            </p>
            {models.length > 0 && (
                <label class="inline">
                    Model{" "}
                    <select value={here ? book.model : ""} onChange={(e) => onModel(e.currentTarget.value)}>
                        {!here && <option value="">{book.model} (not here)</option>}
                        <ModelOptions models={models} />
                    </select>
                </label>
            )}
        </>
    );
}

interface Props {
    live: LiveBook;
    book: Book;
    models: Model[];
    /** Beside a text that is read: a line. */
    brief?: boolean;
}

export function Job({ live, book, models, brief }: Props) {
    const [problem, setProblem] = useState("");
    const busy = useRef(false);
    const act = async (doing: Promise<Book>) => {
        if (busy.current) return;
        busy.current = true;
        setProblem("");
        try {
            live.take(await doing);
        } catch (e) {
            setProblem(said(e));
        }
        busy.current = false;
    };
    const start = (until: Until) => () => void act(startBook(book.id, until));
    const { status } = book;
    const runs = status === "running";
    const stands = status === "paused" || status === "failed";
    const unfinished = stands || (status === "completed" && !isWritten(book));
    // Where it stopped in planning, it goes on with that, or with all of it.
    const plans = !isPlanned(book) && (status === "draft" || (stands && book.until === "outline"));
    const rows = figures(book, brief === true);
    const doing = next(book);
    if (brief && !runs && status !== "failed") return null;
    return (
        <section class={`job ${status}`} aria-label="Writing">
            <p class="state">
                <strong role="status">{sentence(book)}</strong>
                {runs && doing && `: ${doing}`}
                {runs && "."}
            </p>
            {(runs || stands) && <Bar book={book} />}
            {rows.length > 0 && (
                <ul class="figures" aria-label="Figures">
                    {rows.map((r) => (
                        <li key={r}>{r}</li>
                    ))}
                </ul>
            )}
            {!brief && book.progress.drafts_again > 0 && (
                <p class="hint">
                    {counted(book.progress.drafts_again, "draft")} thrown away and asked for again: too short, too much
                    repeated, or not what was asked for.
                </p>
            )}
            {status === "failed" && (
                <Failed book={book} models={models} onModel={(model) => void act(updateBook(book.id, { model }))} />
            )}
            {runs && !brief && (
                <p class="hint">You can close this page: the server goes on by itself, also after it is started again.</p>
            )}
            {status === "completed" && unfinished && (
                <p class="hint">Next: {doing}. Go on has the model make what is missing, summaries too.</p>
            )}
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            <p class="buttons">
                {runs ? (
                    <button type="button" onClick={() => void act(pauseBook(book.id))}>
                        Pause
                    </button>
                ) : unfinished ? (
                    <button type="button" class="main" onClick={start(stands ? (book.until as Until) : "end")}>
                        Go on
                    </button>
                ) : (
                    status === "draft" && (
                        <button type="button" class="main" onClick={start(isPlanned(book) ? "end" : "outline")}>
                            {isPlanned(book) ? "Write it" : "Plan it"}
                        </button>
                    )
                )}
                {plans && (
                    <button type="button" onClick={start("end")}>
                        Write all of it
                    </button>
                )}
                {!brief && book.progress.words > 0 && (
                    <a class="button" href={`#/books/${book.id}/1`}>
                        Read
                    </a>
                )}
            </p>
        </section>
    );
}
