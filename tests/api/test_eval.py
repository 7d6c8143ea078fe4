"""Exams: asked and kept by the server, `tiro eval` as its client, walls around programs that a model wrote,
and the same figures as an independent evaluation gave (tools/golden_eval.py)."""
import json
import math
import os
import subprocess
import time

import pytest

from conftest import CHAT, CODE, Server, model_folder
from server import PROGRAM, ROOT

EXAMS = ROOT / "tests" / "exams"
GOLDEN = ROOT / "tests" / "golden" / "exams"
WAIT_S = 240
FRANCE = {"question": "What is the capital of France?", "options": ["Berlin", "Paris"], "answer": "B", "subject": "x"}


def lines(*questions):
    return "\n".join(json.dumps(q) for q in questions)


def wanted(**fields):
    """A request; None leaves a field out."""
    fields = {"model": CHAT, "questions": lines(FRANCE), **fields}
    return {name: value for name, value in fields.items() if value is not None}


def create(server, **fields):
    status, made = server.post("/v1/tiro/evaluations", wanted(**fields))
    assert status == 200, made
    return made


def get(server, path):
    status, _, body = server.request("GET", "/v1/tiro/evaluations" + path)
    assert status == 200, body
    return json.loads(body)


def over(server, ident, states=("completed", "failed", "cancelled")):
    end = time.monotonic() + WAIT_S
    while (now := get(server, f"/{ident}"))["status"] not in states:
        assert time.monotonic() < end, now
        time.sleep(0.2)
    return now


def items_of(server, ident):
    items, more = [], True
    while more:
        page = get(server, f"/{ident}/items?limit=100&after={items[-1]['number'] if items else 0}")
        items, more = items + page["data"], page["has_more"]
    return items


def tiro_eval(server, *arguments, code=0):
    done = subprocess.run([PROGRAM, "eval", *map(str, arguments), "--data", server.data], capture_output=True,
                          text=True, timeout=WAIT_S, env={"HOME": "/nonexistent", "PATH": os.environ["PATH"]})
    assert done.returncode == code, done.stdout + done.stderr
    return done


# ---- Asked and kept --------------------------------------------------------------------------------

def test_an_exam(server):
    made = create(server, name="capitals", abstain_below=0.6)
    assert made["counts"]["items"] == 1 and made["kind"] == "choice" and made["format"] == "choice"
    done = over(server, made["id"])
    assert done["status"] == "completed" and done["counts"]["done"] == 1
    item, = items_of(server, made["id"])
    p = [math.exp(o["logprob"]) for o in item["result"]["options"]]
    assert [o["probability"] for o in item["result"]["options"]] == pytest.approx([x / sum(p) for x in p])
    assert item["right"] == (item["result"]["predicted"] == 1) == bool(done["report"]["right"])
    assert done["report"]["abstention"]["below"] == 0.6
    assert get(server, f"?model={CHAT}&limit=1")["data"][0]["id"] == made["id"]
    status, _, body = server.request("DELETE", f"/v1/tiro/evaluations/{made['id']}")
    assert status == 200 and json.loads(body)["deleted"]
    assert server.request("GET", f"/v1/tiro/evaluations/{made['id']}")[0] == 404


def test_scores_are_those_of_completions(server):
    """Whole prompts, scored as anybody can, against the option's part alone with the rest from the cache."""
    made = create(server, questions=lines(FRANCE, {**FRANCE, "score": "text"}))
    over(server, made["id"])
    for item in items_of(server, made["id"]):
        for option, scored in zip(item["question"]["options"], item["result"]["options"]):
            prompt = item["question"]["prompt"]
            status, whole = server.post("/v1/completions", {
                "model": CHAT, "prompt": prompt + option["continuation"], "max_tokens": 0, "echo": True, "logprobs": 0})
            assert status == 200
            logprobs = whole["choices"][0]["logprobs"]
            own = [p for p, at in zip(logprobs["token_logprobs"], logprobs["text_offset"]) if at >= len(prompt)]
            assert len(own) == scored["tokens"] and sum(own) == pytest.approx(scored["logprob"], abs=1e-6)


