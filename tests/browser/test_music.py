"""Music in an answer: a score that plays, its check, its files, and tunes that a grammar holds."""
import re
import struct
import xml.etree.ElementTree as ElementTree

import pytest
from playwright.sync_api import expect

from app import WAIT, answer, api, ask, box_of, boxes, finished, fits, make_chat, open_chat
from midi import Midi

KESH = """X:1
T:The Kesh
M:6/8
L:1/8
K:G
|:G2G GAB|ABA ABd|edd gdd|edB dBA|
GAG GAB|ABA ABd|edd gdB|AGF G3:|
"""

# Everything that changes what is heard: voices with instruments, a tempo that changes, ties over bar
# lines, endings, a pickup, tuplets, chords, grace notes, a key that changes, accidentals in the bar.
RICH = """X:1
T:Everything
C:Nobody
Q:1/4=120
M:4/4
L:1/8
%%score 1 2
V:1 name="Tune"
V:2 clef=bass name="Low"
K:D
V:1
%%MIDI program 73
d2|:"D"f2 ^G2 G2 A2-|A2 (3ABc d4|1 [FA]4 {g}e4:|2 d8|
[Q:1/4=60]c4 e4|[K:Bb] B4 e4-|e4 z4|]
V:2
%%MIDI program 42
z2|:D,8|A,,8|1 D,8:|2 D,8|
A,,8|B,,8|B,,8|]
"""


def show(browser, server, abc, **context):
    page = browser.new_page(**context)
    page.problems = []
    page.on("pageerror", lambda e: page.problems.append(str(e)))
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    # What is really handed to the sound card, seen from below the app.
    page.add_init_script("""
        window.played = [];
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) {
            if (this.context instanceof AudioContext) window.played.push([at, this.frequency.value]);
            return start.call(this, at);
        };""")
    chat = make_chat(server, "Music", [("user", "A jig"), ("assistant", f"Here:\n\n```abc\n{abc}```\nSo it is.")])
    open_chat(page, server, chat)
    expect(page.locator(".score svg").first).to_be_visible()
    return page


@pytest.fixture
def score(browser, server):
    page = show(browser, server, KESH)
    yield page
    assert page.problems == []
    page.close()


@pytest.fixture
def rich(browser, server):
    page = show(browser, server, RICH)
    yield page
    assert page.problems == []
    page.close()


def save(page, name):
    page.get_by_label("Save the music").first.click()
    with page.expect_download() as download:
        page.locator(".score .menu").first.get_by_role("button", name=name, exact=True).click()
    page.get_by_label("Save the music").first.click()
    return download.value.path().read_bytes()


# ---- What is seen ----

def test_a_tune_is_drawn_and_checked(score):
    expect(score.locator(".score .abcjs-note")).to_have_count(45)
    expect(score.get_by_text("All 8 bars add up.")).to_be_visible()
    expect(score.get_by_role("img", name="Sheet music: The Kesh, in G, metre 6/8, 8 bars")).to_be_visible()


def test_wrong_bars_are_named_and_shown(browser, server):
    wrong = KESH.replace("edd gdB", "edd gdBc").replace("edd gdd", "edd gd")
    page = show(browser, server, wrong)
    first = page.get_by_role("button", name="Line 6, column 19: Bar 3 holds 5/8 where the metre wants 6/8: 1/8 too little.")
    expect(first).to_be_visible()
    expect(page.get_by_role("button", name="Line 7, column 17: Bar 7 holds 7/8")).to_be_visible()
    expect(page.locator(".wrong-bar")).to_have_count(2)
    expect(page.get_by_role("button", name="Make it right")).to_be_enabled()
    first.click()
    source = page.get_by_label("The Kesh in ABC notation")
    expect(source).to_be_focused()
    page.wait_for_function("e => e.selectionEnd > e.selectionStart", arg=source.element_handle())
    chosen = source.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)")
    assert chosen.startswith("edd gd|") and "\n" not in chosen
    # The shade stands where the bar's notes are.
    all_boxes = boxes(page.locator(".wrong-bar, .abcjs-note"))
    mark, notes = all_boxes[1], all_boxes[2:]  # The shades are behind the notes: before them.
    inside = [box for box in notes
              if mark["x"] <= box["x"] and box["x"] + box["width"] <= mark["x"] + mark["width"] + 1
              and mark["y"] <= box["y"] and box["y"] + box["height"] <= mark["y"] + mark["height"]]
    assert len(inside) in (5, 7)
    page.close()


