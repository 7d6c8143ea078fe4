// Music in an answer: a score that plays, with its check beside it. Loaded when a tune is there.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import abcjs, { type TuneObject } from "abcjs";

import { save } from "../chat/files";
import { toMidi } from "../music/midi";
import { toMusicXml } from "../music/musicxml";
import { lengthOf, notesOf } from "../music/notes";
import { Player, instruments, toWav } from "../music/synth";
import { json, said } from "../server/http";
import { Copy } from "./copy";

interface Check {
    ok: boolean;
    bars: number;
    issues: { line: number; bar: number | null; voice: string | null; message: string }[];
}

interface Props {
    abc: string;
    /** Asks the model to mend what the check found; absent where nothing can be asked. */
    onMend?: (words: string) => void;
}

const TEMPO_MIN = 30;
const TEMPO_MAX = 300;

/** A tune without X: is one that a model began in the middle; abcjs wants the number. */
function whole(abc: string): string {
    return /^X:/m.test(abc) ? abc : `X:1\n${abc}`;
}

function useCheck(abc: string) {
    const [check, setCheck] = useState<Check | null>(null);
    const [problem, setProblem] = useState("");
    useEffect(() => {
        let live = true;
        json<Check>("POST", "/v1/tiro/abc/check", { abc }).then(
            (found) => live && setCheck(found),
            (e) => live && setProblem(said(e)),
        );
        return () => void (live = false);
    }, [abc]);
    return { check, problem };
}

function Issues({ abc, onMend }: Props) {
    const { check, problem } = useCheck(abc);
    if (problem) return <p class="notice bad">{problem}</p>;
    if (!check) return null;
    if (check.ok) return <p class="notice">All {check.bars} bars add up.</p>;
    const words = check.issues.map((i) => `Line ${i.line}: ${i.message}`);
    return (
        <div class="notice">
            <ul>
                {words.map((w) => (
                    <li>{w}</li>
                ))}
            </ul>
            {onMend && <button onClick={() => onMend(words.join("\n"))}>Make it right</button>}
        </div>
    );
}

/** The tune drawn into a box; null until it is there. */
function useScore(abc: string, transpose: number) {
    const box = useRef<HTMLDivElement>(null);
    const [tune, setTune] = useState<TuneObject | null>(null);
    useEffect(() => {
        const [made] = abcjs.renderAbc(box.current!, whole(abc), {
            responsive: "resize",
            add_classes: true,
            visualTranspose: transpose,
            staffwidth: 640,
        });
        // Links and scripts have no place in a score.
        for (const node of box.current!.querySelectorAll("a, script, foreignObject")) node.remove();
        box.current!.querySelector("svg")?.setAttribute("aria-label", "Sheet music");
        setTune(made ?? null);
    }, [abc, transpose]);
    return { box, tune };
}

export default function Score({ abc, onMend }: Props) {
    const [transpose, setTranspose] = useState(0);
    const [instrument, setInstrument] = useState(0);
    const [player, setPlayer] = useState<Player | null>(null);
    const [source, setSource] = useState(false);
    const { box, tune } = useScore(abc, transpose);
    const written = tune?.getBpm() || 120;
    const beat = tune?.getBeatLength() || 0.25;
    const [tempo, setTempo] = useState<number | null>(null);
    const qpm = Math.max(TEMPO_MIN, Math.min(TEMPO_MAX, tempo ?? Math.round(written * beat * 4)));
    const notes = useMemo(() => (tune ? notesOf(tune, qpm) : []), [tune, qpm]);
    const sounding = instruments[instrument]!;

    const stop = () => {
        player?.stop();
        setPlayer(null);
    };
    useEffect(() => stop, [abc, transpose]);
    useEffect(() => {
        if (!player || !tune) return;
        let frame = 0;
        let lit: Element[] = [];
        const light = () => {
            const now = player.now();
            const on = notes.filter((n) => n.start <= now && now < n.start + n.length);
            for (const el of lit) el.classList.remove("sounding");
            lit = on.flatMap((n) => {
                const found = tune.getElementFromChar(n.from) as { abselem?: { elemset?: Element[] } } | null;
                return found?.abselem?.elemset ?? [];
            });
            for (const el of lit) el.classList.add("sounding");
            if (now > lengthOf(notes) + 0.2) stop();
            else frame = requestAnimationFrame(light);
        };
        frame = requestAnimationFrame(light);
        return () => {
            cancelAnimationFrame(frame);
            for (const el of lit) el.classList.remove("sounding");
        };
    }, [player]);

    const title = /^T:\s*(.+)$/m.exec(abc)?.[1] ?? "tune";
    const svg = () =>
        new Blob([new XMLSerializer().serializeToString(box.current!.querySelector("svg")!)], { type: "image/svg+xml" });
    return (
        <figure class="score">
            <figcaption>
                <button disabled={notes.length === 0} onClick={() => (player ? stop() : setPlayer(new Player(notes, sounding, 0)))}>
                    {player ? "Stop" : "Play"}
                </button>
                <label>
                    Tempo{" "}
                    <input
                        type="number"
                        min={TEMPO_MIN}
                        max={TEMPO_MAX}
                        value={qpm}
                        onChange={(e) => {
                            stop();
                            setTempo(Number(e.currentTarget.value) || null);
                        }}
                    />
                </label>
                <label>
                    Key{" "}
                    <select value={transpose} onChange={(e) => setTranspose(Number(e.currentTarget.value))}>
                        {Array.from({ length: 25 }, (_, i) => i - 12).map((n) => (
                            <option value={n}>{n === 0 ? "as written" : `${n > 0 ? "+" : "−"}${Math.abs(n)} semitones`}</option>
                        ))}
                    </select>
                </label>
                <label>
                    Instrument{" "}
                    <select
                        value={instrument}
                        onChange={(e) => {
                            stop();
                            setInstrument(Number(e.currentTarget.value));
                        }}
                    >
                        {instruments.map((i, n) => (
                            <option value={n}>{i.name}</option>
                        ))}
                    </select>
                </label>
                <details class="menu">
                    <summary aria-label="Save the music">Save</summary>
                    <div>
                        <button onClick={() => save(`${title}.abc`, new Blob([abc], { type: "text/vnd.abc" }))}>ABC</button>
                        <button onClick={() => save(`${title}.mid`, toMidi(notes, qpm, sounding.program))}>MIDI</button>
                        <button onClick={() => void toWav(notes, sounding).then((wav) => save(`${title}.wav`, wav))}>WAV</button>
                        <button disabled={!tune} onClick={() => save(`${title}.musicxml`, toMusicXml(tune!, title))}>
                            MusicXML
                        </button>
                        <button onClick={() => save(`${title}.svg`, svg())}>SVG</button>
                    </div>
                </details>
                <button onClick={() => setSource(!source)} aria-pressed={source}>
                    Text
                </button>
                <Copy text={abc} what="music" />
            </figcaption>
            <div ref={box} class="staff" />
            {source && (
                <pre tabIndex={0}>
                    <code>{abc}</code>
                </pre>
            )}
            <Issues abc={abc} onMend={onMend} />
        </figure>
    );
}
