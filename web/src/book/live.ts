// A book and its chapters as the server has them now: asked again while it is written and looked at.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { readBook, readChapter, type Book, type Chapter } from "../server/books";
import { ApiError, said } from "../server/http";

const POLL_MS = 2000;
/** Asking takes at most this share of the time, however long a book is. */
const SHARE = 0.1;

/** Calls `look` again and again while `on`, and when the page is seen again; not while it is hidden. */
export function useLook(look: () => Promise<void>, on: boolean): void {
    useEffect(() => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        let live = true;
        let busy = false;
        const go = async () => {
            clearTimeout(timer);
            if (document.hidden || busy) return;
            busy = true;
            const since = performance.now();
            await look();
            busy = false;
            if (live && on) timer = setTimeout(() => void go(), Math.max(POLL_MS, (performance.now() - since) / SHARE));
        };
        const seen = () => void go();
        void go();
        document.addEventListener("visibilitychange", seen);
        return () => {
            live = false;
            clearTimeout(timer);
            document.removeEventListener("visibilitychange", seen);
        };
    }, [look, on]);
}

export interface LiveBook {
    book: Book | null;
    /** Why it is not known how it stands. */
    problem: string;
    /** It is not there. */
    gone: boolean;
    take: (book: Book) => void;
    look: () => Promise<void>;
}

export function useBook(id: string): LiveBook {
    const [book, setBook] = useState<Book | null>(null);
    const [problem, setProblem] = useState("");
    const [gone, setGone] = useState(false);
    // What was asked for before something else came is old news.
    const turn = useRef(0);
    const seen = useRef("");
    const take = useCallback((now: Book) => {
        turn.current++;
        const text = JSON.stringify(now);
        if (text !== seen.current) setBook(now);
        seen.current = text;
        setProblem("");
    }, []);
    const look = useCallback(async () => {
        const mine = ++turn.current;
        try {
            const now = await readBook(id);
            if (mine === turn.current) take(now);
        } catch (e) {
            if (mine !== turn.current) return;
            setProblem(said(e));
            setGone(e instanceof ApiError && e.status === 404);
        }
    }, [id]);
    useLook(look, !gone && (book?.status === "running" || problem !== ""));
    return { book, problem, gone, take, look };
}

/** A chapter with its texts, read again when what the book says of it has changed. */
export function useChapter(book: Book, id: string): [Chapter | null, string, (chapter: Chapter) => void] {
    const [chapter, setChapter] = useState<Chapter | null>(null);
    const [problem, setProblem] = useState("");
    const stamp = JSON.stringify(book.chapters.find((c) => c.id === id));
    useEffect(() => {
        let live = true;
        readChapter(book.id, id).then(
            (now) => {
                if (!live) return;
                setChapter(now);
                setProblem("");
            },
            (e: unknown) => live && setProblem(said(e)),
        );
        return () => void (live = false);
    }, [book.id, id, stamp]);
    return [chapter, problem, setChapter];
}
