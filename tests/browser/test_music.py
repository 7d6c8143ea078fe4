"""Music in an answer: a score that plays, its check, and its files."""
import re

import pytest
from playwright.sync_api import expect

from app import make_chat, open_chat

KESH = """X:1
T:The Kesh
M:6/8
L:1/8
K:G
|:G2G GAB|ABA ABd|edd gdd|edB dBA|
GAG GAB|ABA ABd|edd gdB|AGF G3:|
"""


@pytest.fixture
def score(browser, server):
    page = browser.new_page()
    chat = make_chat(server, "Music", [("user", "A jig"), ("assistant", f"Here:\n\n```abc\n{KESH}```\n")])
    open_chat(page, server, chat)
    expect(page.get_by_label("Sheet music")).to_be_visible()
    yield page
    page.close()


def test_a_tune_is_drawn_and_checked(score):
    assert score.locator(".score .abcjs-note").count() == 45
    expect(score.get_by_text("All 8 bars add up.")).to_be_visible()


def test_a_wrong_bar_is_named(browser, server):
    page = browser.new_page()
    wrong = KESH.replace("edd gdB", "edd gdBc")
    chat = make_chat(server, "Wrong", [("assistant", f"```abc\n{wrong}```\n")])
    open_chat(page, server, chat)
    expect(page.get_by_text("Line 7: Bar 7 holds 7/8 of a whole note; the metre wants 3/4.")).to_be_visible()
    expect(page.get_by_role("button", name="Make it right")).to_be_enabled()
    page.close()


def test_it_plays_with_its_notes_lit(score):
    score.get_by_role("button", name="Play").click()
    expect(score.locator(".score .sounding").first).to_be_attached()
    score.get_by_role("button", name="Stop").click()
    expect(score.locator(".score .sounding")).to_have_count(0)


def test_another_key(score):
    before = score.locator(".score svg").inner_html()
    score.get_by_label("Key").select_option("2")
    expect(score.locator(".score .abcjs-note").first).to_be_visible()
    assert score.locator(".score svg").inner_html() != before


def save(page, name):
    page.get_by_label("Save the music").click()
    with page.expect_download() as download:
        page.locator(".score .menu").get_by_role("button", name=name, exact=True).click()
    page.get_by_label("Save the music").click()
    return download.value.path().read_bytes()


def test_files(score):
    midi = save(score, "MIDI")
    assert midi[:4] == b"MThd" and midi[-3:] == b"\xff\x2f\x00"
    assert len(re.findall(rb"\x90[\x00-\x7f][\x01-\x7f]", midi)) == 90  # 45 notes, repeated once.
    wav = save(score, "WAV")
    assert wav[:4] == b"RIFF" and wav[8:16] == b"WAVEfmt " and any(wav[1000:20000])
    xml = save(score, "MusicXML").decode()
    assert xml.count("<measure ") == 8 and xml.count("<note>") == 45 and "<fifths>1</fifths>" in xml
    assert xml.count("<alter>1</alter>") == xml.count("<step>F</step>") > 0
    assert save(score, "SVG").startswith(b"<svg")
    assert save(score, "ABC").decode().strip() == KESH.strip()
