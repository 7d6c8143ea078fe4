// What sounds when: the notes of a tune in seconds.
import type { TuneObject, AudioTrackNoteItem } from "abcjs";

export interface Note {
    /** Seconds from the beginning. */
    start: number;
    length: number;
    /** MIDI's number: 60 is middle C. */
    pitch: number;
    /** 0 to 1 */
    volume: number;
    /** Where it stands in the text. */
    from: number;
}

/** `qpm`: quarter notes a minute. */
export function notesOf(tune: TuneObject, qpm: number): Note[] {
    const whole = 240 / qpm;
    return tune
        .setUpAudio({})
        .tracks.flat()
        .filter((e): e is AudioTrackNoteItem => e.cmd === "note")
        .map((e) => ({
            start: e.start * whole,
            length: e.duration * whole,
            pitch: e.pitch,
            volume: e.volume / 127,
            from: e.startChar,
        }))
        .sort((a, b) => a.start - b.start);
}

export function lengthOf(notes: readonly Note[]): number {
    return notes.reduce((end, n) => Math.max(end, n.start + n.length), 0);
}
