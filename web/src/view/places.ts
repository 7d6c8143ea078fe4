import { pages, type Page } from "../pages";
import { is, useMe } from "../server/people";

/** The pages that have a name, of those that are for whoever looks. */
export function usePlaces(): Page[] {
    const me = useMe();
    return pages.filter((p) => p.name !== "" && (!p.needs || is(me, p.needs)));
}