def test_echo_from(server):
    prompt = "The quick brown fox jumps over the lazy dog. " * 4 + "It runs through the wood to the river bank."
    ask = {"model": CHAT, "prompt": prompt, "max_tokens": 2, "echo": True, "logprobs": 1, "temperature": 0}
    at = prompt.index(" the river")
    whole = server.post("/v1/completions", ask)[1]["choices"][0]
    part = server.post("/v1/completions", {**ask, "echo_from": at})[1]
    choice = part["choices"][0]
    assert whole["text"].endswith(choice["text"]) and choice["text"].startswith(prompt[at:])
    n = len(choice["logprobs"]["token_logprobs"])
    assert 2 < n < 12 and choice["logprobs"]["token_logprobs"] == whole["logprobs"]["token_logprobs"][-n:]
    assert choice["logprobs"]["text_offset"][0] == 0
    again = server.post("/v1/completions", {**ask, "echo_from": at})[1]  # The beginning is there by now.
    assert again["choices"] == part["choices"] and again["usage"]["prompt_tokens_details"]["cached_tokens"] > 0
    ids = {**ask, "prompt": [504, 2365, 6354, 16438, 27003], "echo_from": 3}
    assert len(server.post("/v1/completions", ids)[1]["choices"][0]["logprobs"]["tokens"]) == 4
    beyond = server.post("/v1/completions", {**ask, "echo_from": 10_000})[1]["choices"][0]
    assert len(beyond["logprobs"]["tokens"]) == 3  # The last one, and two new ones.


@pytest.mark.parametrize("fields,says", [
    ({"questions": lines(FRANCE) + "\n{}"}, "Invalid 'questions': line 2: there is no list of \"options\"."),
    ({"questions": "{\"a\": 1}"}, "none of the formats"),
    ({"format": "xyz"}, "'xyz' is not known"),
    ({"questions": None}, "Missing required parameter: 'questions' (or 'questions_file_id')."),
    ({"questions_file_id": "file-x"}, "Mutually exclusive parameters: 'questions' and 'questions_file_id'."),
    ({"questions": None, "questions_file_id": "file-x"}, "No such File object: file-x"),
    ({"shots": 2}, "no file to take them from"),
    ({"shots": 33}, "shots"),
    ({"abstain_below": 1.5}, "abstain_below"),
    ({"model": "none"}, "none"),
    ({"model": "all-minilm-l6-v2"}, "cannot sit an exam"),
])
def test_refused(server, fields, says):
    status, answer = server.post("/v1/tiro/evaluations", wanted(**fields))
    assert status in (400, 404) and says in answer["error"]["message"]


def send(server, content, purpose="evals"):
    form = b"".join(b'--x\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"
                    for name, value in ((b"purpose", purpose.encode()), (b'file"; filename="q', content)))
    status, _, body = server.request("POST", "/v1/files", form + b"--x--\r\n",
                                     {"Content-Type": "multipart/form-data; boundary=x"})
    assert status == 200, body
    return json.loads(body)["id"]


def test_questions_of_a_file(server):
    """Larger than any request: published sets are. What was asked of the text goes on with the file."""
    many = lines(*({**FRANCE, "question": f"{'Which? ' * 150} {i}"} for i in range(5000)))
    assert len(many) > 5_000_000
    file = send(server, many.encode())
    made = create(server, questions=None, questions_file_id=file, examples_file_id=file, shots=1, limit=2)
    assert server.request("DELETE", f"/v1/files/{file}")[0] == 200  # It has what it needs.
    assert over(server, made["id"])["report"]["n"] == 2
    assert [i["question"]["question"][-2:] for i in items_of(server, made["id"])] == [" 0", " 1"]
    assert items_of(server, made["id"])[1]["question"]["prompt"].count("Which?") == 300
    short = lines(*[FRANCE] * 300)
    begun = create(server, questions=short)
    server.post(f"/v1/tiro/evaluations/{begun['id']}", {"status": "cancelled"})
    again = create(server, questions=None, questions_file_id=send(server, short.encode()), resume=True)
    assert again["id"] == begun["id"]
    server.request("DELETE", f"/v1/tiro/evaluations/{begun['id']}")


