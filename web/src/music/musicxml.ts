// MusicXML 4.0 (partwise) of a tune, for notation programs. A part for each voice.
import type { TuneObject } from "abcjs";

/** As abcjs parses it; only what is read here. */
interface Pitch {
    pitch: number; // steps from middle C
    accidental?: string;
    startTie?: unknown;
    endTie?: unknown;
    startSlur?: unknown[];
    endSlur?: unknown[];
}
interface Accidental {
    acc: string;
    note: string;
}
interface Element {
    el_type: string;
    pitches?: Pitch[];
    rest?: { type: string; text?: number };
    duration?: number | number[]; // of a whole note; of a tempo: its beats
    startTriplet?: number;
    tripletMultiplier?: number;
    endTriplet?: boolean;
    gracenotes?: (Pitch & { duration: number })[];
    lyric?: { syllable: string; divider: string }[];
    chord?: { name: string; position: string }[];
    decoration?: string[];
    accidentals?: Accidental[];
    mode?: string;
    type?: string;
    value?: { num: string; den?: string }[];
    startEnding?: string;
    endEnding?: boolean;
    bpm?: number;
    clefPos?: number;
}
interface Staff {
    key?: Element;
    meter?: Element;
    clef?: Element;
    title?: string[];
    voices?: Element[][];
}

const DIVISIONS = 10080; // of a quarter note: tuplets of 3, 5, 7 and 9 are whole
const STEPS = "CDEFGAB";
const ALTER: Record<string, number> = { sharp: 1, flat: -1, natural: 0, dblsharp: 2, dblflat: -2, quartersharp: 0.5, quarterflat: -0.5 };
const ACCIDENTALS: Record<string, string> = {
    sharp: "sharp",
    flat: "flat",
    natural: "natural",
    dblsharp: "double-sharp",
    dblflat: "flat-flat",
    quartersharp: "quarter-sharp",
    quarterflat: "quarter-flat",
};
const TYPES: [number, string][] = [
    [4, "long"],
    [2, "breve"],
    [1, "whole"],
    [1 / 2, "half"],
    [1 / 4, "quarter"],
    [1 / 8, "eighth"],
    [1 / 16, "16th"],
    [1 / 32, "32nd"],
    [1 / 64, "64th"],
    [1 / 128, "128th"],
];
/** How a chord symbol goes on behind its root. */
const CHORDS: Record<string, string> = {
    "": "major",
    maj: "major",
    M: "major",
    m: "minor",
    min: "minor",
    "-": "minor",
    "7": "dominant",
    maj7: "major-seventh",
    M7: "major-seventh",
    m7: "minor-seventh",
    min7: "minor-seventh",
    dim: "diminished",
    dim7: "diminished-seventh",
    aug: "augmented",
    "+": "augmented",
    m7b5: "half-diminished",
    "6": "major-sixth",
    m6: "minor-sixth",
    "9": "dominant-ninth",
    maj9: "major-ninth",
    m9: "minor-ninth",
    sus4: "suspended-fourth",
    sus: "suspended-fourth",
    sus2: "suspended-second",
};
const CLEFS: Record<string, [string, number]> = { treble: ["G", 2], bass: ["F", 4], alto: ["C", 3], tenor: ["C", 4] };
const BAR_STYLES: Record<string, string> = {
    bar_thin_thick: "light-heavy",
    bar_thick_thin: "heavy-light",
    bar_thin_thin: "light-light",
    bar_dotted: "dotted",
    bar_invisible: "none",
};

