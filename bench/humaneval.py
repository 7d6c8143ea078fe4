#!/usr/bin/env python3
"""HumanEval on two servers with the same model: how many pass on each, and which differ.

    bench/humaneval.py --data HumanEval.jsonl.gz --url http://127.0.0.1:8080 --model qwen2.5-coder-0.5b \\
        --peer http://127.0.0.1:8081 [--peer-model NAME] [--json OUT]

Each is asked /v1/completions for the same 164 prompts (greedy, at most 512 tokens, the stops of `tiro eval`), four at a
time, one server after the other; both kinds of answers are judged the same way. The programs are a model's: they run in a
network namespace of their own, with limits of time, memory and processes, as nobody, and in an empty folder; `tiro eval`
has better walls. Needs root, for that.
"""
import argparse
import concurrent.futures
import ctypes
import gzip
import json
import os
import resource
import subprocess
import tempfile
import urllib.request

STOPS = ["\nclass", "\ndef", "\n#", "\nif"]
TOKENS, AT_ONCE, SECONDS, MEMORY, NOBODY = 512, 4, 10, 1 << 30, 65534
CLONE_NEWNET, LIBC = 0x40000000, ctypes.CDLL(None, use_errno=True)


def complete(url, model, prompt):
    body = {"model": model, "prompt": prompt, "max_tokens": TOKENS, "temperature": 0, "stop": STOPS}
    request = urllib.request.Request(url.rstrip("/") + "/v1/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=1800) as answer:
        return json.load(answer)["choices"][0]["text"]


def confine():
    if LIBC.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network of its own")
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def passes(problem, text):
    program = f"{problem['prompt']}{text}\n{problem['test']}\ncheck({problem['entry_point']})\nprint('all of it')\n"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        try:
            run = subprocess.run(["/usr/bin/python3", "-I", "-c", program], cwd=folder, timeout=SECONDS * 2,
                                 preexec_fn=confine, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        except subprocess.TimeoutExpired:
            return False
    return run.returncode == 0 and run.stdout.endswith(b"all of it\n")


def sit(url, model, problems):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        texts = list(pool.map(lambda p: complete(url, model, p["prompt"]), problems))
    return texts, [passes(p, t) for p, t in zip(problems, texts)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--model", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--peer-model")
    parser.add_argument("--json")
    options = parser.parse_args()
    with gzip.open(options.data, "rt") as file:
        problems = [json.loads(line) for line in file]
    ours, our_marks = sit(options.url, options.model, problems)
    theirs, their_marks = sit(options.peer, options.peer_model or options.model, problems)
    found = {"problems": len(problems), "ours": sum(our_marks), "peer": sum(their_marks),
             "both": sum(a and b for a, b in zip(our_marks, their_marks)),
             "same text": sum(a == b for a, b in zip(ours, theirs)),
             "only ours": [p["task_id"] for p, a, b in zip(problems, our_marks, their_marks) if a and not b],
             "only peer": [p["task_id"] for p, a, b in zip(problems, our_marks, their_marks) if b and not a]}
    print(json.dumps(found, indent=2))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({**found, "texts": {"ours": ours, "peer": theirs}}, file, indent=1)


if __name__ == "__main__":
    main()