def test_the_largest_file_of_questions(server):
    question = lines(FRANCE).encode()
    largest = (question + (b"\n" + b" " * 65535) * 1024)[:64 << 20]
    made = create(server, questions=None, questions_file_id=send(server, largest))
    assert over(server, made["id"])["report"]["n"] == 1
    status, answer = server.post("/v1/tiro/evaluations", {
        "model": CHAT, "questions_file_id": send(server, largest + b"\n")})
    assert status == 400 and answer["error"]["param"] == "questions_file_id"
    assert "has 67108865 bytes. Expected at most 67108864" in answer["error"]["message"]


@pytest.mark.parametrize("content,says", [
    (b"", "the file is empty"), (b"\xff\xfe", "the file is no UTF-8 text"), (b"{}", "none of the formats")])
def test_files_that_are_refused(server, content, says):
    status, answer = server.post("/v1/tiro/evaluations",
                                 {"model": CHAT, "questions_file_id": send(server, content)})
    assert status == 400 and says in answer["error"]["message"]


def test_too_long_for_the_model(server):
    made = create(server, questions=lines(FRANCE, {**FRANCE, "question": "word " * 20000}))
    done = over(server, made["id"])
    assert done["status"] == "completed" and done["report"]["failed"] == 1 and done["report"]["n"] == 2
    assert "maximum context length" in items_of(server, made["id"])[1]["result"]["problem"]


def test_stop_and_go_on(server):
    many = (EXAMS / "general.jsonl").read_text()
    made = create(server, questions=many)
    assert server.post(f"/v1/tiro/evaluations/{made['id']}", {"status": "cancelled"})[1]["status"] == "cancelled"
    n = get(server, f"/{made['id']}")["counts"]["answered"]
    time.sleep(1)
    assert get(server, f"/{made['id']}")["counts"]["answered"] <= n + 4  # Those that were asked already.
    assert server.post(f"/v1/tiro/evaluations/{made['id']}", {"status": "in_progress"})[0] == 200
    assert over(server, made["id"], ("completed",))["report"]["n"] == 60
    status, answer = server.post(f"/v1/tiro/evaluations/{made['id']}", {"status": "cancelled"})
    assert status == 400 and "completed" in answer["error"]["message"]


def test_goes_on_after_a_crash(tmp_path):
    server = Server(model_folder(tmp_path / "data"), ["--default-model", CHAT])
    many = (EXAMS / "general.jsonl").read_text()
    made = create(server, questions=many)
    while (n := get(server, f"/{made['id']}")["counts"]["answered"]) < 5:
        time.sleep(0.05)
    server.kill()
    server = Server(server.data, ["--default-model", CHAT])
    try:
        counts = get(server, f"/{made['id']}")["counts"]
        assert counts["answered"] >= n
        done = over(server, made["id"], ("completed",))
        again = create(server, questions=many, resume=True)  # What is completed is not gone on with.
        assert again["id"] != made["id"]
        fresh = over(server, again["id"], ("completed",))
        assert done["report"] == fresh["report"]
        rows = server.database.sql(f"SELECT count(*), count(DISTINCT id) FROM ledger WHERE id LIKE '{made['id']}/%'")
        assert rows == [(60, 60)]
    finally:
        server.stop()


# ---- The command ------------------------------------------------------------------------------------

