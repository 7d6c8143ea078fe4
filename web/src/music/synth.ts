// A small synthesizer of its own: no sound is fetched from anywhere.
import { wholeOf, type Note, type Piece } from "./piece";

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
    { name: "Guitar", program: 24, harmonics: [1, 0.6, 0.4, 0.25, 0.2, 0.12, 0.08], attack: 0.003, decay: 0.6 },
    { name: "Harp", program: 46, harmonics: [1, 0.35, 0.12, 0.05], attack: 0.003, decay: 0.5 },
    { name: "Organ", program: 19, harmonics: [1, 0.8, 0.1, 0.6, 0, 0.05, 0, 0.4], attack: 0.02, decay: 0 },
    { name: "Accordion", program: 21, harmonics: [1, 0.6, 0.7, 0.3, 0.35, 0.2, 0.15], attack: 0.04, decay: 0 },
    { name: "Fiddle", program: 40, harmonics: [1, 0.7, 0.5, 0.4, 0.3, 0.22, 0.15], attack: 0.05, decay: 0 },
    { name: "Cello", program: 42, harmonics: [1, 0.9, 0.6, 0.35, 0.3, 0.2, 0.1], attack: 0.07, decay: 0 },
    { name: "Bass", program: 32, harmonics: [1, 0.55, 0.2, 0.08], attack: 0.01, decay: 0.7 },
    { name: "Trumpet", program: 56, harmonics: [1, 0.9, 0.8, 0.6, 0.4, 0.3, 0.2], attack: 0.03, decay: 0 },
    { name: "Clarinet", program: 71, harmonics: [1, 0.05, 0.6, 0.04, 0.35, 0.03, 0.15], attack: 0.04, decay: 0 },
    { name: "Flute", program: 73, harmonics: [1, 0.25, 0.08, 0.02], attack: 0.06, decay: 0 },
];

/** The instrument of a General MIDI program, or the nearest of its family of eight. */
export function instrumentOf(program: number): Instrument {
    const family = instruments.filter((i) => i.program >> 3 === program >> 3);
    return instruments.find((i) => i.program === program) ?? family[0] ?? instruments[0]!;
}

/** How one voice sounds. */
export interface Mix {
    instrument: Instrument;
    /** 0: it is silent. */
    volume: number;
}

const RELEASE = 0.12;
const LOUDNESS = 0.18;

interface Sounding {
    end: number;
    stop: () => void;
}

/** One note, from `begin` for `seconds`. */
function sound(context: BaseAudioContext, to: AudioNode, shape: PeriodicWave, note: Note, instrument: Instrument, begin: number, seconds: number): Sounding {
    const end = begin + seconds;
    const voice = context.createOscillator();
    const gain = context.createGain();
    voice.setPeriodicWave(shape);
    voice.frequency.value = 440 * 2 ** ((note.pitch - 69) / 12);
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(LOUDNESS * note.volume, begin + instrument.attack);
    if (instrument.decay) gain.gain.setTargetAtTime(0, begin + instrument.attack, instrument.decay);
    gain.gain.setTargetAtTime(0, Math.max(end - 0.02, begin + instrument.attack), RELEASE / 4);
    voice.connect(gain).connect(to);
    voice.start(begin);
    voice.stop(end + RELEASE);
    return { end, stop: () => voice.disconnect() };
}

/** The voices of a piece, each with its own volume, and the shapes of their sounds. */
class Band {
    private out: AudioNode;
    private gains: GainNode[];
    private shapes = new Map<Instrument, PeriodicWave>();

    constructor(
        private context: BaseAudioContext,
        private mix: readonly Mix[],
    ) {
        this.out = context.createDynamicsCompressor();
        this.out.connect(context.destination);
        this.gains = mix.map(({ volume }) => {
            const gain = context.createGain();
            gain.gain.value = volume;
            gain.connect(this.out);
            return gain;
        });
    }

    set(mix: readonly Mix[]) {
        this.mix = mix;
        mix.forEach(({ volume }, v) => this.gains[v]?.gain.setTargetAtTime(volume, this.context.currentTime, 0.02));
    }

