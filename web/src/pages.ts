// The pages beside the chat: a row each, loaded when somebody goes there. `#/PATH/...` is the address.
// To add one: web/src/page/NAME.tsx with `export default function View(props: PageProps)`, a row here,
// and web/src/style/NAME.css, imported in style.css.
import type { ComponentType } from "preact";

import type { Server } from "./server/live";

export interface PageProps {
    server: Server;
    /** What stands in the address behind the page's own path. */
    rest: string[];
}

export interface Page {
    path: string;
    /** In the list at the foot of the sidebar; "": it is in no list. */
    name: string;
    /** It asks nothing of the server but what it shows, and needs to know nothing of whoever looks. */
    alone?: true;
    /** Whom the list shows it to; absent: everybody. */
    needs?: "person" | "owner" | "guest";
    /** Seen also by who has not signed in. */
    open?: boolean;
    load: () => Promise<{ default: ComponentType<PageProps> }>;
}

export const pages: readonly Page[] = [
    { path: "books", name: "Books", load: () => import("./page/books") },
    { path: "exams", name: "Exams", load: () => import("./page/exams") },
    { path: "folder", name: "", load: () => import("./page/folder") },
    { path: "memory", name: "Memory", load: () => import("./page/memory") },
    { path: "links", name: "Shared links", load: () => import("./page/links") },
    { path: "shared", name: "", alone: true, load: () => import("./page/shared") },
    { path: "account", name: "Account", needs: "person", load: () => import("./page/account") },
    { path: "people", name: "People", needs: "owner", load: () => import("./page/people") },
    { path: "sign-in", name: "Sign in", needs: "guest", load: () => import("./page/sign_in") },
    { path: "setup", name: "", open: true, load: () => import("./page/join") },
    { path: "invite", name: "", open: true, load: () => import("./page/join") },
];
