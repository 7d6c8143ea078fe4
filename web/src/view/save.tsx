// A tune as a file, in the form that other programs read.
import type { TuneObject } from "abcjs";

import { save } from "../chat/files";
import { toMidi } from "../music/midi";
import { toMusicXml } from "../music/musicxml";
import type { Piece } from "../music/piece";
import { toWav, type Mix } from "../music/synth";

interface Props {
    abc: string;
    title: string;
    tune: TuneObject | null;
    piece: Piece | null;
    qpm: number;
    mix: Mix[];
    svg: () => SVGSVGElement;
}

/** The score alone: nothing lit, nothing marked, black on nothing. */
function plain(svg: SVGSVGElement): SVGSVGElement {
    const copy = svg.cloneNode(true) as SVGSVGElement;
    for (const mark of copy.querySelectorAll(".wrong-bar")) mark.remove();
    // What the page's policy refused here would hide the score elsewhere.
    copy.removeAttribute("style");
    for (const style of copy.querySelectorAll("style")) style.remove();
    const { width, height } = svg.viewBox.baseVal;
    copy.setAttribute("width", String(width));
    copy.setAttribute("height", String(height));
    for (const lit of copy.querySelectorAll(".sounding")) lit.classList.remove("sounding");
    return copy;
}

export function SaveTune({ abc, title, tune, piece, qpm, mix, svg }: Props) {
    const ready = tune !== null && piece !== null && piece.notes.length > 0;
    const file = title.replace(/[/\\]/g, "-");
    const forms: [string, string, () => Blob | Promise<Blob>][] = [
        ["ABC", "abc", () => new Blob([abc], { type: "text/vnd.abc" })],
        ["MIDI", "mid", () => toMidi(piece!, qpm, mix, title)],
        ["WAV", "wav", () => toWav(piece!, qpm, mix)],
        ["MusicXML", "musicxml", () => toMusicXml(tune!, title)],
        ["SVG", "svg", () => new Blob([new XMLSerializer().serializeToString(plain(svg()))], { type: "image/svg+xml" })],
        ["PDF", "pdf", async () => (await import("../music/pdf")).toPdf(svg(), title)],
    ];
    return (
        <details class="menu">
            <summary aria-label="Save the music">Save</summary>
            <div>
                {forms.map(([name, ending, make], i) => (
                    <button disabled={i > 0 && !ready} onClick={() => void Promise.resolve(make()).then((blob) => save(`${file}.${ending}`, blob))}>
                        {name}
                    </button>
                ))}
            </div>
        </details>
    );
}
