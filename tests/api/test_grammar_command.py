"""tiro grammar: grammars tried against texts from the command line; no server, no model."""
import json
import os
import subprocess

from conftest import ROOT

PROGRAM = os.environ.get("TIRO", str(ROOT / "build" / "tiro"))


def grammar(*words, text=None):
    done = subprocess.run(
        [PROGRAM, "grammar", *words], input=text, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_text_matches_or_is_told_why_not(tmp_path):
    path = write(tmp_path, "answer.gbnf", 'root ::= "yes" | "no" [!.]\n')
    status, out, _ = grammar("check", path)
    assert status == 0 and out.startswith("ebnf: ") and "matches" not in out
    status, out, _ = grammar("check", path, "--input", "-", text="yes")
    assert status == 0 and "the text matches (3 bytes)" in out
    status, out, _ = grammar("check", path, "--input", "-", text="no?")
    assert status == 1
    assert 'line 1, column 3 (byte 2): this may not stand here; expected "!" or "."' in out
    status, out, _ = grammar("check", path, "--input", "-", text="n")
    assert status == 1 and 'ends too early; expected "o"' in out
    status, out, _ = grammar("check", path, "--input", "-", text="yes\n")
    assert status == 1 and "the end of the last line is part of the text" in out


def test_json_says_the_same(tmp_path):
    path = write(tmp_path, "date.regex", "[0-9]{4}-[0-9]{2}\n")
    status, out, _ = grammar("check", path, "--json", "--input", "-", text="2024\n")
    said = json.loads(out)
    assert status == 1 and said["kind"] == "regex" and said["states"] > 0
    assert (said["matches"], said["offset"], said["line"], said["column"]) == (False, 4, 1, 5)
    assert said["expected"] == '"-"'
    assert "matches" not in json.loads(grammar("check", path, "--json")[1])


def test_kinds_are_known_by_name_and_by_file(tmp_path):
    path = write(tmp_path, "pattern", "a|b")
    assert grammar("check", path)[0] == 1  # Not a grammar.
    assert grammar("check", path, "--kind", "regex", "--input", "-", text="b")[0] == 0
    assert grammar("check", path, "--kind", "regex", "--input", "-", text="xb")[0] == 1
    assert grammar("check", path, "--kind", "regex", "--search", "--input", "-", text="xb")[0] == 0
    status, _, told = grammar("check", path, "--kind", "yacc")
    assert status == 1 and "no kind of grammar 'yacc'; there are: " in told


def test_a_schema(tmp_path):
    path = write(tmp_path, "n.json", '{"type": "object", "properties": {"n": {"type": "integer"}}}')
    status, out, _ = grammar("check", path, "--input", "-", text='{"n": 12}')
    assert status == 0 and out.startswith("schema: ")
    assert grammar("check", path, "--input", "-", text='{"n": "12"}')[0] == 1
    status, _, told = grammar("check", path, "--strict")
    assert status == 1 and "additionalProperties" in told
    assert grammar("check", write(tmp_path, "bad.json", "{"))[0] == 1


def test_wrong_uses(tmp_path):
    path = write(tmp_path, "bad.ebnf", 'root ::= "a"\n  | b\n')
    status, _, told = grammar("check", path)
    assert status == 1 and "line 2, column 5: the rule 'b' is used but not defined" in told
    assert grammar()[0] == 2
    assert grammar("check")[0] == 2
    assert grammar("check", "-", "--input", "-", text="")[0] == 2
    assert "No such file" in grammar("check", str(tmp_path / "none"))[2]


def test_a_tune(tmp_path):
    status, text, _ = grammar("abc", "--metre", "6/8", "--keys", "G,D", "--bars", "4")
    assert status == 0
    path = write(tmp_path, "jig.ebnf", text)
    head = "X:1\nT:Jig\nM:6/8\nL:1/8\nK:G\n"
    good = head + "|:G3 GAB|A3 ABd|edd gdd|edB dBA:|\n"
    assert grammar("check", path, "--input", "-", text=good)[0] == 0
    status, out, _ = grammar("check", path, "--input", "-", text=good.replace("edd gdd", "edd gd"))
    assert status == 1 and "line 6, column 23" in out
    for wrong in ("metre=4/5", "keys=H", "bars=0", "unit=1/3", "parts=9-2"):
        status, _, told = grammar("abc", "--" + wrong)
        assert status == 1 and told.startswith("tiro: "), wrong
