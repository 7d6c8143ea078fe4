import { useRef } from "preact/hooks";

/** Of several askings for the same thing: an answer to one before the one that has been heard is old news. */
export function useLatest(): <T>(asked: Promise<T>) => Promise<T> {
    const turn = useRef(0);
    const heard = useRef(0);
    return (asked) => {
        const mine = ++turn.current;
        const news = () => {
            if (mine < heard.current) return false;
            heard.current = mine;
            return true;
        };
        return new Promise((take, fail) => {
            asked.then(
                (value) => news() && take(value),
                (e: unknown) => news() && fail(e),
            );
        });
    };
}
