// What a block of code can have done with it, for the views that show one. Where there is no chat
// around it (a shared page), there is none.
import { createContext } from "preact";

import type { NamedFile } from "../chat/artifacts";

export interface CodeDoings {
    /** Puts a text into the next message. */
    give(name: string, text: string): void;
    /** Shows a file in the panel. */
    open(name: string, text: string): void;
    /** The newest version of each file of the branch. */
    files(): NamedFile[];
}

export const CodeContext = createContext<CodeDoings | null>(null);
