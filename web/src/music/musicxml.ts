// MusicXML 4.0 (partwise) of a tune, for notation programs.
import type { TuneObject } from "abcjs";

/** As abcjs parses it; only what is read here. */
interface Pitch {
    pitch: number; // steps from middle C
    accidental?: string;
    startTie?: unknown;
    endTie?: unknown;
}
interface Element {
    el_type: string;
    pitches?: Pitch[];
    rest?: { type: string };
    duration?: number; // of a whole note
    startTriplet?: number;
    tripletMultiplier?: number;
    endTriplet?: boolean;
    accidentals?: { acc: string; note: string }[];
    type?: string;
    value?: { num: string; den?: string }[];
}

const DIVISIONS = 480; // a quarter note
const STEPS = "CDEFGAB";
const ALTER: Record<string, number> = { sharp: 1, flat: -1, natural: 0, dblsharp: 2, dblflat: -2 };
const TYPES: [number, string][] = [
    [1, "whole"],
    [1 / 2, "half"],
    [1 / 4, "quarter"],
    [1 / 8, "eighth"],
    [1 / 16, "16th"],
    [1 / 32, "32nd"],
];

const escape = (s: string) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** "quarter" and how many dots; the nearest below where it is none of them. */
function typeOf(duration: number): string {
    for (const [length, name] of TYPES) {
        if (Math.abs(duration - length * 1.75) < 1e-6) return `<type>${name}</type><dot/><dot/>`;
        if (Math.abs(duration - length * 1.5) < 1e-6) return `<type>${name}</type><dot/>`;
        if (duration >= length - 1e-6) return `<type>${name}</type>`;
    }
    return "<type>64th</type>";
}

class Part {
    private measures: string[] = [];
    private now = "";
    private key = new Map<string, number>();
    private inBar = new Map<number, number>();
    private attributes = `<divisions>${DIVISIONS}</divisions>`;
    private triplet = 1;

    attribute(xml: string) {
        this.attributes += xml;
    }

    setKey(accidentals: { acc: string; note: string }[]) {
        this.key = new Map(accidentals.map((a) => [a.note.toUpperCase()[0]!, ALTER[a.acc] ?? 0]));
        const fifths = [...this.key.values()].reduce((sum, a) => sum + a, 0);
        this.attribute(`<key><fifths>${fifths}</fifths></key>`);
    }

    bar() {
        if (this.now) this.end();
    }

    private end() {
        const attributes = this.attributes ? `<attributes>${this.attributes}</attributes>` : "";
        this.measures.push(`<measure number="${this.measures.length + 1}">${attributes}${this.now}</measure>`);
        this.now = this.attributes = "";
        this.inBar.clear();
    }

    private pitch(p: Pitch): string {
        const step = STEPS[((p.pitch % 7) + 7) % 7]!;
        if (p.accidental) this.inBar.set(p.pitch, ALTER[p.accidental] ?? 0);
        const alter = this.inBar.get(p.pitch) ?? this.key.get(step) ?? 0;
        return `<pitch><step>${step}</step>${alter ? `<alter>${alter}</alter>` : ""}<octave>${Math.floor(p.pitch / 7) + 4}</octave></pitch>`;
    }

    note(e: Element) {
        const duration = e.duration ?? 0;
        if (duration === 0) return;
        if (e.startTriplet) this.triplet = e.tripletMultiplier ?? 2 / 3;
        const length = `<duration>${Math.round(duration * this.triplet * 4 * DIVISIONS)}</duration>`;
        const time =
            this.triplet === 1
                ? ""
                : `<time-modification><actual-notes>3</actual-notes><normal-notes>${Math.round(3 * this.triplet)}</normal-notes></time-modification>`;
        const tail = `<voice>1</voice>${typeOf(duration)}${time}`;
        if (e.rest) this.now += `<note><rest/>${length}${tail}</note>`;
        e.pitches?.forEach((p, i) => {
            const tie = (p.endTie ? '<tie type="stop"/>' : "") + (p.startTie ? '<tie type="start"/>' : "");
            this.now += `<note>${i ? "<chord/>" : ""}${this.pitch(p)}${length}${tie}${tail}</note>`;
        });
        if (e.endTriplet) this.triplet = 1;
    }

    finish(): string {
        if (this.now || this.measures.length === 0) this.end();
        return this.measures.join("\n");
    }
}

export function toMusicXml(tune: TuneObject, title: string): Blob {
    const parts: Part[] = [];
    for (const line of tune.lines) {
        let voice = 0;
        for (const staff of line.staff ?? [])
            for (const elements of (staff.voices ?? []) as unknown as Element[][]) {
                let part = parts[voice];
                if (!part) {
                    part = parts[voice] = new Part();
                    const { key, meter } = staff as unknown as { key?: Element; meter?: Element };
                    part.setKey(key?.accidentals ?? []);
                    const [time] = meter?.value ?? [];
                    if (time?.den) part.attribute(`<time><beats>${escape(time.num)}</beats><beat-type>${escape(time.den)}</beat-type></time>`);
                }
                voice++;
                for (const e of elements)
                    if (e.el_type === "note") part.note(e);
                    else if (e.el_type === "bar") part.bar();
                    else if (e.el_type === "key") part.setKey(e.accidentals ?? []);
            }
    }
    const names = parts.map((_, i) => `<score-part id="P${i + 1}"><part-name>Voice ${i + 1}</part-name></score-part>`);
    const bodies = parts.map((part, i) => `<part id="P${i + 1}">\n${part.finish()}\n</part>`);
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0"><work><work-title>${escape(title)}</work-title></work>
<part-list>${names.join("")}</part-list>
${bodies.join("\n")}
</score-partwise>
`;
    return new Blob([xml], { type: "application/vnd.recordare.musicxml+xml" });
}
