// How a tune is heard: play and pause, where, how fast, how high, and by which instruments.
import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

import { wholeOf, type Lit, type Piece } from "../music/piece";
import { Player, instrumentOf, instruments, type Mix } from "../music/synth";

interface Props {
    piece: Piece | null;
    transpose: number;
    onTranspose: (semitones: number) => void;
    /** More buttons, which may need to know how it sounds. */
    children: (qpm: number, mix: Mix[]) => ComponentChildren;
}

const TEMPO_MIN = 30;
const TEMPO_MAX = 300;
const SEEK_STEPS = 1000;

/** One tune is heard at a time. */
let heard: Player | null = null;

function clock(seconds: number): string {
    const s = Math.floor(seconds + 1e-6);
    return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** Lights what sounds; returns what lights nothing any more. */
function light(piece: Piece, now: () => number, onFrame: () => void): () => void {
    let frame = 0;
    let lit = new Set<Lit>();
    const off = (one: Lit) => one.elements.forEach((e) => e.classList.remove("sounding"));
    const draw = () => {
        const at = now();
        const on = new Set(piece.lit.filter((l) => l.start <= at && at < l.end));
        for (const one of lit) if (!on.has(one)) off(one);
        for (const one of on) one.elements.forEach((e) => e.classList.add("sounding"));
        lit = on;
        onFrame();
        frame = requestAnimationFrame(draw);
    };
    frame = requestAnimationFrame(draw);
    return () => {
        cancelAnimationFrame(frame);
        lit.forEach(off);
    };
}

function usePlayer(piece: Piece | null, qpm: number, mix: Mix[]) {
    const player = useRef<Player | null>(null);
    const [playing, setPlaying] = useState(false);
    const [place, setPlace] = useState(0);
    const [loop, setLoop] = useState(false);
    const stop = () => {
        player.current?.close();
        if (heard === player.current) heard = null;
        player.current = null;
        setPlaying(false);
        setPlace(0);
    };
    // Another tune, or this one in another key: it is not the one that was heard.
    useEffect(() => stop, [piece]);
    useEffect(() => player.current?.setTempo(qpm), [qpm]);
    useEffect(() => player.current?.setMix(mix), [mix]);
    useEffect(() => player.current?.setLoop(loop), [loop]);
    useEffect(() => {
        if (!playing || !piece) return;
        const now = () => player.current?.now() ?? 0;
        return light(piece, now, () => {
            // Another tune has been started.
            if (player.current && !player.current.playing) setPlaying(false);
            // The slider has so many steps; drawing more often shows nothing.
            setPlace(Math.round((now() / piece.length) * SEEK_STEPS) / SEEK_STEPS);
        });
    }, [playing, piece]);
    const toggle = () => {
        if (!piece) return;
        if (!player.current) {
            player.current = new Player(piece, qpm, mix, stop);
            player.current.setLoop(loop);
            player.current.seek(place * piece.length);
        }
        if (playing) {
            player.current.pause();
        } else {
            if (heard !== player.current) heard?.pause();
            heard = player.current;
            player.current.play();
        }
        setPlaying(!playing);
    };
    const seek = (to: number) => {
        setPlace(to);
        if (piece) player.current?.seek(to * piece.length);
    };
    return { playing, place, loop, toggle, stop, seek, setLoop };
}

interface VoicesProps {
    piece: Piece;
    mix: Mix[];
    onChange: (mix: Mix[]) => void;
}

/** A row for each voice: its instrument and how loud it is. */
function Voices({ piece, mix, onChange }: VoicesProps) {
    const set = (v: number, change: Partial<Mix>) => onChange(mix.map((m, i) => (i === v ? { ...m, ...change } : m)));
    const several = piece.voices.length > 1;
    return (
        <>
            {piece.voices.map((voice, v) => {
                const of = several ? ` of ${voice.name}` : "";
                return (
                    <div class="voice">
                        {several && <span dir="auto">{voice.name}</span>}
                        <label>
                            <span class={several ? "hidden" : ""}>Instrument{of}</span>{" "}
                            <select
                                value={instruments.indexOf(mix[v]!.instrument)}
                                onChange={(e) => set(v, { instrument: instruments[e.currentTarget.selectedIndex]! })}
                            >
                                {instruments.map((i, n) => (
                                    <option value={n}>{i.name}</option>
                                ))}
                            </select>
                        </label>
                        <label>
                            <span class={several ? "hidden" : ""}>Volume{of}</span>{" "}
                            <input
                                type="range"
                                min={0}
                                max={1}
                                step={0.05}
                                value={mix[v]!.volume}
                                onInput={(e) => set(v, { volume: Number(e.currentTarget.value) })}
                            />
                        </label>
                        {several && (
                            <button aria-pressed={mix[v]!.volume === 0} aria-label={`Mute ${voice.name}`} onClick={() => set(v, { volume: mix[v]!.volume ? 0 : 1 })}>
                                Mute
                            </button>
                        )}
                    </div>
                );
            })}
        </>
    );
}

const NOTHING: Mix[] = [];

export function Controls({ piece, transpose, onTranspose, children }: Props) {
    const [tempo, setTempo] = useState<number | null>(null);
    const [chosen, setChosen] = useState<Mix[] | null>(null);
    const [fallback, setFallback] = useState<Mix[]>(NOTHING);
    useEffect(() => {
        if (piece) setFallback(piece.voices.map((v) => ({ instrument: instrumentOf(v.program), volume: 1 })));
    }, [piece]);
    const n = piece?.voices.length ?? 0;
    const mix = chosen?.length === n ? chosen : fallback;
    const ready = piece !== null && piece.notes.length > 0 && mix.length === n;
    const qpm = Math.max(TEMPO_MIN, Math.min(TEMPO_MAX, tempo ?? Math.round(piece?.qpm ?? 120)));
    const { playing, place, loop, toggle, stop, seek, setLoop } = usePlayer(ready ? piece : null, qpm, mix);
    const seconds = (piece?.length ?? 0) * wholeOf(qpm);
    return (
        <figcaption>
            <div class="transport">
                <button class="play" disabled={!ready} onClick={toggle}>
                    {playing ? "Pause" : "Play"}
                </button>
                <button disabled={!playing && place === 0} onClick={stop}>
                    Stop
                </button>
                <button aria-pressed={loop} onClick={() => setLoop(!loop)}>
                    Loop
                </button>
                <input
                    type="range"
                    class="seek"
                    aria-label="Place in the tune"
                    aria-valuetext={`${clock(place * seconds)} of ${clock(seconds)}`}
                    min={0}
                    max={1}
                    step={1 / SEEK_STEPS}
                    disabled={!ready}
                    value={place}
                    onInput={(e) => seek(Number(e.currentTarget.value))}
                />
                <span class="clock">
                    {clock(place * seconds)} / {clock(seconds)}
                </span>
                {children(qpm, mix)}
            </div>
            <div class="transport">
                <label>
                    Tempo{" "}
                    <input
                        type="range"
                        min={TEMPO_MIN}
                        max={TEMPO_MAX}
                        value={qpm}
                        aria-valuetext={`${qpm} quarter notes a minute`}
                        onInput={(e) => setTempo(Number(e.currentTarget.value))}
                    />
                </label>
                <span class="clock">♩ = {qpm}</span>
                <label>
                    Key{" "}
                    <select value={transpose} onChange={(e) => onTranspose(Number(e.currentTarget.value))}>
                        {Array.from({ length: 25 }, (_, i) => i - 12).map((n) => (
                            <option value={n}>{n === 0 ? "as written" : `${n > 0 ? "+" : "−"}${Math.abs(n)} semitones`}</option>
                        ))}
                    </select>
                </label>
                {piece && mix.length === n && n === 1 && <Voices piece={piece} mix={mix} onChange={setChosen} />}
            </div>
            {piece && mix.length === n && n > 1 && (
                <details class="voices">
                    <summary>{n} voices</summary>
                    <Voices piece={piece} mix={mix} onChange={setChosen} />
                </details>
            )}
        </figcaption>
    );
}
