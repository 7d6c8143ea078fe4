// A PDF (1.4, A4) of a score: its paths as paths, its texts in the fonts that every reader has.
// What these cannot write (they know Latin letters only) is drawn as a stencil.

const PAGE = { width: 595.28, height: 841.89, margin: 36 };
/** Dots of a stencil for each unit of the score. */
const STENCIL_DOTS = 8;

const number = (n: number) => (Math.round(n * 1000) / 1000).toString();

/** The bytes of a file, by pieces; text is one byte a character. */
class Bytes {
    private pieces: Uint8Array[] = [];
    length = 0;

    add(piece: string | Uint8Array) {
        const bytes = typeof piece === "string" ? Uint8Array.from(piece, (c) => c.charCodeAt(0)) : piece;
        this.pieces.push(bytes);
        this.length += bytes.length;
    }

    blob(type: string): Blob {
        return new Blob(this.pieces as BlobPart[], { type });
    }
}

/** M L C Z and their relative forms: all that engraved music is made of. */
function pathOf(d: string): string {
    const out: string[] = [];
    let x = 0;
    let y = 0;
    let begin: [number, number] = [0, 0];
    for (const [, command, rest] of d.matchAll(/([a-zA-Z])([^a-zA-Z]*)/g)) {
        const n = (rest!.match(/-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?/gi) ?? []).map(Number);
        const relative = command === command!.toLowerCase();
        const at = (i: number): [number, number] => [n[i]! + (relative ? x : 0), n[i + 1]! + (relative ? y : 0)];
        const size = { m: 2, l: 2, c: 6, h: 1, v: 1 }[command!.toLowerCase()];
        if (!size) {
            out.push("h");
            [x, y] = begin;
            continue;
        }
        for (let i = 0; i + size <= n.length; i += size) {
            if (size === 1) {
                const to = n[i]! + (relative ? (command === "h" ? x : y) : 0);
                if (command!.toLowerCase() === "h") x = to;
                else y = to;
                out.push(`${number(x)} ${number(y)} l`);
                continue;
            }
            const points = size === 2 ? [at(i)] : [at(i), at(i + 2), at(i + 4)];
            const moves = command!.toLowerCase() === "m" && i === 0;
            out.push(`${points.map((p) => p.map(number).join(" ")).join(" ")} ${size === 6 ? "c" : moves ? "m" : "l"}`);
            [x, y] = points[points.length - 1]!;
            if (moves) begin = [x, y];
        }
    }
    return out.join("\n");
}

/** Windows' code page 1252 above Latin 1, by what it means. */
const ABOVE = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

/** The text in the code page of the fonts; null: a letter is not in it. */
function encoded(text: string): string | null {
    let out = "";
    for (const c of text) {
        const code = c.codePointAt(0)!;
        const above = ABOVE.indexOf(c);
        if ((code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code < 0x100)) out += c;
        else if (c !== "\0" && above >= 0) out += String.fromCharCode(0x80 + above);
        else return null;
    }
    return out.replace(/[\\()]/g, "\\$&");
}

const FONTS = ["Times-Roman", "Times-Bold", "Times-Italic", "Times-BoldItalic", "Helvetica", "Helvetica-Bold", "Helvetica-Oblique", "Helvetica-BoldOblique"];

function fontOf(style: CSSStyleDeclaration, text: Element): number {
    const family = text.getAttribute("font-family") ?? style.fontFamily;
    const bold = Number(style.fontWeight) >= 600 || style.fontWeight === "bold";
    const italic = style.fontStyle !== "normal";
    return (/helvetica|arial|sans/i.test(family) ? 4 : 0) + (italic ? 2 : 0) + (bold ? 1 : 0);
}

interface Stencil {
    width: number;
    height: number;
    bits: Uint8Array;
}

