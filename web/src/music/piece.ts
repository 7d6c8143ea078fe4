// A tune as it sounds: its voices, its notes, and what of the score is lit when.
import type { TuneObject } from "abcjs";

/** Times are in whole notes at the tune's first tempo: a later tempo (Q:) stretches them. */
export interface Note {
    start: number;
    length: number;
    /** MIDI's number: 60 is middle C; quarter tones lie between. */
    pitch: number;
    /** 0 to 1 */
    volume: number;
    voice: number;
    /** Where it stands in the text; -1: nowhere, as the notes of a chord symbol. */
    from: number;
}

export interface Voice {
    name: string;
    /** General MIDI's program, from 0. */
    program: number;
    drums: boolean;
}

/** Elements of the score from `start` to `end`. */
export interface Lit {
    start: number;
    end: number;
    elements: Element[];
}

export interface Piece {
    /** Quarter notes a minute at the beginning. */
    qpm: number;
    /** Where the tempo changes, the beginning included. */
    tempi: { at: number; qpm: number }[];
    voices: Voice[];
    notes: Note[];
    lit: Lit[];
    length: number;
    metre: { beats: number; beat: number };
}

const DRUMS = 128;
/** Of a staccato note this much sounds. */
const STACCATO = 0.6;
const QPM = 120;
const QPM_COMPOUND = 180;

/** What abcjs makes, as far as it is read here. */
interface Command {
    cmd: "program" | "text" | "note";
    instrument?: number;
    text?: string;
    start?: number;
    duration?: number;
    pitch?: number;
    cents?: number;
    volume?: number;
    startChar?: number;
    endType?: string;
}
interface Placed {
    el_type: string;
    currentTrackWholeNotes?: number | number[];
    abselem?: { elemset?: Element[] };
    rest?: { type: string };
    duration?: number | number[];
    bpm?: number;
}

const placesOf = (e: Placed): number[] => [e.currentTrackWholeNotes ?? []].flat();

/** The elements of each voice, its lines one behind the other. */
function voicesOf(tune: TuneObject): Placed[][] {
    const voices: Placed[][] = [];
    for (const line of tune.lines) {
        let n = 0;
        for (const staff of line.staff ?? [])
            for (const voice of staff.voices ?? []) (voices[n++] ??= []).push(...(voice as unknown as Placed[]));
    }
    return voices;
}

/** A note is lit until the next of its voice: so are the later ones of a tie. */
function litOf(voices: Placed[][], length: number): Lit[] {
    return voices.flatMap((elements) => {
        const all = elements
            .filter((e) => e.el_type === "note")
            .flatMap((e) => placesOf(e).map((start) => ({ start, e })))
            .sort((a, b) => a.start - b.start);
        return all
            .map(({ start, e }, i) => ({
                start,
                end: all.slice(i + 1).find((next) => next.start > start + 1e-9)?.start ?? length,
                elements: e.rest ? [] : (e.abselem?.elemset ?? []),
            }))
            .filter((lit) => lit.elements.length > 0);
    });
}

/** abcjs tells the times at the first tempo; where it changed is read from the elements. */
function tempiOf(voices: Placed[][], qpm: number): Piece["tempi"] {
    const tempi = [{ at: 0, qpm }];
    for (const elements of voices)
        elements.forEach((e, i) => {
            if (e.el_type !== "tempo" || !e.bpm) return;
            const [beat = 0.25] = [e.duration ?? []].flat();
            const next = elements.slice(i + 1).find((n) => n.el_type === "note" && placesOf(n).length > 0);
            for (const at of next ? placesOf(next) : []) tempi.push({ at, qpm: e.bpm * beat * 4 });
        });
    tempi.sort((a, b) => a.at - b.at);
    // The last that is said of a moment holds.
    return tempi.filter((t, i) => i + 1 === tempi.length || tempi[i + 1]!.at > t.at + 1e-9);
}

/** `transpose`: semitones, as the tune has been drawn. */
export function pieceOf(tune: TuneObject, transpose: number): Piece {
    const fraction = tune.getMeterFraction();
    const metre = { beats: Number(fraction.num) || 4, beat: Number(fraction.den) || 4 };
    const compound = metre.beats > 3 && metre.beats % 3 === 0;
    const said = tune.metaText.tempo?.bpm !== undefined;
    const audio = tune.setUpAudio({
        midiTranspose: transpose,
        ...(said ? {} : { qpm: compound ? QPM_COMPOUND : QPM }),
    } as Parameters<TuneObject["setUpAudio"]>[0]);
    const qpm = audio.tempo ?? QPM;
    const drawn = voicesOf(tune);
    const voices: Voice[] = [];
    const notes: Note[] = [];
    for (const track of audio.tracks as unknown as Command[][]) {
        const sounds = track.filter((c) => c.cmd === "note");
        if (sounds.length === 0) continue;
        const voice = voices.length;
        const program = sounds[0]!.instrument ?? track.find((c) => c.cmd === "program")?.instrument ?? 0;
        const name = track.find((c) => c.cmd === "text")?.text;
        voices.push({
            name: name || (voice < drawn.length ? `Voice ${voice + 1}` : "Chords"),
            program: program === DRUMS ? 0 : program,
            drums: program === DRUMS,
        });
        for (const c of sounds)
            notes.push({
                start: c.start ?? 0,
                length: (c.duration ?? 0) * (c.endType === "staccato" ? STACCATO : 1),
                pitch: (c.pitch ?? 60) + (c.cents ?? 0) / 100,
                volume: (c.volume ?? 0) / 127,
                voice,
                from: c.startChar ?? -1,
            });
    }
    notes.sort((a, b) => a.start - b.start);
    const last = notes.reduce((end, n) => Math.max(end, n.start + n.length), 0);
    const length = Math.max(audio.totalDuration, last);
    return { qpm, tempi: tempiOf(drawn, qpm), voices, notes, lit: litOf(drawn, length), length, metre };
}

/** Seconds of a whole note. */
export const wholeOf = (qpm: number): number => 240 / qpm;