def test_several_tunes_in_one_block(browser, server):
    page = show(browser, server, KESH + "\n" + KESH.replace("X:1", "X:2").replace("The Kesh", "Another").replace("AGF G3", "AGF G4"))
    expect(page.get_by_role("button", name="Play")).to_have_count(2)
    expect(page.get_by_text("All 8 bars add up.")).to_have_count(1)
    expect(page.get_by_role("button", name="Line 15, column 25: Bar 8 holds 7/8")).to_be_visible()
    page.get_by_role("button", name="Play").first.click()
    page.get_by_role("button", name="Play").click()  # The other's: the first falls silent.
    expect(page.get_by_role("button", name="Pause")).to_have_count(1)
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_score_fits_its_page(browser, server, width):
    page = show(browser, server, KESH, viewport={"width": width, "height": 800})
    expect(page.locator(".score svg")).to_be_visible()
    fits(page)
    page.wait_for_function("e => e.scrollWidth <= e.clientWidth + 1", arg=page.locator(".score .staff").element_handle())
    head = page.locator(".score .abcjs-notehead").first.bounding_box()
    assert head["width"] > 5, "notes can be read"
    page.close()


def test_nothing_to_say_for_axe(browser, server):
    from axe_playwright_python.sync_playwright import Axe

    for abc, color in ((RICH, "dark"), (KESH.replace("edd gdB", "edd gdBc"), "light")):
        page = show(browser, server, abc, color_scheme=color)
        expect(page.get_by_role("button", name="Play")).to_be_enabled()  # Its voices are known.
        expect(page.locator(".score .notice")).to_be_visible()
        for voices in page.locator(".voices summary").all():
            voices.click()
        page.get_by_role("button", name="Text").click()
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Command or chat").fill("tune")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Write a tune")).to_be_visible()
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
        page.close()


# ---- What is heard ----

def test_it_plays_pauses_seeks_and_stops(score):
    place = score.get_by_label("Place in the tune")
    score.get_by_role("button", name="Play").click()
    expect(score.locator(".score .sounding").first).to_be_attached()
    score.get_by_role("button", name="Pause").click()
    expect(score.locator(".score .sounding")).to_have_count(0)
    at = float(place.input_value())
    score.wait_for_timeout(300)
    assert float(place.input_value()) == at
    score.get_by_label("Tempo").fill("30")  # Slow enough to be seen.
    place.fill("0.5")
    score.get_by_role("button", name="Play").click()
    # The first note of the repeat is the first of the tune again.
    expect(score.locator(".abcjs-note").first).to_have_class(re.compile("sounding"))
    score.get_by_role("button", name="Stop").click()
    expect(place).to_have_value("0")
    expect(score.locator(".score .sounding")).to_have_count(0)
    expect(score.get_by_role("button", name="Stop")).to_be_disabled()


def test_the_keyboard_is_enough(score):
    play = score.get_by_role("button", name="Play")
    play.focus()
    score.keyboard.press("Space")
    expect(score.get_by_role("button", name="Pause")).to_be_focused()
    for _ in range(3):
        score.keyboard.press("Tab")
    expect(score.get_by_label("Place in the tune")).to_be_focused()
    score.keyboard.press("End")
    expect(score.get_by_role("button", name="Play")).to_be_visible()


def test_it_ends_by_itself_or_begins_again(score):
    place = score.get_by_label("Place in the tune")
    place.fill("0.97")
    score.get_by_role("button", name="Play").click()
    expect(score.get_by_role("button", name="Play")).to_be_visible()  # It has ended.
    score.get_by_role("button", name="Loop").click()
    place.fill("0.97")
    score.get_by_role("button", name="Play").click()
    expect(place).to_have_value(re.compile(r"^0\.[01]"))
    expect(score.get_by_role("button", name="Pause")).to_be_visible()
    score.get_by_role("button", name="Stop").click()


def heard(page):
    """(seconds from the first, MIDI pitch) of what was handed to the sound card, in order."""
    played = page.evaluate("window.played.map(([at, hz]) => [at, 69 + 12 * Math.log2(hz / 440)])")
    first = min(at for at, _ in played)
    return sorted((round(at - first, 3), round(pitch)) for at, pitch in played)


def test_what_is_saved_is_what_is_heard(rich):
    rich.get_by_label("Tempo").fill("300")
    midi = Midi(save(rich, "MIDI"))
    rich.get_by_role("button", name="Play").click()
    expect(rich.get_by_role("button", name="Play")).to_be_visible(timeout=20_000)
    was = heard(rich)
    begin = midi.seconds(min(n[0] for n in midi.notes))
    told = sorted((round(midi.seconds(n[0]) - begin, 3), n[2]) for n in midi.notes)
    assert len(was) == len(told) == 107
    for (at, pitch), (wanted_at, wanted) in zip(was, told):
        assert pitch == wanted and abs(at - wanted_at) < 0.003