def test_command(server, tmp_path):
    report = tmp_path / "report.md"
    done = tiro_eval(server, CHAT, EXAMS / "endings.jsonl", "--report", report, "--fresh")
    assert done.stdout.startswith("endings.jsonl, smollm2-135m") and "of 20;" in done.stdout
    assert "calibration error" in done.stdout
    assert report.read_text().count("What is the capital of France?") == 1
    machine = json.loads(tiro_eval(server, CHAT, EXAMS / "endings.jsonl", "--json", "--limit", 5).stdout)
    assert machine["report"]["n"] == 5 and machine["settings"]["limit"] == 5
    shots = json.loads(tiro_eval(server, CHAT, EXAMS / "formats/mmlu.csv", "--json", "--shots", 2, "--examples",
                                 EXAMS / "formats/mmlu.csv").stdout)
    assert shots["format"] == "mmlu" and shots["report"]["n"] == 3


def test_command_with_a_long_file(server, tmp_path):
    """It goes as a file, of which nothing stays."""
    before = server.request("GET", "/v1/files")[2]
    exam = tmp_path / "long.jsonl"
    exam.write_text(lines(*({**FRANCE, "question": f"{'Which? ' * 150} {i}"} for i in range(5000))))
    done = json.loads(tiro_eval(server, CHAT, exam, "--limit", 2, "--shots", 1, "--examples", exam, "--json").stdout)
    assert done["report"]["n"] == 2 and done["name"] == "long.jsonl"
    bad = tmp_path / "bad.jsonl"
    bad.write_text(exam.read_text() + "\n{}")
    assert "line 5001" in tiro_eval(server, CHAT, bad, code=1).stderr
    assert server.request("GET", "/v1/files")[2] == before


def test_command_refuses(server, tmp_path):
    assert "--shots is 'x'" in tiro_eval(server, CHAT, EXAMS / "endings.jsonl", "--shots", "x", code=1).stderr
    assert "none.jsonl" in tiro_eval(server, CHAT, tmp_path / "none.jsonl", code=1).stderr
    assert "no-such-model" in tiro_eval(server, "no-such-model", EXAMS / "endings.jsonl", code=1).stderr
    assert "usage" in tiro_eval(server, CHAT, code=2).stderr


