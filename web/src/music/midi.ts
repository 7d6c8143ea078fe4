// A Standard MIDI File (format 0) of a tune's notes.
import type { Note } from "./notes";

const TICKS = 480; // a quarter note

function length(value: number): number[] {
    const out = [value & 0x7f];
    for (let rest = value >> 7; rest > 0; rest >>= 7) out.unshift((rest & 0x7f) | 0x80);
    return out;
}

const u16 = (n: number) => [(n >> 8) & 255, n & 255];
const u32 = (n: number) => [...u16(n >>> 16), ...u16(n & 0xffff)];
const ascii = (s: string) => [...s].map((c) => c.charCodeAt(0));

export function toMidi(notes: readonly Note[], qpm: number, program: number): Blob {
    const tick = (seconds: number) => Math.round((seconds * qpm * TICKS) / 60);
    const events = notes.flatMap((n) => {
        const pitch = Math.max(0, Math.min(127, Math.round(n.pitch)));
        const velocity = Math.max(1, Math.round(n.volume * 127));
        return [
            { at: tick(n.start), on: 1, bytes: [0x90, pitch, velocity] },
            { at: tick(n.start + n.length), on: 0, bytes: [0x80, pitch, 0] },
        ];
    });
    // What ends at a moment ends before something begins there.
    events.sort((a, b) => a.at - b.at || a.on - b.on);
    const micros = Math.round(60e6 / qpm);
    const track = [0, 0xff, 0x51, 3, (micros >> 16) & 255, ...u16(micros & 0xffff), 0, 0xc0, program];
    let now = 0;
    for (const { at, bytes } of events) {
        track.push(...length(at - now), ...bytes);
        now = at;
    }
    track.push(0, 0xff, 0x2f, 0);
    const file = [...ascii("MThd"), ...u32(6), ...u16(0), ...u16(1), ...u16(TICKS), ...ascii("MTrk"), ...u32(track.length), ...track];
    return new Blob([new Uint8Array(file)], { type: "audio/midi" });
}
