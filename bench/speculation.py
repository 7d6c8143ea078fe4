#!/usr/bin/env python3
"""Speculation on and off, interleaved: code edits that repeat what they are given, and fresh text.

    bench/speculation.py build/tiro qwen2.5-coder-0.5b.gguf [--pairs 5]
    bench/speculation.py build/tiro qwen2.5-coder-1.5b.gguf --draft qwen2.5-coder-0.5b.gguf

Two servers stand side by side, one with speculation and one without; each prompt goes to one and
then to the other, and both answers must be the same. With --against lookup the second one drafts
by lookup alone, so that the draft model's own part shows. Edits are greedy; fresh text is sampled at
temperature 1, because a small model's greedy text goes round in circles. The first round warms the
prefix caches, so that the times are of decoding. Prints medians as JSON.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "api"))
import server as tiro  # noqa: E402

FUNCTION = '''def merge_intervals(intervals):
    """Merges overlapping intervals and returns them in order."""
    if not intervals:
        return []
    ordered = sorted(intervals, key=lambda pair: pair[0])
    merged = [list(ordered[0])]
    for start, end in ordered[1:]:
        last = merged[-1]
        if start <= last[1]:
            last[1] = max(last[1], end)
        else:
            merged.append([start, end])
    return [tuple(pair) for pair in merged]
'''
EDITS = [
    "with `merged` renamed to `result`",
    "with type annotations",
    "with a check that raises ValueError when start is greater than end",
    "sorted in descending order",
    "with a doctest in the docstring",
]
FRESH = [
    "The history of lighthouses begins",
    "A letter to a friend about a long walk in the mountains:\n\nDear",
    "# A command line program that reports the weather\nimport",
    "Once upon a time in a town by the sea there lived",
    "The difference between a comet and an asteroid is",
]


def prompts():
    for edit in EDITS:
        text = f"The original:\n```python\n{FUNCTION}```\nThe same function {edit}:\n```python\n"
        yield "edit", text, {"temperature": 0, "stop": ["```"]}
    for text in FRESH:
        yield "fresh", text, {"temperature": 1, "seed": 7}


def ask(server, model, text, tokens, options):
    body = {"model": model, "prompt": text, "max_tokens": tokens, **options}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/v1/completions",
                                     json.dumps(body).encode(), {"Content-Type": "application/json"})
    begin = time.monotonic()
    with urllib.request.urlopen(request, timeout=600) as answer:
        answer = json.load(answer)
    took = time.monotonic() - begin
    return took, answer["usage"]["completion_tokens"], answer["choices"][0]["text"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--draft", type=pathlib.Path, help="a smaller model that drafts")
    parser.add_argument("--against", choices=("off", "lookup"), default="off")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=200, help="most tokens of an answer")
    parser.add_argument("--kinds", default="edit,fresh", help="which prompts")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # The servers end with it.
    tiro.PROGRAM = options.program
    servers = {}
    rates = {}
    with tempfile.TemporaryDirectory() as home:
        for mode in (options.against, "auto"):
            data = pathlib.Path(home) / mode
            (data / "models").mkdir(parents=True)
            os.symlink(options.model.resolve(), data / "models" / options.model.name)
            env = {"TIRO_SPECULATION": mode, "TIRO_FIRST_RUN": "no",
                   "TIRO_DEFAULT_MODEL": options.model.stem}
            if options.draft:
                os.symlink(options.draft.resolve(), data / "models" / options.draft.name)
                env["TIRO_DRAFT_MODELS"] = f"{options.model.stem}={options.draft.stem}"
            servers[mode] = tiro.Server(data, env=env)
        try:
            name, off = options.model.stem, options.against
            for pair in range(options.pairs + 1):
                for number, (kind, text, how) in enumerate(prompts()):
                    if kind not in options.kinds.split(","):
                        continue
                    order = (off, "auto") if (pair + number) % 2 else ("auto", off)
                    got = {mode: ask(servers[mode], name, text, options.tokens, how) for mode in order}
                    assert got[off][1:] == got["auto"][1:], "the answers differ"
                    if pair == 0:
                        continue  # Warms the caches.
                    for mode in order:
                        took, tokens, _ = got[mode]
                        row = rates.setdefault((kind, number), {})
                        row.setdefault(mode, []).append(tokens / took)
            servers["auto"].request("GET", "/metrics")  # Asks the worker for what the next one says.
            time.sleep(1)
            metrics = servers["auto"].request("GET", "/metrics")[2].decode()
        finally:
            for server in servers.values():
                server.process.terminate()
                server.process.wait()
    result = {"counters": [x for x in metrics.splitlines() if x.startswith("tiro_model_") and
                           ("drafted" in x or "accepted" in x)]}
    for kind in ("edit", "fresh"):
        rows = [v for (k, _), v in sorted(rates.items()) if k == kind]
        if not rows:
            continue
        off = [statistics.median(r[options.against]) for r in rows]
        auto = [statistics.median(r["auto"]) for r in rows]
        result[kind] = {
            f"tokens_per_s_{options.against}": [round(x, 1) for x in off],
            "tokens_per_s_auto": [round(x, 1) for x in auto],
            "ratios": [round(a / o, 2) for a, o in zip(auto, off)],
            "ratio_median": round(statistics.median(a / o for a, o in zip(auto, off)), 2),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
