// A Standard MIDI File (format 1) of a piece: its tempi, then a track for each voice.
import type { Mix } from "./synth";
import type { Note, Piece } from "./piece";

const TICKS = 480; // a quarter note
const DRUM_CHANNEL = 9;
const CHANNELS = 16;

function varint(value: number): number[] {
    const out = [value & 0x7f];
    for (let rest = value >> 7; rest > 0; rest >>= 7) out.unshift((rest & 0x7f) | 0x80);
    return out;
}

const u16 = (n: number) => [(n >> 8) & 255, n & 255];
const u32 = (n: number) => [...u16(n >>> 16), ...u16(n & 0xffff)];
const meta = (type: number, bytes: number[]) => [0xff, type, ...varint(bytes.length), ...bytes];
const text = (type: number, s: string) => meta(type, [...new TextEncoder().encode(s)]);
const chunk = (name: string, bytes: number[]) => [...[...name].map((c) => c.charCodeAt(0)), ...u32(bytes.length), ...bytes];

interface Event {
    tick: number;
    /** What ends at a moment ends before something begins there. */
    order: number;
    bytes: number[];
}

function track(events: Event[]): number[] {
    events.sort((a, b) => a.tick - b.tick || a.order - b.order);
    const bytes: number[] = [];
    let now = 0;
    for (const { tick, bytes: event } of events) {
        for (const byte of [...varint(tick - now), ...event]) bytes.push(byte);
        now = tick;
    }
    bytes.push(0, ...meta(0x2f, []));
    return chunk("MTrk", bytes);
}

/** Times of the piece are stretched by its tempi; those of the file are as written. */
function ticker(piece: Piece): (at: number) => number {
    return (at) => {
        let written = 0;
        piece.tempi.forEach((t, i) => {
            const until = Math.min(at, piece.tempi[i + 1]?.at ?? Infinity);
            if (until > t.at) written += ((until - t.at) * t.qpm) / piece.qpm;
        });
        return Math.round(written * 4 * TICKS);
    };
}

const bounded = (n: number, min: number, max: number) => Math.max(min, Math.min(max, Math.round(n)));

function sounds(notes: readonly Note[], channel: number, volume: number, tick: (at: number) => number): Event[] {
    return notes.flatMap((n) => {
        const pitch = bounded(n.pitch, 0, 127);
        const velocity = bounded(n.volume * volume * 127, 1, 127);
        const begin = tick(n.start);
        return [
            { tick: begin, order: 2, bytes: [0x90 | channel, pitch, velocity] },
            { tick: Math.max(begin + 1, tick(n.start + n.length)), order: 1, bytes: [0x80 | channel, pitch, 0] },
        ];
    });
}

/** As it is heard: in this tempo, with these instruments, without voices that are silent. */
export function toMidi(piece: Piece, qpm: number, mix: readonly Mix[], title: string): Blob {
    const tick = ticker(piece);
    const { beats, beat } = piece.metre;
    const head: Event[] = [
        { tick: 0, order: 0, bytes: text(0x03, title) },
        { tick: 0, order: 0, bytes: meta(0x58, [beats, Math.round(Math.log2(beat)), 24, 8]) },
        ...piece.tempi.map((t) => {
            const micros = bounded((60e6 / t.qpm) * (piece.qpm / qpm), 1, 0xffffff);
            return { tick: tick(t.at), order: 0, bytes: meta(0x51, [micros >> 16, ...u16(micros & 0xffff)]) };
        }),
    ];
    const tracks = [track(head)];
    let next = 0;
    piece.voices.forEach((voice, v) => {
        if (!mix[v]!.volume) return;
        const channel = voice.drums ? DRUM_CHANNEL : next % CHANNELS;
        if (!voice.drums) next += next % CHANNELS === DRUM_CHANNEL - 1 ? 2 : 1;
        const notes = piece.notes.filter((n) => n.voice === v && n.volume > 0);
        tracks.push(
            track([
                { tick: 0, order: 0, bytes: text(0x03, voice.name) },
                { tick: 0, order: 0, bytes: [0xc0 | channel, mix[v]!.instrument.program] },
                ...sounds(notes, channel, mix[v]!.volume, tick),
            ]),
        );
    });
    const file = [...chunk("MThd", [...u16(1), ...u16(tracks.length), ...u16(TICKS)]), ...tracks.flat()];
    return new Blob([new Uint8Array(file)], { type: "audio/midi" });
}
