// Files in one: a ZIP archive, loaded when somebody wants one.
import { strToU8, zipSync, type Zippable } from "fflate";

import { safeName, type NamedFile } from "./artifacts";

export function zip(files: readonly NamedFile[]): Blob {
    const entries: Zippable = {};
    for (const { name, text } of files) {
        const safe = safeName(name) || "file";
        // A file and a folder of the same name would hide each other; so would letters of another case.
        const taken = (one: string) =>
            Object.keys(entries).some((e) => {
                const [a, b] = [e.toLowerCase(), one.toLowerCase()];
                return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
            });
        let free = safe;
        for (let n = 2; taken(free); n++) free = safe.replace(/^([^/]*?)(\.[^./]*)?(\/|$)/, `$1-${n}$2$3`);
        entries[free] = strToU8(text);
    }
    return new Blob([zipSync(entries) as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}
