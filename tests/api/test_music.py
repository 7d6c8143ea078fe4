"""Music: the check, the grammar, the tool that a model has, the command."""
import concurrent.futures
import json
import os
import re
import subprocess

import openai
import pytest

import spec
from conftest import CHAT, CODE, ROOT

PROGRAM = os.environ.get("TIRO", str(ROOT / "build" / "tiro"))

GOOD = "X:1\nT:The Kesh\nR:jig\nM:6/8\nL:1/8\nK:Ador\n|:G2G GAB|ABA ABd:|\n"
BAD = GOOD.replace("ABA ABd", "ABA ABdc")


def post(client, path, **body):
    return client.post(path, cast_to=object, body=body)


def check(client, abc):
    return post(client, "/tiro/abc/check", abc=abc)


def grammar(client, **wish):
    return post(client, "/tiro/abc/grammar", **wish)["grammar"]


# ---- The check ----

def test_a_tune_that_adds_up(client):
    found = check(client, GOOD)
    assert found["object"] == "tiro.abc.check" and found["ok"] and found["issues"] == []
    assert found["bars"] == 2 and found["tunes"] == 1 and found["notes"] == 11
    assert found["headers"] == [{"line": 1, "title": "The Kesh", "rhythm": "jig", "metre": "6/8", "unit": 8,
                                 "key": "Ador", "bars": 2, "sections": 1, "voices": 1}]


def test_what_is_wrong_is_placed(client):
    found = check(client, BAD)
    assert not found["ok"] and found["issues_left_out"] == 0
    assert found["issues"] == [{"kind": "bar", "line": 7, "column": 11, "bar": 2, "voice": None,
                                "message": "Bar 2 holds 7/8 where the metre wants 6/8: 1/8 too much."}]


GOLDEN = ROOT / "tests" / "golden" / "abc"
TUNES_READ = (GOLDEN / "tunes.abc").read_text().strip().split("\n\n")


@pytest.mark.parametrize("abc", TUNES_READ, ids=lambda abc: re.search("^T:(.*)$", abc, re.M)[1])
def test_bars_as_music21_counts_them(client, abc):
    """tools/golden_abc.py: as many bars, and what it says of one that is made longer is what it lasts."""
    title = re.search("^T:(.*)$", abc, re.M)[1]
    voices = json.loads((GOLDEN / "tunes.json").read_text())["tunes"][title]
    found = check(client, abc)
    assert found["ok"], found["issues"]
    assert found["bars"] == sum(len(v["bars"]) for v in voices)
    lines = abc.split("\n")
    at, line = next((i, text) for i, text in enumerate(lines) if "|" in text and not re.match("[A-Za-z]:", text))
    ends = [m.start() for m in re.finditer(r"(?<=[\w',\]])\|", line)]
    end = ends[min(1, len(ends) - 1)]
    lines[at] = f"{line[:end]}C{line[end:]}"
    wrong = [i for i in check(client, "\n".join(lines))["issues"] if i["kind"] == "bar"]
    assert wrong and all(i["line"] == at + 1 for i in wrong)
    for issue in wrong:
        num, den = map(int, re.search(r"holds (\d+)/(\d+)", issue["message"]).groups())
        unit = int(re.search(r"^L:1/(\d+)$", abc, re.M)[1])
        assert num / den * 4 == pytest.approx(voices[0]["bars"][issue["bar"] - 1] + 4 / unit)


# ---- The grammar ----

@pytest.mark.parametrize("wish", [
    {"metre": "6/8", "unit": 8, "keys": ["G"], "bars_min": 4, "bars_max": 4, "parts_max": 1, "title": 'A "jig"'},
    {"metre": "3/4", "keys": ["A dorian", "Em"], "bars_max": 4, "parts_max": 1, "rhythm": "waltz", "fence": True},
])
def test_what_comes_under_it_adds_up(client, wish):
    answer = client.responses.create(
        model=CHAT, input="Write a tune in ABC notation.", temperature=1, max_output_tokens=600,
        extra_body={"seed": 7, "structured_outputs": {"grammar": grammar(client, **wish)}})
    assert answer.status == "completed"
    text = answer.output_text
    if wish.get("fence"):
        text = re.fullmatch(r"```abc\n(.*)\n```", text, re.S)[1]
    found = check(client, text)
    assert found["ok"], (text, found["issues"])
    header = found["headers"][0]
    assert header["metre"] == wish["metre"] and header["key"] in ("G", "Ador", "Em")
    assert header["title"] == wish.get("title", header["title"]) and header["rhythm"] == wish.get("rhythm", header["rhythm"])


# TIRO_TUNES=200 asks for the whole: docs/how-to/music.md has what came of it.
TUNES = int(os.environ.get("TIRO_TUNES", "6"))
METRES = ["4/4", "6/8", "3/4", "2/4", "9/8", "5/4", "C|", "7/8"]