def test_notes_of_the_rich_tune(rich):
    """By hand: pickup, first ending, repeat, second ending, then half the tempo and another key."""
    midi = Midi(save(rich, "MIDI"))
    assert midi.format == 1 and midi.names == ["Everything", "Tune", "Low", "Chords"]
    assert midi.programs[0] == 73 and midi.programs[1] == 42
    assert [(at, round(60 / second)) for at, second in midi.tempi] == [(0, 120), (25, 60)]
    tune = [(at, length, pitch) for at, length, pitch, channel, _ in midi.notes if channel == 0]
    once = [(1, 1, 78), (2, 1, 68), (3, 1, 68), (4, 2, 69),  # A2-|A2: tied; both G are sharp.
            (6, 1 / 3, 69), (6 + 1 / 3, 1 / 3, 71), (6 + 2 / 3, 1 / 3, 73), (7, 2, 74)]
    for wanted in [(0, 1, 74), *once, (9, 2, 66), (9, 2, 69)]:
        assert any(all(abs(a - b) < 0.01 for a, b in zip(wanted, note)) for note in tune), wanted
    # The second time, behind three bars.
    for at, length, pitch in once:
        assert any(abs(at + 12 - n[0]) < 0.01 and abs(length - n[1]) < 0.01 and n[2] == pitch for n in tune)
    # c sharp and e in D; then B flat and e flat, which is tied over the bar line.
    assert [(round(at, 2), round(length, 2), pitch) for at, length, pitch in tune][-4:] == [
        (25, 2, 73), (27, 2, 76), (29, 2, 70), (31, 4, 75)]
    grace = [n for n in tune if n[2] == 79]
    assert len(grace) == 1 and abs(grace[0][0] - 11) < 0.01


def test_voices_are_silenced(rich):
    rich.get_by_text("3 voices").click()
    rich.get_by_role("button", name="Mute Low").click()
    assert len(Midi(save(rich, "MIDI")).programs) == 2
    rich.get_by_label("Instrument of Tune").select_option("Clarinet")
    assert 71 in Midi(save(rich, "MIDI")).programs.values()
    expect(rich.get_by_label("Volume of Low")).to_have_value("0")


def test_lit_notes_follow_ties(browser, server):
    page = show(browser, server, "X:1\nT:t\nQ:1/4=60\nM:4/4\nL:1/4\nK:C\nC D E F-|F G A B|]\n")
    place = page.get_by_label("Place in the tune")
    page.get_by_label("Tempo").fill("30")  # Slow enough to be seen.
    page.get_by_role("button", name="Play").click()
    for at, n in [(0, 0), (3.2 / 8, 3), (4.2 / 8, 4), (7.2 / 8, 7)]:
        place.fill(f"{at:.3f}")
        expect(page.locator(".abcjs-note").nth(n)).to_have_class(re.compile("sounding"))
        expect(page.locator(".abcjs-note.sounding")).to_have_count(1)
    page.close()


# ---- Another key ----

def test_another_key_is_drawn_and_heard(score):
    def pitches():
        return [n[2] for n in Midi(save(score, "MIDI")).notes]

    before = pitches()
    expect(score.locator(".abcjs-key-signature").first.locator("path")).to_have_count(1)
    score.get_by_label("Key").select_option("2")
    expect(score.locator(".abcjs-key-signature").first.locator("path")).to_have_count(3)  # A major
    assert pitches() == [p + 2 for p in before]
    score.get_by_label("Key").select_option("-2")
    expect(score.locator(".abcjs-key-signature").first.locator("path")).to_have_count(1)  # F major
    assert pitches() == [p - 2 for p in before]
    xml = save(score, "MusicXML").decode()
    assert "<fifths>-1</fifths>" in xml and "<alter>" not in xml  # No note of the tune is B flat.


# ---- Files ----

def test_files(score):
    assert len(Midi(save(score, "MIDI")).notes) == 90  # 45 notes, repeated once.
    wav = save(score, "WAV")
    assert wav[:4] == b"RIFF" and wav[8:16] == b"WAVEfmt " and any(wav[1000:20000])
    rate, size = struct.unpack("<I", wav[24:28])[0], struct.unpack("<I", wav[40:44])[0]
    assert len(wav) == 44 + size
    assert abs(size / 2 / rate - (16 * 3 * 60 / 180 + 0.5)) < 0.01  # 16 bars of three quarters, and a tail
    xml = save(score, "MusicXML").decode()
    assert xml.count("<measure ") == 8 and xml.count("<note>") == 45 and "<fifths>1</fifths>" in xml
    assert xml.count("<alter>1</alter>") == xml.count("<step>F</step>") > 0
    assert '<repeat direction="forward"/>' in xml and '<repeat direction="backward"/>' in xml
    svg = ElementTree.fromstring(save(score, "SVG"))
    assert svg.tag.endswith("svg") and svg.get("width") and not svg.get("style")
    assert save(score, "ABC").decode().strip() == KESH.strip()