function stencilOf(text: string, font: string, size: number, width: number): Stencil {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.ceil((width + 2) * STENCIL_DOTS));
    canvas.height = Math.max(1, Math.ceil(size * 1.5 * STENCIL_DOTS));
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    pen.scale(STENCIL_DOTS, STENCIL_DOTS);
    pen.font = font;
    pen.fillText(text, 0, size);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    const stride = Math.ceil(canvas.width / 8);
    const bits = new Uint8Array(stride * canvas.height).fill(0xff);
    for (let y = 0; y < canvas.height; y++)
        for (let x = 0; x < canvas.width; x++)
            if (data[4 * (y * canvas.width + x) + 3]! > 127) bits[y * stride + (x >> 3)]! &= ~(0x80 >> (x & 7));
    return { width: canvas.width, height: canvas.height, bits };
}

/** The operators that draw a text, a piece of it for each of its lines. */
function textOf(text: SVGTextElement, stencils: Stencil[]): string {
    const pieces = [...text.querySelectorAll("tspan")];
    return (pieces.length ? pieces : [text])
        .map((piece) => {
            const words = piece.textContent ?? "";
            if (!words.trim() || piece.getNumberOfChars() === 0) return "";
            const style = getComputedStyle(piece);
            // The score may be drawn smaller or larger than its units; its sizes are in units.
            const own = parseFloat(style.fontSize);
            const whole = Number(text.getAttribute("font-size"));
            const size = whole ? (whole * own) / parseFloat(getComputedStyle(text).fontSize) : own;
            const { x, y } = piece.getStartPositionOfChar(0);
            const latin = encoded(words);
            if (latin !== null) return `BT /F${fontOf(style, text)} ${number(size)} Tf 1 0 0 -1 ${number(x)} ${number(y)} Tm (${latin}) Tj ET`;
            const width = piece.getComputedTextLength();
            const font = `${style.fontStyle} ${style.fontWeight} ${size}px ${style.fontFamily}`;
            const stencil = stencilOf(words, font, size, width);
            const n = stencils.push(stencil) - 1;
            const [w, h] = [stencil.width / STENCIL_DOTS, stencil.height / STENCIL_DOTS];
            return `q ${number(w)} 0 0 ${number(-h)} ${number(x)} ${number(y - size + h)} cm /S${n} Do Q`;
        })
        .filter(Boolean)
        .join("\n");
}

/** Small notes are large ones made smaller: how, as a PDF says it; "": as they are. */
function scaled(path: SVGElement): string {
    let all = new DOMMatrix();
    for (let e: Element | null = path; e && !(e instanceof SVGSVGElement); e = e.parentElement) {
        const { transform, transformOrigin } = getComputedStyle(e);
        if (transform === "none") continue;
        const [x = 0, y = 0] = transformOrigin.split(" ").map(parseFloat);
        all = new DOMMatrix().translate(x, y).multiply(new DOMMatrix(transform)).translate(-x, -y).multiply(all);
    }
    return all.isIdentity ? "" : `${[all.a, all.b, all.c, all.d, all.e, all.f].map(number).join(" ")} cm `;
}

function shapeOf(path: SVGPathElement): string {
    const of = (name: string) => path.closest(`[${name}]`)?.getAttribute(name) ?? "none";
    const fills = of("fill") !== "none";
    const strokes = of("stroke") !== "none";
    const d = pathOf(path.getAttribute("d") ?? "");
    if (!d || (!fills && !strokes)) return "";
    const width = strokes ? `${number(Number(path.getAttribute("stroke-width")) || 1)} w ` : "";
    const drawn = `${width}${d} ${fills && strokes ? "B" : fills ? "f" : "S"}`;
    const place = scaled(path);
    return place ? `q ${place}${drawn} Q` : drawn;
}

/** What is drawn, each system with its place: a page ends between two of them. */
function blocksOf(svg: SVGSVGElement, stencils: Stencil[]) {
    return ([...svg.children] as SVGGraphicsElement[])
        .filter((e) => e instanceof SVGGraphicsElement && !e.matches(".wrong-bar"))
        .map((block) => {
            const { y, height } = block.getBBox();
            const parts = block.matches("path, text") ? [block] : [...block.querySelectorAll("path, text")];
            const drawn = parts.map((e) => (e instanceof SVGTextElement ? textOf(e, stencils) : shapeOf(e as SVGPathElement)));
            return { top: y, bottom: y + height, drawn: drawn.filter(Boolean).join("\n") };
        })
        .filter((b) => b.drawn);
}