@pytest.mark.timeout(3600)
def test_whatever_comes_can_be_played(client):
    """At temperature 1, of metres in turn: the check finds nothing, and abcjs has no warning."""
    wishes = [{"metre": METRES[i % len(METRES)], "bars_max": 4, "parts_max": 2, "symbols": i % 3 == 0, "plain": i % 7 == 6}
              for i in range(TUNES)]
    grammars = {json.dumps(w): grammar(client, **w) for w in wishes}

    def write(i):
        answer = client.responses.create(
            model=CHAT, input="Write a tune in ABC notation.", temperature=1, store=False,
            extra_body={"seed": i, "structured_outputs": {"grammar": grammars[json.dumps(wishes[i])]}})
        assert answer.status == "completed", (i, answer.incomplete_details)
        return answer.output_text

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        tunes = list(pool.map(write, range(TUNES)))
    node = subprocess.run(["node", ROOT / "tests/api/node/abc_warnings.mjs"], input=json.dumps(tunes), capture_output=True,
                          text=True, timeout=120, check=True)
    for tune, drawn in zip(tunes, json.loads(node.stdout), strict=True):
        found = check(client, tune)
        assert found["issues"] == [], (tune, found["issues"])
        assert drawn["warnings"] == [] and drawn["notes"] > 0, (tune, drawn)


@pytest.mark.parametrize("wish, word", [
    ({"metre": "4/5"}, "metre"), ({"keys": ["H"]}, "key"), ({"keys": ["G,D"]}, "more than one"),
    ({"title": "100%"}, "title"), ({"bars_min": 9, "bars_max": 8}, "bars"), ({"unit": 3}, "unit"), ({"bars_max": 65}, "bars_max"),
])
def test_what_there_is_no_grammar_for(client, wish, word):
    with pytest.raises(openai.BadRequestError, match=word):
        grammar(client, **wish)


def test_a_grammar_and_a_format_are_too_much(client):
    with pytest.raises(openai.BadRequestError, match="structured_outputs"):
        client.responses.create(model=CHAT, input="x", text={"format": {"type": "json_object"}},
                                extra_body={"structured_outputs": {"grammar": grammar(client)}})


# ---- The tool ----

TOOL = {"type": "tiro_abc_check"}


@pytest.fixture
def extension():
    """The published document knows no such tool, item or event: that, and nothing else, is no fault."""
    yield
    for line in spec.take_problems().split("\n"):
        for part in re.split(r"(?<=keyword); ", line.partition("does not allow: ")[2]):
            assert not part or "tiro_abc_check" in part, line


def use(client, **fields):
    """A small model does as it is told where the tool is the only way."""
    return client.responses.create(**{
        "model": CODE, "input": f"Check this music with check_music:\n{BAD}", "temperature": 0, "max_output_tokens": 400,
        "max_tool_calls": 1, "tools": [TOOL], "tool_choice": {"type": "tiro_abc_check"}, **fields})


def test_the_model_checks_its_music(client, extension):
    answer = use(client)
    call, *_, message = answer.output
    assert call.type == "tiro_abc_check_call" and call.status == "completed" and call.id.startswith("abc_")
    item = call.model_dump()
    again = check(client, item["abc"])
    assert item["issues"] == again["issues"] and item["ok"] == again["ok"] and item["headers"] == again["headers"]
    assert message.type == "message" and answer.output_text


def test_as_a_stream(client, extension):
    types = [event.type for event in use(client, stream=True)]
    assert types[2:7] == ["response.output_item.added", "response.tiro_abc_check_call.in_progress",
                          "response.tiro_abc_check_call.checking", "response.tiro_abc_check_call.completed",
                          "response.output_item.done"]
    assert types[-1] in ("response.completed", "response.incomplete")


def test_it_is_told_again_in_the_next_response(client, extension):
    first = use(client)
    second = client.responses.create(model=CODE, input="And now?", previous_response_id=first.id, tools=[TOOL],
                                     max_tool_calls=1, max_output_tokens=16)
    bare = client.responses.create(model=CODE, input="And now?", previous_response_id=first.id, max_output_tokens=16)
    # With the tool offered, the call and what it found are part of the prompt.
    assert second.usage.input_tokens > bare.usage.input_tokens + 40
    given = client.responses.create(model=CODE, tools=[TOOL], max_output_tokens=16,
                                    input=[*[i.model_dump() for i in first.output], {"role": "user", "content": "And now?"}])
    assert given.usage.input_tokens > 0


def test_it_takes_no_options(client):
    with pytest.raises(openai.BadRequestError) as refused:
        use(client, tools=[{**TOOL, "metre": "4/4"}])
    assert refused.value.param == "tools[0].metre"


# ---- The command ----

def command(*words, text=None):
    done = subprocess.run([PROGRAM, "abc", *words], input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_the_command(tmp_path):
    good, bad = tmp_path / "good.abc", tmp_path / "bad.abc"
    good.write_text(GOOD)
    bad.write_text(BAD)
    status, out, _ = command("check", str(good))
    assert status == 0 and out == f"{good}: 1 tunes, 2 bars, 11 notes: nothing is wrong\n"
    status, out, _ = command("check", str(good), str(bad))
    assert status == 1 and f"{bad}:7:11: bar: Bar 2 holds 7/8 where the metre wants 6/8: 1/8 too much.\n" in out
    status, out, _ = command("check", "--json", "-", text=BAD)
    row = json.loads(out)
    assert status == 1 and row["file"] == "-" and row["issues"][0]["line"] == 7
    assert command("check", str(tmp_path / "none"))[0] == 1
    assert command("check")[0] == 2 and command()[0] == 2
    status, _, told = command("check", "-", text="x" * ((1 << 20) + 1))
    assert status == 1 and told
