"""What the page saves of a tune against what music21 reads in it (tools/golden_abc.py): pitches, onsets,
lengths, with repeats in MIDI and as written in MusicXML; and MusicXML against its published schema."""
import json
import pathlib
import re
import xml.etree.ElementTree as ElementTree

import pytest
from playwright.sync_api import expect

from app import make_chat, open_chat
from midi import Midi

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "golden" / "abc"
TUNES = {re.search(r"^T:(.*)$", abc, re.M)[1]: abc for abc in (FOLDER / "tunes.abc").read_text().strip().split("\n\n")}
GOLDEN = json.loads((FOLDER / "tunes.json").read_text())["tunes"]
SEMITONES = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11)))


def save(score, name):
    score.get_by_label("Save the music").click()
    with score.page.expect_download() as download:
        score.get_by_role("button", name=name, exact=True).click()
    score.get_by_label("Save the music").click()
    return download.value.path().read_bytes()


@pytest.fixture(scope="module")
def page(browser, server):
    page = browser.new_page()
    chat = make_chat(server, "All", [("assistant", "".join(f"```abc\n{abc}\n```\n\n" for abc in TUNES.values()))])
    open_chat(page, server, chat)
    expect(page.locator(".score svg")).to_have_count(len(TUNES))
    yield page
    page.close()


def score_of(page, title):
    return page.get_by_role("figure", name=title, exact=True)


def close(mine, golden):
    """The same notes, each within what ticks and fractions round away."""
    assert len(mine) == len(golden), (mine, golden)
    for a, b in zip(sorted(mine, key=lambda n: (round(n[0], 2), n[2])), sorted(golden, key=lambda n: (round(n[0], 2), n[2]))):
        assert abs(a[0] - b[0]) < 0.01 and abs(a[1] - b[1]) < 0.01 and a[2] == b[2], (a, b)


def test_the_golden_data_is_of_these_tunes():
    assert set(TUNES) == set(GOLDEN)


@pytest.mark.parametrize("title", TUNES)
def test_midi(page, title):
    score = score_of(page, title)
    midi = Midi(save(score, "MIDI"))
    # Chord symbols sound, too, in a track behind those of the voices.
    voices = [[n[:3] for n in midi.notes if n[3] == channel] for channel in range(len(GOLDEN[title]))]
    for voice, golden in zip(voices, GOLDEN[title]):
        close(voice, golden["sounding"])


def written(part):
    """[onset, length, MIDI number] of a part of MusicXML, tied notes as one, and how long each measure is."""
    notes, bars, tied = [], [], {}
    now, divisions = 0, 1
    for measure in part.iter("measure"):
        begin = last = now
        for e in measure:
            if e.tag == "attributes":
                divisions = int(e.findtext("divisions", divisions))
            if e.tag != "note" or e.find("grace") is not None:
                continue
            length = int(e.findtext("duration")) / divisions
            at = last if e.find("chord") is not None else now
            pitch = e.find("pitch")
            if pitch is not None:
                number = (SEMITONES[pitch.findtext("step")] + int(pitch.findtext("alter", "0"))
                          + 12 * (int(pitch.findtext("octave")) + 1))
                ties = {t.get("type") for t in e.findall("tie")}
                if "stop" in ties:
                    tied[number][1] += length
                else:
                    notes.append([at, length, number])
                    tied[number] = notes[-1]
            if e.find("chord") is None:
                last, now = now, now + length
        bars.append(now - begin)
    return notes, bars


@pytest.mark.parametrize("title", TUNES)
def test_musicxml(page, title):
    root = ElementTree.fromstring(save(score_of(page, title), "MusicXML"))
    parts = root.findall("part")
    assert root.findtext("work/work-title") == title and len(parts) == len(GOLDEN[title])
    for part, golden in zip(parts, GOLDEN[title]):
        notes, bars = written(part)
        close(notes, golden["written"])
        assert bars == pytest.approx(golden["bars"], abs=0.001)


@pytest.fixture(scope="module")
def schema():
    """MusicXML 4.0's own, which the package musicxml has with it."""
    etree = pytest.importorskip("lxml.etree")
    package = pytest.importorskip("musicxml")
    text = (pathlib.Path(package.__file__).parent / "generate_classes" / "musicxml_4_0.xsd").read_text()
    # xml:lang and links come from other schemas, which are not in the package and not in our files.
    text = re.sub(r'<xs:import [^>]*/>|<xs:attribute ref="(?:xml|xlink):[^>]*/>', "", text)
    return etree, etree.XMLSchema(etree.fromstring(text.encode()))


@pytest.mark.parametrize("title", TUNES)
def test_musicxml_is_valid(page, schema, title):
    etree, schema = schema
    document = etree.fromstring(save(score_of(page, title), "MusicXML"))
    assert schema.validate(document), schema.error_log
