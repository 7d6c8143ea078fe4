"""Requests to an OpenAI-compatible endpoint, timed as they arrive (no library: asyncio only).

The client shares the machine with the server it measures, so it does as little as possible: one
connection a request, lines of the stream stamped when read, JSON parsed after the run.
"""
import asyncio
import json
import random
import time
import urllib.parse

LINE_MAX = 1 << 20
WORDS = ("river stone lamp winter garden paper window music number letter market bridge summer forest "
         "engine island silver morning harbour mountain kitchen teacher village feather copper "
         "ladder pencil thunder blanket orchard lantern valley compass meadow anchor ribbon").split()


class Endpoint:
    def __init__(self, name, url, model, key="none"):
        parts = urllib.parse.urlsplit(url)
        self.name, self.model, self.key = name, model, key
        self.host, self.port = parts.hostname, parts.port or 80
        self.path = parts.path.rstrip("/").removesuffix("/v1")
        self.words_per_token = 0.7  # calibrate() replaces it.

    def head(self, path, body):
        return (f"POST {self.path}{path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
                f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()


def words(rng, n):
    return " ".join(rng.choice(WORDS) for _ in range(n))


async def pieces(reader, chunked):
    """The body as it arrives."""
    if not chunked:
        while piece := await reader.read(65536):
            yield piece
        return
    while size := int((await reader.readline()).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readline()


async def exchange(endpoint, path, body, on_line):
    """Sends one request; every line of the body goes to on_line(now, line). Returns the status."""
    body = json.dumps(body).encode()
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, limit=LINE_MAX)
    try:
        writer.write(endpoint.head(path, body) + body)
        await writer.drain()
        status = int((await reader.readline()).split()[1])
        chunked, rest = False, b""
        while header := (await reader.readline()).strip().lower():
            chunked = chunked or header.startswith(b"transfer-encoding:") and b"chunked" in header
        async for piece in pieces(reader, chunked):
            now = time.monotonic()
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                on_line(now, line)
        on_line(time.monotonic(), rest)
        return status
    finally:
        writer.close()


async def stream(endpoint, prompt, max_tokens):
    """One completion; times are seconds since it was sent."""
    start, seen = time.monotonic(), []
    result = {"ok": False, "error": None, "times": [], "tokens": 0, "prompt_tokens": None}
    body = {"model": endpoint.model, "prompt": prompt, "max_tokens": max_tokens, "temperature": 0,
            "stream": True, "stream_options": {"include_usage": True}}
    try:
        status = await exchange(endpoint, "/v1/completions", body,
                                lambda now, line: seen.append((now, line)))
    except asyncio.CancelledError:
        result["error"] = "not finished when the run was cut"
    except (OSError, ValueError, IndexError, asyncio.IncompleteReadError) as error:
        result["error"] = repr(error)
    else:
        if status != 200:
            result["error"] = f"status {status}: {b''.join(l for _, l in seen)[:200]!r}"
    result["end"] = time.monotonic() - start
    if not result["error"]:
        read_events(result, seen, start)
    return result


def read_events(result, seen, start):
    for now, line in seen:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if "error" in event:
            result["error"] = str(event["error"])[:200]
            return
        if any(c.get("text") for c in event.get("choices") or []):
            result["times"].append(now - start)
        usage = event.get("usage")
        if usage:
            result["tokens"] = usage["completion_tokens"]
            result["prompt_tokens"] = usage["prompt_tokens"]
    result["tokens"] = result["tokens"] or len(result["times"])
    result["ok"] = bool(result["times"])
    if not result["ok"]:
        result["error"] = "an answer without text"


async def calibrate(endpoint, rng):
    """How many words make a token here; also loads the model."""
    n = 200
    result = await asyncio.wait_for(stream(endpoint, words(rng, n), 1), 300)
    if result["prompt_tokens"]:
        endpoint.words_per_token = n / result["prompt_tokens"]
    elif result["error"] and "without text" not in result["error"]:
        raise SystemExit(f"{endpoint.name}: {result['error']}")


def plan(seed, rate, n, mix):
    """n requests at Poisson times: (seconds from start, prompt tokens, answer tokens, seed).

    The seeds differ from rate to rate, so no run meets prompts that an earlier one left in a cache."""
    rng = random.Random(f"{seed} {rate:.6f}")
    at, out = 0.0, []
    for _ in range(n):
        at += rng.expovariate(rate)
        out.append((at, rng.randint(*mix["prompt"]), rng.randint(*mix["answer"]), rng.getrandbits(32)))
    return out


async def run(endpoint, requests, mix, drain_s):
    """All requests at their times; what has not ended drain_s after the last is cut."""
    prefix = words(random.Random("prefix"), round(mix["prefix"] * endpoint.words_per_token))
    start = time.monotonic()
    tasks = []
    for at, prompt_tokens, answer_tokens, seed in requests:
        await asyncio.sleep(max(0.0, start + at - time.monotonic()))
        own = words(random.Random(seed), max(1, round(prompt_tokens * endpoint.words_per_token)))
        # Numbered, so that only the shared prefix is shared.
        prompt = f"{prefix} Note {seed}: {own}\nA story that uses all of these words:\n"
        tasks.append(asyncio.create_task(stream(endpoint, prompt, answer_tokens)))
    _, late = await asyncio.wait(tasks, timeout=drain_s)
    for task in late:
        task.cancel()
    return [await task for task in tasks], time.monotonic() - start
