// What abcjs (the page's own, web/node_modules) says of tunes: reads a JSON array of texts from stdin,
// writes one of their warnings, and how many notes each has.
import { createRequire } from "node:module";

const abcjs = createRequire(new URL("../../../web/package.json", import.meta.url))("abcjs");
let text = "";
for await (const chunk of process.stdin) text += chunk;
const told = JSON.parse(text).map((abc) => {
    const [tune] = abcjs.parseOnly(abc);
    const voices = tune.lines.flatMap((l) => (l.staff ?? []).flatMap((s) => s.voices));
    const notes = voices.flat().filter((e) => e.el_type === "note" && e.pitches).length;
    return { warnings: tune.warnings ?? [], notes };
});
process.stdout.write(JSON.stringify(told));
