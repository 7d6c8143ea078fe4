"""The measuring scripts' own arithmetic, and their client against a server that splits its stream."""
import asyncio
import json
import pathlib
import stat
import sys
import types
import xml.dom.minidom

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import compare  # noqa: E402
import load  # noqa: E402
import machine  # noqa: E402
import server  # noqa: E402
import svg  # noqa: E402

MIX = {"prompt": [5, 9], "answer": [2, 4], "prefix": 10}
LIMITS = {"ttft_ms": 100, "tbt_ms": 10}


def answer(first, last, tokens, ok=True):
    return {"ok": ok, "error": None if ok else "no", "times": [first, last], "tokens": tokens,
            "prompt_tokens": 7, "end": last}


def test_quantiles():
    q = server.quantiles(range(1, 101))
    assert (q["p50"], q["p95"], q["p99"], q["mean"]) == (50, 95, 99, 50.5)
    assert server.quantiles([3])["p99"] == 3 and server.quantiles([]) is None


def test_goodput():
    good, late, slow = answer(0.1, 0.2, 11), answer(0.11, 0.2, 11), answer(0.1, 0.211, 11)
    assert [server.is_good(r, LIMITS) for r in (good, late, slow)] == [True, False, False]
    s = server.summarise(2.0, [good, late, slow, answer(0, 0, 0, ok=False)], 2.0, LIMITS)
    assert s["goodput"] == 0.25 and s["failed"] == 1 and s["first_error"] == "no"
    assert s["tokens_per_s"] == 16.5 and s["first_token_ms"]["p50"] == 100


def search(limit, **options):
    """What the search finds when every rate up to `limit` is good, and how many runs it took."""
    options = {"rates": None, "refine": 3, "rate_from": 0.25, "tries": 14, **options}
    s, tries = server.Search(types.SimpleNamespace(**options)), 0
    while rate := s.next():
        s.tell(rate, rate <= limit)
        tries += 1
    return s.low, tries


def test_search():
    assert search(3.3) == (3.25, 8)  # 0.25 0.5 1 2 4, then 3 3.5 3.25
    assert search(0.1) == (0.09375, 4)
    assert search(3.3, rates=[1.0, 2.0, 4.0]) == (2.0, 3)
    assert search(1e9)[1] <= 14
    assert search(3.3, tries=2) == (0.5, 2)


def test_plan_is_the_same_for_both():
    plan = load.plan(1, 4.0, 2000, MIX)
    assert plan == load.plan(1, 4.0, 2000, MIX)
    assert plan[0][3] != load.plan(1, 2.0, 2000, MIX)[0][3]
    assert abs(plan[-1][0] / 2000 * 4 - 1) < 0.1  # 2,000 gaps: their mean is within 2.2 % (1 sigma).
    assert {p[1] for p in plan} == {5, 6, 7, 8, 9} and {p[2] for p in plan} == {2, 3, 4}


EVENTS = (b'data: {"choices": [{"text": "a"}]}\n\ndata: {"choices": [{"text": "b"}]}\n\n'
          b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}\n\n'
          b"data: [DONE]\n\n")


async def ask(body, head):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as fake:
        port = fake.sockets[0].getsockname()[1]
        return await load.stream(load.Endpoint("fake", f"http://127.0.0.1:{port}/v1", "m"), "p", 2)