function pagesOf(blocks: { top: number; bottom: number; drawn: string }[], height: number) {
    const pages: { top: number; drawn: string[] }[] = [];
    for (const block of blocks) {
        const page = pages[pages.length - 1];
        if (page && block.bottom - page.top <= height) page.drawn.push(block.drawn);
        else pages.push({ top: block.top, drawn: [block.drawn] });
    }
    return pages;
}

/** Numbers the objects of a file and writes where each is. */
class File {
    private bytes = new Bytes();
    private places: number[] = [];

    constructor() {
        this.bytes.add("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
    }

    object(n: number, dictionary: string, stream?: string | Uint8Array) {
        this.places[n] = this.bytes.length;
        this.bytes.add(`${n} 0 obj\n<< ${dictionary}${stream ? ` /Length ${stream.length}` : ""} >>\n`);
        if (stream) {
            this.bytes.add("stream\n");
            this.bytes.add(stream);
            this.bytes.add("\nendstream\n");
        }
        this.bytes.add("endobj\n");
    }

    finish(root: number, info: number): Blob {
        const size = this.places.length;
        const at = this.bytes.length;
        const rows = this.places.slice(1).map((place) => `${String(place).padStart(10, "0")} 00000 n \n`);
        this.bytes.add(`xref\n0 ${size}\n0000000000 65535 f \n${rows.join("")}`);
        this.bytes.add(`trailer\n<< /Size ${size} /Root ${root} 0 R /Info ${info} 0 R >>\nstartxref\n${at}\n%%EOF\n`);
        return this.bytes.blob("application/pdf");
    }
}

/** UTF-16 as hexadecimal digits: what a PDF's own texts may be written as. */
const hex = (s: string) => `<FEFF${[...Array(s.length).keys()].map((i) => s.charCodeAt(i).toString(16).padStart(4, "0")).join("")}>`;

export function toPdf(svg: SVGSVGElement, title: string): Blob {
    const { width } = svg.viewBox.baseVal;
    const scale = (PAGE.width - 2 * PAGE.margin) / width;
    const stencils: Stencil[] = [];
    const pages = pagesOf(blocksOf(svg, stencils), (PAGE.height - 2 * PAGE.margin) / scale);
    const file = new File();
    const [catalogue, tree, info, font] = [1, 2, 3, 4];
    const stencil = font! + FONTS.length;
    const page = stencil + stencils.length;
    const fonts = FONTS.map((_, i) => `/F${i} ${font! + i} 0 R`).join(" ");
    const images = stencils.map((_, i) => `/S${i} ${stencil + i} 0 R`).join(" ");
    file.object(catalogue!, `/Type /Catalog /Pages ${tree} 0 R`);
    file.object(tree!, `/Type /Pages /Count ${pages.length} /Kids [${pages.map((_, i) => `${page + 2 * i} 0 R`).join(" ")}]`);
    file.object(info!, `/Title ${hex(title)} /Producer (Tiro)`);
    FONTS.forEach((name, i) => file.object(font! + i, `/Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding`));
    stencils.forEach((s, i) => file.object(stencil + i, `/Type /XObject /Subtype /Image /Width ${s.width} /Height ${s.height} /ImageMask true /BitsPerComponent 1`, s.bits));
    pages.forEach(({ top, drawn }, i) => {
        // The page's units become the score's: from the top down.
        const place = `${number(scale)} 0 0 ${number(-scale)} ${number(PAGE.margin)} ${number(PAGE.height - PAGE.margin + top * scale)} cm`;
        file.object(
            page + 2 * i,
            `/Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Contents ${page + 2 * i + 1} 0 R ` +
                `/Resources << /Font << ${fonts} >> /XObject << ${images} >> >>`,
        );
        file.object(page + 2 * i + 1, "", `q ${place} 0 g 0 G\n${drawn.join("\n")}\nQ`);
    });
    return file.finish(catalogue!, info!);
}