const escape = (s: string) => s.replace(/[&<>"\x00-\x08\x0b\x0c\x0e-\x1f]/g, (c) => (c < " " ? " " : `&#${c.charCodeAt(0)};`));
const tag = (name: string, value: string | number) => `<${name}>${typeof value === "number" ? value : escape(value)}</${name}>`;
const lengthOf = (e: Element): number => (typeof e.duration === "number" ? e.duration : 0);

/** "quarter" and its dots; the nearest below where it is none of them. */
function typeOf(duration: number): string {
    for (const [length, name] of TYPES)
        for (const [dots, factor] of [
            [3, 1.875],
            [2, 1.75],
            [1, 1.5],
            [0, 1],
        ] as const)
            if (Math.abs(duration - length * factor) < 1e-6) return tag("type", name) + "<dot/>".repeat(dots);
    const below = TYPES.find(([length]) => duration >= length);
    return below ? tag("type", below[1]) : "<type>256th</type>";
}

const fifthsOf = (accidentals: Accidental[]) => accidentals.reduce((sum, a) => sum + (ALTER[a.acc] ?? 0), 0);

function harmony(name: string): string | null {
    const found = /^([A-G])([#b♯♭]?)([^/]*)(?:\/([A-G])([#b♯♭]?))?$/.exec(name.trim());
    if (!found) return null;
    const [, root, sign, rest, bass, bassSign] = found;
    const alter = (s: string | undefined) => (!s ? 0 : "#♯".includes(s) ? 1 : -1);
    const kind = CHORDS[rest!.trim()];
    const low = bass ? `<bass>${tag("bass-step", bass)}${bassSign ? tag("bass-alter", alter(bassSign)) : ""}</bass>` : "";
    return (
        `<harmony><root>${tag("root-step", root!)}${sign ? tag("root-alter", alter(sign)) : ""}</root>` +
        `<kind text="${escape(rest!)}">${kind ?? "other"}</kind>${low}</harmony>`
    );
}

class Part {
    private measures: string[] = [];
    private attributes = tag("divisions", DIVISIONS);
    private now = "";
    /** What the measure holds so far, in whole notes. */
    private filled = 0;
    private left = "";
    private right = "";
    private key = new Map<string, number>();
    private keyText = "";
    private metreText = "";
    private clefText = "";
    private octave = 0;
    private inBar = new Map<number, number>();
    /** What tied notes are altered by, into the next bar. */
    private ties = new Map<number, number>();
    private tuplet: { actual: number; normal: number } | null = null;
    private tupletBegins = false;
    private slurs = 0;
    private ending = "";
    private hyphen = [false, false, false, false];
    private metre = 0;
    private number = 0;

    begin(staff: Staff) {
        if (staff.clef?.type) this.setClef(staff.clef.type);
        if (staff.key) this.setKey(staff.key);
        if (staff.meter) this.setMetre(staff.meter);
    }

    /** MusicXML's order: key, time, clef; each at most once in a measure. */
    private attribute(name: string, xml: string) {
        const rank = ["divisions", "key", "time", "clef"];
        const parts = this.attributes.match(/<(divisions|key|time|clef)[ >].*?<\/\1>/g) ?? [];
        const kept = parts.filter((p) => !p.startsWith(`<${name}`));
        this.attributes = [...kept, xml].sort((a, b) => rank.findIndex((r) => a.startsWith(`<${r}`)) - rank.findIndex((r) => b.startsWith(`<${r}`))).join("");
        if (this.now) this.flush();
    }

    /** In mid-measure attributes stand among the notes. */
    private flush() {
        if (!this.attributes) return;
        this.now += `<attributes>${this.attributes}</attributes>`;
        this.attributes = "";
    }

    setKey(e: Element) {
        const accidentals = e.accidentals ?? [];
        this.key = new Map(accidentals.map((a) => [a.note.toUpperCase()[0]!, ALTER[a.acc] ?? 0]));
        const xml = `<key>${tag("fifths", fifthsOf(accidentals))}</key>`;
        if (xml !== this.keyText) this.attribute("key", xml);
        this.keyText = xml;
    }

    setMetre(e: Element) {
        const [time] = e.value ?? [];
        const common = e.type === "common_time" || e.type === "cut_time";
        const [num, den] = common ? (e.type === "cut_time" ? ["2", "2"] : ["4", "4"]) : [time?.num, time?.den];
        const symbol = common ? ` symbol="${e.type === "cut_time" ? "cut" : "common"}"` : "";
        this.metre = 0;
        if (!num || !den) return;
        const sum = num.split("+").reduce((n, part) => n + Number(part.replace(/\D/g, "")), 0);
        this.metre = sum / Number(den);
        const xml = `<time${symbol}>${tag("beats", num.replace(/[^\d+]/g, ""))}${tag("beat-type", den)}</time>`;
        if (xml !== this.metreText) this.attribute("time", xml);
        this.metreText = xml;
    }

    setClef(type: string) {
        const base = type.replace(/[+-]8$/, "").replace(/\d$/, "");
        const [sign, line] = CLEFS[base] ?? (base === "perc" ? ["percussion", 2] : ["G", 2]);
        this.octave = type.endsWith("-8") ? -1 : type.endsWith("+8") ? 1 : 0;
        const change = this.octave ? tag("clef-octave-change", this.octave) : "";
        const xml = `<clef>${tag("sign", sign)}${sign === "percussion" ? "" : tag("line", line)}${change}</clef>`;
        if (xml !== this.clefText) this.attribute("clef", xml);
        this.clefText = xml;
    }

    setTempo(e: Element) {
        const [beat = 0.25] = [e.duration ?? []].flat();
        if (!e.bpm) return;
        this.flush();
        const unit = typeOf(beat).replace("<type>", "<beat-unit>").replace("</type>", "</beat-unit>").replace(/<dot\/>/g, "<beat-unit-dot/>");
        this.now +=
            `<direction placement="above"><direction-type><metronome>${unit}${tag("per-minute", String(e.bpm))}</metronome></direction-type>` +
            `<sound tempo="${e.bpm * beat * 4}"/></direction>`;
    }

    bar(e: Element) {
        const type = e.type ?? "bar_thin";
        const closes = type === "bar_right_repeat" || type === "bar_dbl_repeat";
        const opens = type === "bar_left_repeat" || type === "bar_dbl_repeat";
        const style = closes ? "light-heavy" : BAR_STYLES[type];
        const ends = this.ending && (e.endEnding || closes || e.startEnding);
        if (this.filled > 0) {
            if (style || closes || ends)
                this.right =
                    `<barline location="right">${style ? tag("bar-style", style) : ""}` +
                    (ends ? `<ending number="${this.ending}" type="${closes ? "stop" : "discontinue"}"/>` : "") +
                    `${closes ? '<repeat direction="backward"/>' : ""}</barline>`;
            this.end();
        }
        if (ends) this.ending = "";
        const number = e.startEnding ? (e.startEnding.match(/\d+/g)?.join(", ") ?? "1") : "";
        if (opens || number)
            this.left =
                `<barline location="left">${opens ? "<bar-style>heavy-light</bar-style>" : ""}` +
                `${number ? `<ending number="${number}" type="start"/>` : ""}${opens ? '<repeat direction="forward"/>' : ""}</barline>`;
        if (number) this.ending = number;
    }

    /** A measure that is not full where music begins in mid-bar counts as none of its own. */
    private end() {
        const short = this.metre > 0 && this.filled < this.metre - 1e-6;
        const first = this.measures.length === 0;
        const number = short && first ? "0" : String(++this.number);
        const attributes = this.attributes ? `<attributes>${this.attributes}</attributes>` : "";
        this.measures.push(`<measure number="${number}"${short ? ' implicit="yes"' : ""}>${this.left}${attributes}${this.now}${this.right}</measure>`);
        this.now = this.attributes = this.left = this.right = "";
        this.filled = 0;
        this.inBar.clear();
    }

    private pitch(p: Pitch): string {
        const step = STEPS[((p.pitch % 7) + 7) % 7]!;
        if (p.accidental) this.inBar.set(p.pitch, ALTER[p.accidental] ?? 0);
        const tied = p.endTie ? this.ties.get(p.pitch) : undefined;
        const alter = p.accidental ? this.inBar.get(p.pitch)! : (tied ?? this.inBar.get(p.pitch) ?? this.key.get(step) ?? 0);
        if (p.startTie) this.ties.set(p.pitch, alter);
        else this.ties.delete(p.pitch);
        return `<pitch>${tag("step", step)}${alter ? tag("alter", alter) : ""}${tag("octave", Math.floor(p.pitch / 7) + 4 + this.octave)}</pitch>`;
    }

    private symbols(e: Element) {
        for (const { name, position } of e.chord ?? []) {
            const chord = position === "default" ? harmony(name) : null;
            this.flush();
            this.now +=
                chord ??
                `<direction placement="${position === "below" ? "below" : "above"}"><direction-type>${tag("words", name)}</direction-type></direction>`;
        }
    }

    private graces(e: Element) {
        for (const g of e.gracenotes ?? [])
            this.now += `<note><grace/>${this.pitch(g)}<voice>1</voice>${typeOf(g.duration / 2)}${this.accidental(g)}</note>`;
    }

    private accidental(p: Pitch): string {
        const name = p.accidental && ACCIDENTALS[p.accidental];
        return name ? tag("accidental", name) : "";
    }

    private notations(p: Pitch | null, first: boolean, e: Element): string {
        let xml = p?.endTie ? '<tied type="stop"/>' : "";
        if (p?.startTie) xml += '<tied type="start"/>';
        for (let i = 0; i < (p?.endSlur?.length ?? 0); i++) xml += `<slur type="stop" number="${Math.max(1, this.slurs--)}"/>`;
        for (let i = 0; i < (p?.startSlur?.length ?? 0); i++) xml += `<slur type="start" number="${++this.slurs}"/>`;
        if (first && this.tupletBegins) xml += '<tuplet type="start"/>';
        if (first && this.tuplet && e.endTriplet) xml += '<tuplet type="stop"/>';
        if (first && e.decoration?.includes("fermata")) xml += "<fermata/>";
        if (first && e.decoration?.includes("trill")) xml += "<ornaments><trill-mark/></ornaments>";
        const articulations = first
            ? (e.decoration ?? []).map((d) => (d === "staccato" ? "<staccato/>" : d === "accent" ? "<accent/>" : d === "tenuto" ? "<tenuto/>" : "")).join("")
            : "";
        if (articulations) xml += `<articulations>${articulations}</articulations>`;
        return xml ? `<notations>${xml}</notations>` : "";
    }

    private lyrics(e: Element): string {
        return (e.lyric ?? [])
            .map((l, verse) => {
                const goes = l.divider === "-";
                const before = this.hyphen[verse] ?? false;
                this.hyphen[verse] = goes;
                const syllabic = before ? (goes ? "middle" : "end") : goes ? "begin" : "single";
                const extend = l.divider === "_" ? "<extend/>" : "";
                return l.syllable.trim() ? `<lyric number="${verse + 1}">${tag("syllabic", syllabic)}${tag("text", l.syllable.trim())}${extend}</lyric>` : "";
            })
            .join("");
    }

    note(e: Element) {
        const rest = e.rest?.type;
        if (rest === "spacer") return;
        if (rest === "multimeasure" || rest === "invisible-multimeasure") return this.wholeRests(Number(e.rest!.text) || 1);
        const duration = lengthOf(e);
        if (duration === 0) return;
        if (e.startTriplet) {
            this.tuplet = { actual: e.startTriplet, normal: Math.round(e.startTriplet * (e.tripletMultiplier ?? 2 / 3)) };
            this.tupletBegins = true;
        }
        this.symbols(e);
        this.flush();
        this.graces(e);
        const factor = this.tuplet ? this.tuplet.normal / this.tuplet.actual : 1;
        const sounds = duration * factor;
        const length = tag("duration", Math.round(sounds * 4 * DIVISIONS));
        const time = this.tuplet
            ? `<time-modification>${tag("actual-notes", this.tuplet.actual)}${tag("normal-notes", this.tuplet.normal)}</time-modification>`
            : "";
        if (rest) {
            const hidden = rest.startsWith("invisible") ? ' print-object="no"' : "";
            this.now += `<note${hidden}><rest/>${length}<voice>1</voice>${typeOf(duration)}${time}${this.notations(null, true, e)}</note>`;
        }
        e.pitches?.forEach((p, i) => {
            const pitch = this.pitch(p);
            const tie = (p.endTie ? '<tie type="stop"/>' : "") + (p.startTie ? '<tie type="start"/>' : "");
            this.now +=
                `<note>${i ? "<chord/>" : ""}${pitch}${length}${tie}<voice>1</voice>${typeOf(duration)}${this.accidental(p)}${time}` +
                `${this.notations(p, i === 0, e)}${i ? "" : this.lyrics(e)}</note>`;
        });
        this.filled += sounds;
        this.tupletBegins = false;
        if (e.endTriplet) this.tuplet = null;
    }

    private wholeRests(count: number) {
        const duration = this.metre || 1;
        for (let i = 0; i < count; i++) {
            this.flush();
            this.now += `<note><rest measure="yes"/>${tag("duration", Math.round(duration * 4 * DIVISIONS))}<voice>1</voice></note>`;
            this.filled = duration;
            if (i + 1 < count) this.end();
        }
    }

    finish(): string {
        if (this.filled > 0 || this.measures.length === 0) this.end();
        return this.measures.join("\n");
    }
}

export function toMusicXml(tune: TuneObject, title: string): Blob {
    const parts: Part[] = [];
    const names: string[] = [];
    for (const line of tune.lines) {
        let voice = 0;
        for (const staff of (line.staff ?? []) as unknown as Staff[])
            for (const [i, elements] of (staff.voices ?? []).entries()) {
                let part = parts[voice];
                if (!part) {
                    part = parts[voice] = new Part();
                    names[voice] = staff.title?.[i]?.trim() || `Voice ${voice + 1}`;
                    const { tempo } = tune.metaText;
                    part.begin(staff);
                    if (tempo && voice === 0) part.setTempo(tempo as unknown as Element);
                } else {
                    part.begin(staff);
                }
                voice++;
                for (const e of elements)
                    if (e.el_type === "note") part.note(e);
                    else if (e.el_type === "bar") part.bar(e);
                    else if (e.el_type === "key") part.setKey(e);
                    else if (e.el_type === "meter") part.setMetre(e);
                    else if (e.el_type === "clef" && e.type) part.setClef(e.type);
                    else if (e.el_type === "tempo") part.setTempo(e);
            }
    }
    const list = parts.map((_, i) => `<score-part id="P${i + 1}">${tag("part-name", names[i]!)}</score-part>`);
    const bodies = parts.map((part, i) => `<part id="P${i + 1}">\n${part.finish()}\n</part>`);
    const composer = tune.metaText.composer;
    const author = typeof composer === "string" && composer ? `<identification><creator type="composer">${escape(composer)}</creator></identification>` : "";
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0"><work>${tag("work-title", title)}</work>${author}
<part-list>${list.join("")}</part-list>
${bodies.join("\n")}
</score-partwise>
`;
    return new Blob([xml], { type: "application/vnd.recordare.musicxml+xml" });
}