def test_stream():
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(EVENTS[i:i + 7]), EVENTS[i:i + 7])
                       for i in range(0, len(EVENTS), 7)) + b"0\r\n\r\n"
    for body, head in ((EVENTS, b"HTTP/1.1 200 OK\r\n\r\n"),
                       (chunked, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")):
        r = asyncio.run(ask(body, head))
        assert r["ok"] and len(r["times"]) == 2 and (r["tokens"], r["prompt_tokens"]) == (2, 9), r
    r = asyncio.run(ask(b'{"error": "full"}', b"HTTP/1.1 503 Full\r\n\r\n"))
    assert not r["ok"] and "503" in r["error"] and "full" in r["error"]
    assert not asyncio.run(ask(b"", b""))["ok"]
    cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert not asyncio.run(ask(b"ff\r\nshort", cut))["ok"]


def test_svg():
    lines = svg.lines("a < b", "x", "y", {"one": [(1, 2), (3, 900)], "none": []}, limit=50)
    bars = svg.bars("bars", "y", ["p", "q"], {"one": [1, None], "two": [20000, 3]})
    document = xml.dom.minidom.parseString(svg.page("title & more", [lines, bars]))
    assert len(document.getElementsByTagName("circle")) == 2
    assert len(document.getElementsByTagName("rect")) == 1 + 4 + 3  # page, legends, bars
    assert svg.ticks(0) == [0, 1]
    for top in (0.003, 1, 7.2, 95, 123456):
        t = svg.ticks(top)
        assert t[-1] >= top * 0.999 and 3 <= len(t) <= 9


BATCHED = """
main: n_kv_max = 3584, n_batch = 2048

|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |      T s |    S t/s |
|-------|--------|------|--------|----------|----------|----------|----------|----------|----------|
|   128 |     64 |    4 |    768 |    0.500 |  1024.00 |    1.000 |   256.00 |    1.500 |   512.00 |
|   128 |     64 |   16 |   3072 |    2.000 |  1024.00 |    2.000 |   512.00 |    4.000 |   768.00 |
"""


def fake(path, body):
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def fake_peer(folder, help_text):
    """Programs that answer as llama.cpp's do, and note how they were called."""
    folder.mkdir()
    rows = json.dumps([{"n_prompt": 512, "n_gen": 0, "avg_ts": 300.5},
                       {"n_prompt": 0, "n_gen": 128, "avg_ts": 50.25}], indent=1)
    fake(folder / "llama-bench", f"""if [ "$1" = --help ]; then echo '{help_text}'; exit; fi
echo "$@" > {folder}/called
cat <<'END'
warning: a line before the JSON
{rows}
END
""")
    fake(folder / "llama-batched-bench", f"echo \"$@\" > {folder}/batched\ncat <<'END'\n{BATCHED}\nEND\n")


def options(**more):
    return types.SimpleNamespace(**{"threads": 2, "prompt": 512, "gen": 128, "depth": 0, "batch": [4, 16],
                                    "bench_args": [], "batched_args": [], "single": [], **more})


def test_peers(tmp_path):
    fake_peer(tmp_path / "a", "-d, --n-depth <n>")
    fake_peer(tmp_path / "b", "-gp <pp,tg>")
    args = options(peer=[str(tmp_path / "a"), f"ik={tmp_path / 'b'}"],
                   bench_args=["ik=-rtr 1 -fa 1"], batched_args=["ik=-rtr"])
    plain, ik = compare.peers_of(args)
    assert (plain.name, ik.name) == ("peer", "ik")
    for peer in (plain, ik):
        assert peer.measure("m.gguf", args) == {"prefill": 300.5, "decode": 50.25, "batch 4": 256.0,
                                                "batch 16": 512.0}
    assert (tmp_path / "b" / "called").read_text().endswith("-o json -rtr 1 -fa 1\n")
    assert (tmp_path / "b" / "batched").read_text().endswith("-npl 4,16 -rtr\n")
    assert "-rtr" not in (tmp_path / "a" / "called").read_text()
    args.single = ["ik"]
    assert list(compare.peers_of(args)[1].measure("m.gguf", args)) == ["prefill", "decode"]
    for peer in (plain, ik):
        peer.single("m.gguf", options(depth=4096))
    assert "-p 512 -n 128 -d 4096" in (tmp_path / "a" / "called").read_text()
    assert "-p 0 -n 0 -gp 4096,128" in (tmp_path / "b" / "called").read_text()


def test_arguments_for_nobody(tmp_path):
    fake_peer(tmp_path / "a", "")
    args = options(peer=[str(tmp_path / "a")], bench_args=["ik=-fa 1"])
    try:
        compare.peers_of(args)
        assert False
    except SystemExit as e:
        assert "'ik'" in str(e)


def test_rows_and_plot():
    runs = {"tiro": [{"decode": 10, "prefill": 80}, {"decode": 12, "prefill": 60}, {"decode": 14, "prefill": 70}],
            "peer": [{"decode": 5}, {"decode": 4}, {"decode": 7}]}
    row = compare.row_of("decode", runs, 24)
    assert row["share"] == 0.5 and row["tiro"] == {"median": 12, "min": 10, "max": 14}
    assert row["peers"]["peer"]["ratio"] == {"median": 2, "min": 2, "max": 3}  # Of pairs: 2, 3, 2.
    rows = {what: compare.row_of(what, runs, None) for what in ("prefill", "decode")}
    assert rows["prefill"]["peers"] == {} and "share" not in rows["prefill"]
    result = {"machine": {"cpu": "x"}, "threads": 2, "pairs": 3, "peers": ["peer"],
              "models": {"m": {"rows": rows}}}
    document = xml.dom.minidom.parseString(compare.plot(result))
    assert len(document.getElementsByTagName("rect")) == 1 + (2 + 1) + (3 + 2)  # page, legends, bars


def test_machine():
    text = ("processor\t: 0\nmodel name\t: Some CPU\ncpu MHz\t\t: 2600.000\nflags\t\t: sse fma avx2\n"
            "processor\t: 1\nmodel name\t: Some CPU\ncpu MHz\t\t: 3100.500\nflags\t\t: sse fma avx2\n")
    assert machine.processor(text) == {"cpu": "Some CPU", "mhz": 3100.5, "flags": ["avx2", "fma"]}
    assert machine.processor("")["mhz"] is None
    facts = machine.facts()
    machine.finish(facts)
    assert facts["cores"] >= 1 and 0 <= facts["stolen"] <= 1 and "ticks" not in facts
    json.dumps(facts)
    assert "stolen" in machine.describe(facts)
