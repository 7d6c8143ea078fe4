// Whether something is near what is seen: a chat of thousands of messages draws the others plainly.
import { useEffect, useState } from "preact/hooks";
import type { RefObject } from "preact";

const MARGIN = "1200px 0px";

const calls = new Map<Element, () => void>();

function make(): IntersectionObserver {
    return new IntersectionObserver(
        (entries) => {
            for (const entry of entries) if (entry.isIntersecting) calls.get(entry.target)?.();
        },
        // The scroller cuts off what is outside it: the margin must be its own.
        { root: document.querySelector(".chat > main"), rootMargin: MARGIN },
    );
}

let observer: IntersectionObserver | null = null;

/** True from the first time that it is near. On paper everything is. */
export function useNear(place: RefObject<Element>): boolean {
    const [near, setNear] = useState(false);
    useEffect(() => {
        const element = place.current;
        if (near || !element) return;
        if (!(observer?.root as Element | null)?.isConnected) {
            observer?.disconnect();
            observer = make();
        }
        const seen = () => setNear(true);
        calls.set(element, seen);
        observer!.observe(element);
        addEventListener("beforeprint", seen);
        return () => {
            calls.delete(element);
            observer?.unobserve(element);
            removeEventListener("beforeprint", seen);
        };
    }, [near]);
    return near;
}
