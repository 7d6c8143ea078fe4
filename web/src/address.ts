// Where the page is: `#/` and the parts of a path. Reloading and going back do what they say.
import { useEffect, useState } from "preact/hooks";

function parts(): string[] {
    return location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
}

/** The parts of the address, as they change. */
export function useAddress(): string[] {
    const [now, setNow] = useState(parts);
    useEffect(() => {
        const follow = () => setNow(parts());
        addEventListener("popstate", follow);
        addEventListener("tiro:address", follow);
        return () => {
            removeEventListener("popstate", follow);
            removeEventListener("tiro:address", follow);
        };
    }, []);
    return now;
}

/** goTo("books", id): `#/books/ID`. Nothing: the first page. */
export function goTo(...to: string[]): void {
    const hash = `#/${to.filter(Boolean).map(encodeURIComponent).join("/")}`;
    if (location.hash === hash || (hash === "#/" && location.hash === "")) return;
    history.pushState(null, "", hash);
    dispatchEvent(new Event("tiro:address"));
}
