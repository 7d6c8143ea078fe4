"""The measuring scripts' own arithmetic, and their client against a server that splits its stream."""
import asyncio
import pathlib
import sys
import types
import xml.dom.minidom

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import load  # noqa: E402
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
