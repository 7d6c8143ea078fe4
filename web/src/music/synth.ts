// A small synthesizer of its own: no sound is fetched from anywhere.
import { lengthOf, type Note } from "./notes";

export interface Instrument {
    name: string;
    /** General MIDI's program, for files. */
    program: number;
    /** Strengths of the harmonics. */
    harmonics: number[];
    /** Seconds to rise, and to fade to a third while a note is held; 0: it stays. */
    attack: number;
    decay: number;
}

export const instruments: readonly Instrument[] = [
    { name: "Piano", program: 0, harmonics: [1, 0.5, 0.28, 0.15, 0.08, 0.04], attack: 0.005, decay: 0.9 },
    { name: "Flute", program: 73, harmonics: [1, 0.25, 0.08, 0.02], attack: 0.06, decay: 0 },
    { name: "Fiddle", program: 40, harmonics: [1, 0.7, 0.5, 0.4, 0.3, 0.22, 0.15], attack: 0.05, decay: 0 },
    { name: "Organ", program: 19, harmonics: [1, 0.8, 0.1, 0.6, 0, 0.05, 0, 0.4], attack: 0.02, decay: 0 },
    { name: "Harp", program: 46, harmonics: [1, 0.35, 0.12, 0.05], attack: 0.003, decay: 0.5 },
];

const RELEASE = 0.12;
const LOUDNESS = 0.18;

function wave(context: BaseAudioContext, instrument: Instrument): PeriodicWave {
    const imag = new Float32Array([0, ...instrument.harmonics]);
    return context.createPeriodicWave(new Float32Array(imag.length), imag);
}

function schedule(context: BaseAudioContext, to: AudioNode, notes: readonly Note[], instrument: Instrument, at: number) {
    const shape = wave(context, instrument);
    for (const note of notes) {
        const begin = at + note.start;
        const end = begin + note.length;
        const voice = context.createOscillator();
        const gain = context.createGain();
        voice.setPeriodicWave(shape);
        voice.frequency.value = 440 * 2 ** ((note.pitch - 69) / 12);
        gain.gain.setValueAtTime(0, begin);
        gain.gain.linearRampToValueAtTime(LOUDNESS * note.volume, begin + instrument.attack);
        if (instrument.decay)
            gain.gain.setTargetAtTime(0, begin + instrument.attack, instrument.decay);
        gain.gain.setTargetAtTime(0, Math.max(end - 0.02, begin + instrument.attack), RELEASE / 4);
        voice.connect(gain).connect(to);
        voice.start(begin);
        voice.stop(end + RELEASE);
    }
}

/** Plays until `stop` or the end; `now` tells the seconds that have sounded. */
export class Player {
    private context = new AudioContext();
    private begin = 0;

    constructor(notes: readonly Note[], instrument: Instrument, from: number) {
        const out = this.context.createDynamicsCompressor();
        out.connect(this.context.destination);
        this.begin = this.context.currentTime + 0.08 - from;
        schedule(this.context, out, notes.filter((n) => n.start + 1e-6 >= from), instrument, this.begin);
    }

    now(): number {
        return this.context.currentTime - this.begin;
    }

    stop(): void {
        void this.context.close();
    }
}

const RATE = 44100;
/** A longer tune is cut there: WAV takes 5 MB a minute. */
const WAV_SECONDS_MAX = 600;

/** 16 bits, one channel. */
export async function toWav(notes: readonly Note[], instrument: Instrument): Promise<Blob> {
    const seconds = Math.min(lengthOf(notes) + 0.5, WAV_SECONDS_MAX);
    const context = new OfflineAudioContext(1, Math.ceil(seconds * RATE), RATE);
    const out = context.createDynamicsCompressor();
    out.connect(context.destination);
    schedule(context, out, notes, instrument, 0);
    const samples = (await context.startRendering()).getChannelData(0);
    const data = new DataView(new ArrayBuffer(44 + samples.length * 2));
    const text = (at: number, word: string) => [...word].forEach((c, i) => data.setUint8(at + i, c.charCodeAt(0)));
    text(0, "RIFF");
    data.setUint32(4, 36 + samples.length * 2, true);
    text(8, "WAVEfmt ");
    data.setUint32(16, 16, true);
    data.setUint16(20, 1, true); // PCM
    data.setUint16(22, 1, true);
    data.setUint32(24, RATE, true);
    data.setUint32(28, RATE * 2, true);
    data.setUint16(32, 2, true);
    data.setUint16(34, 16, true);
    text(36, "data");
    data.setUint32(40, samples.length * 2, true);
    samples.forEach((s, i) => data.setInt16(44 + i * 2, Math.max(-1, Math.min(1, s)) * 32767, true));
    return new Blob([data.buffer], { type: "audio/wav" });
}