def test_a_pdf(browser, server):
    pypdf = pytest.importorskip("pypdf")
    long = KESH + "".join(f"|:G2G GAB|ABA ABd|edd gdd|edB d{'BA|' if i else '^A=A:|'}\n".replace(":|", "|") .replace("|:", "") for i in range(30))
    long = long.replace("The Kesh", "The Kesh – ♪ (one) \\\\ “two”").replace("ABd|edd", "ABd|{^g}edd", 1)
    page = show(browser, server, long)
    data = save(page, "PDF")
    reader = pypdf.PdfReader(__import__("io").BytesIO(data), strict=True)
    assert len(reader.pages) > 1 and reader.metadata.title.startswith("The Kesh")
    assert reader.pages[0].mediabox.width == pytest.approx(595.28)
    # What belongs to a grace note is as small as on the screen.
    small = page.locator(".score path").evaluate_all("all => all.filter((e) => getComputedStyle(e).transform !== 'none').length")
    drawn = b"".join(p.get_contents().get_data() for p in reader.pages)
    assert small > 0 and len(re.findall(rb"q 0\.\d+ 0 0 0\.\d+ [\d.]+ [\d.]+ cm ", drawn)) == small
    page.close()


# ---- With a model ----

def test_make_it_right(browser, server):
    """The model wrote too long a bar; under the grammar it writes one that adds up, beside it."""
    page = show(browser, server, KESH.replace("edd gdB", "edd gdBc").replace("T:The Kesh", "T:My \"Kesh\""))
    page.get_by_role("button", name="Make it right").click()
    finished(page)
    expect(page.get_by_text("2 of 2")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text(re.compile(r"All \d+ bars add up\."))).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Text").click()
    for line in ('T:My "Kesh"', "M:6/8", "K:G"):
        expect(page.locator(".source")).to_have_value(re.compile(f"^{line}$", re.M))
    expect(answer(page)).to_contain_text("So it is.")  # The rest of the answer stands.
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    page.get_by_role("button", name="Previous version").click()
    expect(page.get_by_role("button", name="Make it right")).to_be_visible()
    assert page.problems == []
    page.close()


def test_a_header_alone_is_made_a_tune(browser, server):
    page = show(browser, server, "X:1\nT:Nothing yet\nM:3/4\nL:1/8\nK:Q\nC2 D2 E2|]\n")
    expect(page.get_by_text("Line 5, column 1: 'K:Q' is no key")).to_be_visible()
    page.get_by_role("button", name="Make it right").click()
    finished(page)
    expect(page.get_by_text("2 of 2")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text(re.compile(r"(All \d+ bars add|Its one bar adds) up\."))).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Text").click()
    expect(page.locator(".source")).to_have_value(re.compile("^T:Nothing yet$", re.M))
    page.close()


def test_write_a_tune(browser, server):
    page = browser.new_page()
    page.goto(server.url)
    expect(box_of(page)).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Command or chat").fill("tune")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Write a tune")
    dialog.get_by_label("Kind").select_option("waltz")
    expect(dialog.get_by_label("Metre")).to_have_value("3/4")
    dialog.get_by_label("Key").select_option("Ador")
    dialog.get_by_label("Bars").select_option("8")
    dialog.get_by_label("Title").fill("A test")
    dialog.get_by_role("button", name="Write", exact=True).click()
    finished(page)
    expect(page.locator(".mine")).to_contain_text("Write a waltz called “A test” in Ador, in 3/4, 8 bars")
    expect(page.get_by_text(re.compile(r"All \d+ bars add up\."))).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("img", name="Sheet music: A test, in Ador, metre 3/4")).to_be_visible()
    page.close()


def test_the_model_may_check(browser, server):
    """Settings: the tool goes with what is asked, and what it found stands under the answer."""
    page = browser.new_page()
    chat = make_chat(server, "Checks", [("user", "A jig"), ("assistant", "Here.")])
    open_chat(page, server, chat)
    page.get_by_role("button", name="Settings", exact=True).click()
    page.get_by_label("The model may have its music checked before it answers").check()
    page.get_by_role("button", name="Done").click()
    with page.expect_request(lambda r: r.method == "POST" and r.url.endswith("/v1/responses")) as asked:
        ask(page, "Say yes.")
    assert {"type": "tiro_abc_check"} in asked.value.post_data_json["tools"]
    box_of(page).press("Escape")
    finished(page, 1)
    messages = api(server, "GET", f"/v1/tiro/chats/{chat}")["messages"]
    api(server, "POST", f"/v1/tiro/chats/{chat}/messages/{messages[1]['id']}",
        {"details": {"checks": [{"bars": 8, "wrong": 2}, {"bars": 8, "wrong": 0}]}})
    page.reload()
    expect(page.get_by_text("Checked 2 times: all 8 bars add up.")).to_be_visible()
    page.close()
