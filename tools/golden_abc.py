#!/usr/bin/env python3
"""Golden data of tunes in ABC notation, as music21 reads them: tests/golden/abc/tunes.json.

    pip install music21==10.5.1
    python3 tools/golden_abc.py

Accidentals hold to the end of the bar in their own octave, as in print: %%propagate-accidentals.
For each tune of tests/golden/abc/tunes.abc and each of its voices: how long each bar is, the notes as
they are written, and the notes as they sound with repeats and endings, as [onset, length, MIDI number]
in quarter notes. Tied notes are one; grace notes are none.
"""
import json
import pathlib

import music21

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "abc"


def notes_of(part):
    """Those of a part whose measures stand one behind the other."""
    found = []
    for element in part.stripTies().flatten().notes:
        if isinstance(element, music21.harmony.ChordSymbol) or element.duration.isGrace:
            continue
        for pitch in element.pitches:
            found.append([round(float(element.offset), 4), round(float(element.quarterLength), 4), pitch.midi])
    return sorted(found)


def bars_of(part):
    return [round(float(m.duration.quarterLength), 4) for m in part.getElementsByClass("Measure")]


def main():
    tunes = {}
    for abc in (FOLDER / "tunes.abc").read_text().strip().split("\n\n"):
        score = music21.converter.parseData("%abc-2.1\n" + abc, format="abc")
        tunes[score.metadata.title] = [
            {"bars": bars_of(part), "written": notes_of(part), "sounding": notes_of(part.expandRepeats())}
            for part in score.parts if part.hasMeasures()]
    text = json.dumps({"music21": music21.__version__, "tunes": tunes})
    (FOLDER / "tunes.json").write_text(text.replace('], "', '],\n"').replace('}], ', '}],\n') + "\n")


main()