    sound(note: Note, begin: number, seconds: number): Sounding {
        const { instrument } = this.mix[note.voice]!;
        let shape = this.shapes.get(instrument);
        if (!shape) {
            const imag = new Float32Array([0, ...instrument.harmonics]);
            shape = this.context.createPeriodicWave(new Float32Array(imag.length), imag);
            this.shapes.set(instrument, shape);
        }
        return sound(this.context, this.gains[note.voice]!, shape, note, instrument, begin, seconds);
    }
}

/** Notes are handed to the browser so long before they sound: timers of hidden pages are slow. */
const AHEAD = 1.5;
const TICK_MS = 100;
const LEAD = 0.08;

/** Plays a piece: places in it are whole notes, as in the piece. */
export class Player {
    private context = new AudioContext();
    private band: Band;
    private timer = 0;
    private sounding: Sounding[] = [];
    /** At the context's time `since` it is at `place`; what begins before `next` is handed over. */
    private since = 0;
    private place = 0;
    private next = 0;
    playing = false;
    loop = false;

    constructor(
        private piece: Piece,
        private qpm: number,
        mix: readonly Mix[],
        private onEnd: () => void,
    ) {
        this.band = new Band(this.context, mix);
    }

    /** Grows beyond the piece's length while it is repeated. */
    private at(): number {
        return this.playing ? this.place + Math.max(0, this.context.currentTime - this.since) / wholeOf(this.qpm) : this.place;
    }

    now(): number {
        const { length } = this.piece;
        return this.loop && length > 0 ? this.at() % length : Math.min(this.at(), length);
    }

    play(): void {
        if (this.playing) return;
        void this.context.resume();
        if (this.now() >= this.piece.length) this.place = 0;
        this.anchor(this.place);
        this.playing = true;
        this.timer = window.setInterval(() => this.tick(), TICK_MS);
        this.tick();
    }

    pause(): void {
        if (!this.playing) return;
        this.place = this.now();
        this.playing = false;
        clearInterval(this.timer);
        this.hush();
    }

    seek(place: number): void {
        this.hush();
        this.anchor(Math.max(0, Math.min(place, this.piece.length)));
        if (this.playing) this.tick();
    }

    setTempo(qpm: number): void {
        const place = this.now();
        this.qpm = qpm;
        this.seek(place);
    }

    setLoop(loop: boolean): void {
        const place = this.now();
        this.loop = loop;
        this.seek(place);
    }

    setMix(mix: readonly Mix[]): void {
        this.band.set(mix);
    }

    close(): void {
        this.pause();
        void this.context.close();
    }

    private anchor(place: number) {
        this.since = this.context.currentTime + LEAD;
        this.place = this.next = place;
    }

    private hush() {
        for (const s of this.sounding) s.stop();
        this.sounding = [];
    }

    private tick() {
        const { notes, length } = this.piece;
        const at = this.at();
        if (!this.loop && at > length + RELEASE / wholeOf(this.qpm)) {
            this.pause();
            this.place = 0;
            this.onEnd();
            return;
        }
        this.sounding = this.sounding.filter((s) => s.end + RELEASE > this.context.currentTime);
        const until = at + AHEAD / wholeOf(this.qpm);
        for (let round = this.loop && length > 0 ? Math.floor(this.next / length) : 0; round * length < until; round++) {
            for (const note of notes) {
                const start = note.start + round * length;
                if (start < this.next - 1e-9 || start >= until) continue;
                this.sounding.push(
                    this.band.sound(note, this.since + (start - this.place) * wholeOf(this.qpm), note.length * wholeOf(this.qpm)),
                );
            }
            if (!this.loop || length === 0) break;
        }
        this.next = until;
    }
}

const RATE = 44100;
/** A longer tune is cut there: WAV takes 5 MB a minute. */
export const WAV_SECONDS_MAX = 600;
const TAIL = 0.5;

/** 16 bits, one channel. */
export async function toWav(piece: Piece, qpm: number, mix: readonly Mix[]): Promise<Blob> {
    const seconds = Math.min(piece.length * wholeOf(qpm) + TAIL, WAV_SECONDS_MAX);
    const context = new OfflineAudioContext(1, Math.ceil(seconds * RATE), RATE);
    const band = new Band(context, mix);
    for (const note of piece.notes) band.sound(note, note.start * wholeOf(qpm), note.length * wholeOf(qpm));
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
