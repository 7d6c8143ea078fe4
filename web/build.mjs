// Bundles the page into dist/ and, given --c DIRECTORY, writes what links it into the program.
//
//     node build.mjs [--c DIRECTORY] [--no-python]
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const withPython = !process.argv.includes("--no-python");
const pages = ["index.html", "preview.html", ...(withPython ? ["python.html"] : []), "icon.svg"];

const types = {
    html: "text/html; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    css: "text/css; charset=utf-8",
    svg: "image/svg+xml",
    wasm: "application/wasm",
    zip: "application/zip",
};

const common = {
    absWorkingDir: here,
    bundle: true,
    minify: true,
    target: ["es2022"],
    legalComments: "none",
    define: { WITH_PYTHON: String(withPython) },
};

/** `import url from "file:X"` makes X a file beside the page, `"script:X"` one bundle of X that runs
 * in a frame or a worker; `url` is its address, which holds a hash of its bytes. */
const asFiles = {
    name: "as-files",
    setup({ onResolve, onLoad, resolve }) {
        onResolve({ filter: /^(file|script):/ }, async ({ path, resolveDir, importer }) => {
            const [kind, wanted] = path.split(/:(.*)/s);
            const found = await resolve(wanted, { kind: "import-statement", resolveDir, importer });
            if (found.errors.length) return found;
            // The address of a script ends in .js, whatever it is made of.
            return { path: found.path.replace(/\.ts$/, ".js"), namespace: `as-${kind}`, pluginData: found.path };
        });
        onLoad({ filter: /./, namespace: "as-file" }, async ({ pluginData }) => ({
            contents: await readFile(pluginData),
            loader: "file",
        }));
        onLoad({ filter: /./, namespace: "as-script" }, async ({ pluginData }) => {
            const out = await build({
                ...common,
                define: { ...common.define, "import.meta.url": '"https://script.invalid/"' },
                entryPoints: [pluginData],
                external: ["node:*", "ws"], // Of branches that no browser takes.
                format: "iife",
                write: false,
            });
            return { contents: out.outputFiles[0].contents, loader: "file" };
        });
    },
};

/** abcjs writes style attributes and a style element, which the page's policy refuses. Styles that are set
 * as properties it allows; the element is for dragging notes, which nobody does here. */
const abcjsStyles = {
    name: "abcjs-styles",
    setup({ onLoad }) {
        const attribute = /\.setAttribute\((["'])style\1, ?(.+)\)(?=;?\s*$)/gm;
        const inSvg = [
            [/(prototype\.insertStyles = function \(\w*\) \{)[^}]*\}/, "$1}"],
            [/el\.setAttributeNS\(null, key, attr\[key\]\);/g, 'if (key === "style") el.style.cssText = attr[key]; else $&'],
        ];
        onLoad({ filter: /[/\\]abcjs[/\\]src[/\\].*\.js$/ }, async ({ path }) => {
            let contents = (await readFile(path, "utf8")).replace(attribute, ".style.cssText = $2");
            let known = !/setAttribute\(["']style/.test(contents);
            for (const [from, to] of path.endsWith("svg.js") && path.includes("write") ? inSvg : []) {
                const before = contents;
                contents = before.replace(from, to);
                known &&= contents !== before;
            }
            return known ? { contents, loader: "js" } : { errors: [{ text: `${path} sets its styles in another way than was known` }] };
        });
    },
};

async function bundle() {
    await rm(dist, { recursive: true, force: true });
    await mkdir(dist, { recursive: true });
    await build({
        ...common,
        entryPoints: { app: "src/main.tsx" },
        outdir: dist,
        splitting: true, // What is imported when it is needed becomes a file of its own.
        chunkNames: "part-[hash]",
        assetNames: "part-[hash]",
        publicPath: "/",
        format: "esm",
        target: ["es2020"],
        jsx: "automatic",
        jsxImportSource: "preact",
        plugins: [asFiles, abcjsStyles],
    });
    for (const name of pages) await copyFile(join(here, "src", name), join(dist, name));
}

/** Above this a file is kept gzipped only: nobody but a browser asks for it. */
const BOTH_BYTES_MAX = 256 * 1024;

/** The forms a file is linked in: as it is, gzipped, or both; at least one. */
function forms(plain) {
    const gz = gzipSync(plain, { level: 9 });
    gz[9] = 255; // The byte of the operating system: the same build everywhere.
    if (gz.length > 0.95 * plain.length) return { plain };
    return plain.length > BOTH_BYTES_MAX ? { gz } : { plain, gz };
}

// struct asset is declared in src/gateway/assets.h. The bytes come in through the assembler: as
// arrays in C, megabytes of them would take the compiler minutes.
async function writeSources(dir) {
    const names = (await readdir(dist)).sort();
    let symbols = "";
    let rows = "";
    let assembly = '/* The bytes of the page. Generated by web/build.mjs. Do not edit. */\n    .section .rodata\n';
    await mkdir(join(dir, "web"), { recursive: true });
    for (const [n, name] of names.entries()) {
        const path = name === "index.html" ? "/" : `/${name}`;
        const content = await readFile(join(dist, name));
        const hash = createHash("sha256").update(content).digest("hex");
        rows += `    { .path = "${path}", .type = "${types[extname(name).slice(1)]}",\n`;
        rows += `      .etag = "W/\\"${hash.slice(0, 32)}\\"", .forever = ${name.startsWith("part-")},\n`;
        for (const [form, data] of Object.entries(forms(content))) {
            const symbol = `tiro_asset_${n}_${form}`;
            const file = `${n}_${form}`;
            await writeFile(join(dir, "web", file), data);
            // The hash makes another text of another file: what includes it is assembled again.
            assembly += `\n/* ${name} ${hash} */\n    .balign 16\n    .hidden ${symbol}\n    .globl ${symbol}\n${symbol}:\n    .incbin "web/${file}"\n`;
            symbols += `extern const unsigned char ${symbol}[];\n`;
            rows += `      .${form} = ${symbol}, .${form}_len = ${data.length},\n`;
        }
        rows += "    },\n";
    }
    assembly += '\n    .section .note.GNU-stack,"",%progbits\n';
    await writeFile(join(dir, "web_bytes.S"), assembly);
    await writeFile(
        join(dir, "web_assets.c"),
        `/* The files of the page. Generated by web/build.mjs. Do not edit. */\n` +
            `#include "gateway/assets.h"\n\n${symbols}\n` +
            `const struct asset assets[] = {\n${rows}};\nconst size_t assets_len = ${names.length};\n`,
    );
}

await bundle();
const c = process.argv.indexOf("--c");
if (c > 0) await writeSources(process.argv[c + 1]);