def test_perplexity(server, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text((ROOT / "LICENSE").read_text()[:4000])
    apart = json.loads(tiro_eval(server, CHAT, text, "--text", "--context", 128, "--json").stdout)["report"]
    sliding = json.loads(tiro_eval(server, CHAT, text, "--text", "--context", 128, "--stride", 32,
                                   "--json").stdout)["report"]
    assert apart["bytes"] > 3900 and sliding["tokens"] >= apart["tokens"]
    assert 1 < sliding["perplexity"] < apart["perplexity"]  # Each token sees more.
    assert apart["interval"][0] < apart["perplexity"] < apart["interval"][1]
    assert apart["bits_per_byte"] == pytest.approx(apart["nll"] * apart["tokens"] / math.log(2) / apart["bytes"])


# ---- Programs ---------------------------------------------------------------------------------------

def test_programs(server):
    made = json.loads(tiro_eval(server, CODE, EXAMS / "formats/humaneval.jsonl", "--json").stdout)
    assert made["status"] == "completed" and made["report"]["right"] == 1
    item, = items_of(server, made["id"])
    assert item["result"]["judged"] and "return" in item["result"]["answer"]
    chat = json.loads(tiro_eval(server, CODE, EXAMS / "formats/humaneval.jsonl", "--style", "chat", "--json").stdout)
    assert chat["report"]["right"] == 1
    status, answer = server.post(f"/v1/tiro/evaluations/{made['id']}/items/2", {"right": True})
    assert status == 404 and "no item 2" in answer["error"]["message"]


def judge(program, seconds=3):
    start = time.monotonic()
    done = subprocess.run([PROGRAM, "judge", "--seconds", str(seconds), "--memory", "512"], input=program, text=True,
                          capture_output=True, timeout=60)
    return done.returncode, done.stdout + done.stderr, time.monotonic() - start


def test_good_program():
    code, said, _ = judge("import math, re, typing, collections, heapq, itertools, hashlib\nprint(math.gcd(12, 18))")
    assert (code, said) == (0, "6\n")


@pytest.mark.parametrize("program,says", [
    ("import socket\nsocket.socket()", "PermissionError"),
    ("import socket\nsocket.create_connection(('127.0.0.1', 80))", "PermissionError"),
    ("import os\nwhile True: os.fork()", "PermissionError"),
    ("import subprocess\nsubprocess.run(['/bin/sh', '-c', 'echo out'])", "PermissionError"),
    ("import os\nos.execv('/bin/sh', ['sh', '-c', 'echo out'])", "PermissionError"),
    ("open('/tmp/tiro-judge-test', 'w')", "PermissionError"),
    ("open('/etc/passwd').read()", "PermissionError"),
    ("import os\nos.listdir(os.path.expanduser('~root'))", "Error"),
    ("import os\nos.kill(os.getppid(), 9)", "Error"),
    ("x = bytearray(2 << 30)", "MemoryError"),
    ("x = [0]\nwhile True: x += x", "MemoryError"),
])
def test_walls(program, says):
    code, said, _ = judge(program)
    assert code != 0 and says in said and "out\n" not in said


def test_endless_program():
    code, _, took = judge("while True: pass", seconds=2)
    assert code < 0 and took < 30  # The kernel ended it.


SLEEPER = {"task_id": "T/0", "prompt": "def f(x):\n    \"\"\" Return x. \"\"\"\n", "entry_point": "f",
           "test": "import time\ndef check(c):\n    time.sleep(1000)\n"}
LEAVER = {**SLEEPER, "test": "import os\ndef check(c):\n    os._exit(0)\n"}


def test_a_program_that_sleeps_or_leaves_has_not_passed(server, tmp_path):
    """Neither the processor's time nor an exit status of 0 says enough."""
    exam = tmp_path / "exam.jsonl"
    exam.write_text(lines(SLEEPER, LEAVER))
    start = time.monotonic()
    done = json.loads(tiro_eval(server, CHAT, exam, "--seconds", 2, "--json").stdout)
    assert done["report"]["right"] == 0 and time.monotonic() - start < 120
    sleeper, leaver = items_of(server, done["id"])
    assert "did not end in time" in sleeper["result"]["output"] or "Error" in sleeper["result"]["output"]
    assert not leaver["right"]


# ---- Against an independent evaluation ---------------------------------------------------------------

@pytest.mark.parametrize("model", [CHAT, CODE])
@pytest.mark.parametrize("compute", ["f32", "auto"])
def test_as_an_independent_evaluation(tmp_path, model, compute):
    """In f32 every option is the same; for quantised arithmetic the issue asks for 98 % of them."""
    golden = json.loads((GOLDEN / f"{model}.json").read_text())
    server = Server(model_folder(tmp_path / "data"), ["--default-model", model], env={"TIRO_COMPUTE": compute})
    try:
        same = n = 0
        worst = 0
        for exam, expected in golden.items():
            made = create(server, model=model, questions=(EXAMS / f"{exam}.jsonl").read_text())
            over(server, made["id"], ("completed",))
            for item, wanted in zip(items_of(server, made["id"]), expected):
                got = [o["logprob"] for o in item["result"]["options"]]
                worst = max(worst, *(abs(a - b) for a, b in zip(got, wanted)))
                same += item["result"]["predicted"] == wanted.index(max(wanted))
                n += 1
        print(f"{model} {compute}: {same} of {n} the same, at most {worst:.5f} nats apart")
        assert n == sum(map(len, golden.values())) >= 24
        assert same == n if compute == "f32" else same >= 0.98 * n
        if compute == "f32":
            assert worst < 2e-3
    finally:
        server.stop()
