#!/usr/bin/env python3
"""Makes tests/golden/exams/MODEL.json: what an independent evaluation gives the options of
tests/exams/{general,endings}.jsonl.

    python3 tools/golden_eval.py MODEL.gguf [N]      (needs numpy, gguf; minutes; N: of each exam the first)

The forward pass is that of verify_model.py, in numpy over the dequantised weights, and shares nothing with
src/; text is split as the models' own tokenizers do, for ASCII, which these exams are. Prompts are written here as lm-evaluation-harness writes them: the options'
letters behind "Answer:", or, of a question with "score": "text", their texts. For each question: the sum of
each option's log probabilities, over the tokens by which prompt and option together are longer than the
prompt alone.
"""
import json
import os
import re
import sys

import numpy as np

from verify_model import CausalReference, bpe, log_softmax

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMS = ("general", "endings")
# By "tokenizer.ggml.pre".
SPLITS = {
    "smollm": r"'(?:[stmd]|re|ve|ll)| ?[A-Za-z]+|\d| ?[^\sA-Za-z\d]+|\s+(?!\S)|\s+",
    "qwen2": r"'(?:[stmdSTMD]|re|ve|ll)|[^\r\nA-Za-z\d]?[A-Za-z]+|\d| ?[^\sA-Za-z\d]+[\r\n]*|\s*[\r\n]+|"
             r"\s+(?!\S)|\s+",
}


def tokenizer(g):
    vocab = {t: i for i, t in enumerate(g.value("tokenizer.ggml.tokens"))}
    ranks = {tuple(m.split(" ", 1)): i for i, m in enumerate(g.value("tokenizer.ggml.merges"))}
    split = re.compile(SPLITS[g.value("tokenizer.ggml.pre")])
    pieces = {}

    def piece(word):
        if word not in pieces:
            pieces[word] = bpe(word, vocab, ranks, re.compile(r"[\s\S]+"))
        return pieces[word]
    return lambda text: [i for word in split.findall(text) for i in piece(word)]


def prompt_and_options(q):
    letters = [chr(ord("A") + i) for i in range(len(q["options"]))]
    if q.get("score") == "text":
        return f"Question: {q['question']}\nAnswer:", [" " + o for o in q["options"]]
    lines = "\n".join(f"{a}. {o}" for a, o in zip(letters, q["options"]))
    return f"Question: {q['question']}\n{lines}\nAnswer:", [" " + a for a in letters]


def score(ref, tokenize, first, prompt, options):
    head = first + tokenize(prompt)
    rows = {}
    sums = []
    for option in options:
        ids = first + tokenize(prompt + option)
        assert ids[:len(head)] == head, "the border of prompt and option is one of tokens"
        if len(ids) == len(head) + 1 and "head" in rows:
            p = rows["head"]
        else:
            p = log_softmax(ref.logits(ids[:-1])[len(head) - 1:])
            rows["head"] = p
        sums.append(float(sum(p[i, t] for i, t in enumerate(ids[len(head):]))))
    return sums


def main():
    path = sys.argv[1]
    ref = CausalReference(path)
    tokenize = tokenizer(ref.g)
    first = [ref.g.value("tokenizer.ggml.bos_token_id")] if ref.g.value("tokenizer.ggml.add_bos_token") else []
    most = int(sys.argv[2]) if len(sys.argv) > 2 else None
    out = {}
    for exam in EXAMS:
        out[exam] = []
        with open(os.path.join(ROOT, "tests", "exams", exam + ".jsonl"), encoding="utf-8") as f:
            questions = f.read().splitlines()[:most]
        for line in questions:
            q = json.loads(line)
            out[exam].append([round(x, 5) for x in score(ref, tokenize, first, *prompt_and_options(q))])
            print(exam, len(out[exam]), np.argmax(out[exam][-1]), flush=True)
    folder = os.path.join(ROOT, "tests", "golden", "exams")
    os.makedirs(folder, exist_ok=True)
    name = os.path.basename(path).removesuffix(".gguf")
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as f:
        json.dump(out, f)
        f.write("\n")


if __name__ == "__main__":
    main()
