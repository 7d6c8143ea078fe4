#!/usr/bin/env python3
"""How good a book is that the server wrote, by count; and the same model asked without book mode.

    bench/book.py --url http://127.0.0.1:8080 --book book_... [--plain] [--chapters N] [--embed all-minilm-l6-v2] [--json OUT]

--plain has the same model write the same chapters in one conversation, as a person would without book
mode: the idea, the people and all outlines first, then "Write chapter 1, about N words", "Go on" while it
is short (as often as book mode may), and so on; what no longer fits its context is left out from the
front. Sampling is the server's default. Measured of both:

    repeated   share of 8-grams (of words, case ignored) that stood in the book before
    drift      names that are half one of the book's ("Emma Ives" for "Emily Ives"), in 10,000 words
    strangers  other full names (two capitals) that come only once, in 10,000 words
    pronouns   of the sentences with one person's name and "he" or "she": those that agree with what the
               book calls that person most often
    centre     chapters that name the person with whom their outline begins
    outline    chapters whose text is nearest to their own outline, of all the outlines (cosine of the
               embeddings' means; by chance 1 in as many as there are)
    facts      running facts whose name comes again in a later chapter (book mode only)
    length     words of a chapter by its budget: median, least, most
"""
import argparse
import collections
import json
import math
import re
import statistics
import urllib.error
import urllib.request

GRAM, PIECE_WORDS, GO_ON_MAX, SHORT = 8, 120, 8, 0.9
TITLES = {"Mr", "Mrs", "Ms", "Dr", "Miss", "Sir", "Lady", "Captain", "The", "But", "And", "When", "As", "In", "Then"}


class Api:
    def __init__(self, url):
        self.url = url.rstrip("/") + "/v1"

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode() if body else None,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=3600) as answer:
            return json.load(answer)


def words(text):
    return re.findall(r"[\w']+", text.replace("\u2019", "'").lower())


def repeated(text):
    seen, hits, all_words = set(), 0, words(text)
    grams = list(zip(*(all_words[i:] for i in range(GRAM))))
    for gram in grams:
        hits += gram in seen
        seen.add(gram)
    return hits / len(grams) if grams else 0


def people_of(book):
    names = [re.split(r"[:,(]| - ", line.lstrip("-* "))[0].strip() for line in book["people"].splitlines()]
    return [n for n in names if 0 < len(n.split()) <= 4]


def full_names(text):
    return [m for m in re.findall(r"\b([A-Z][a-z]+) ([A-Z][a-z]+)\b", text) if m[0] not in TITLES]


def drifted(name, people):
    first, last = name
    if f"{first} {last}" in people:
        return False
    return any(first == p.split()[0] or (last == p.split()[-1] and first[0] == p[0])
               for p in people if len(p.split()) > 1)


def pronouns(text, people):
    by = collections.defaultdict(collections.Counter)
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        named = [p for p in people if p in sentence or p.split()[0] in words_of_case(sentence)]
        said = {w for w in words(sentence) if w in ("he", "she")}
        if len(named) == 1 and len(said) == 1:
            by[named[0]][said.pop()] += 1
    most, all_ = sum(max(c.values()) for c in by.values()), sum(sum(c.values()) for c in by.values())
    return {"agree": round(most / all_, 3) if all_ else None, "sentences": all_}


def words_of_case(text):
    return set(re.findall(r"[A-Za-z]+", text))


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def mean_embedding(api, model, text):
    parts = text.split()
    pieces = [" ".join(parts[i:i + PIECE_WORDS]) for i in range(0, len(parts), PIECE_WORDS)] or ["-"]
    rows = [r["embedding"] for r in api.ask("/embeddings", {"model": model, "input": pieces})["data"]]
    return [statistics.fmean(column) for column in zip(*rows)]


def measure(api, embed, book, texts, facts=()):
    """texts: chapter by chapter, as in book["chapters"]."""
    people, all_text = people_of(book), "\n\n".join(texts)
    n_words = len(words(all_text))
    chapters = book["chapters"][:len(texts)]
    names = collections.Counter(full_names(all_text))
    drift = sum(n for name, n in names.items() if drifted(name, people))
    strangers = sum(1 for name, n in names.items() if n == 1 and " ".join(name) not in people
                    and not drifted(name, people))
    centre = [(p, t) for c, t in zip(chapters, texts) for p in people if c["outline"].startswith(p)]
    outlines = [mean_embedding(api, embed, f"{c['title']}. {c['outline']}") for c in chapters]
    near = 0
    for i, text in enumerate(texts):
        at = mean_embedding(api, embed, text)
        near += max(range(len(outlines)), key=lambda k: cosine(at, outlines[k])) == i
    ratio = [len(words(t)) / c["words_wanted"] for c, t in zip(chapters, texts)]
    per = 10_000 / max(n_words, 1)
    found = {"words": n_words, "chapters": len(texts), "repeated": round(repeated(all_text), 4),
             "drift": round(drift * per, 1), "strangers": round(strangers * per, 1),
             "pronouns": pronouns(all_text, people),
             "centre": f"{sum(p in t or p.split()[0] in t for p, t in centre)} of {len(centre)}",
             "outline": f"{near} of {len(texts)}",
             "length": [round(f(ratio), 2) for f in (statistics.median, min, max)]}
    if facts:
        used = [f for f in facts if any(f["name"] in t for t in texts)]
        found["facts"] = {"stated": len(facts), "name in the text": len(used)}
    return found


def write_plain(api, book, embed):
    chapters = book["chapters"]
    outline = "\n".join(f"{c['number']}. {c['title']}: {c['outline']}" for c in chapters)
    head = {"role": "user", "content":
            f"Let us write a book together. The idea: {book['idea']}\nTitle: {book['title']}\nIts people:\n"
            f"{book['people']}\nIts chapters:\n{outline}\n"}
    said, texts = [], []

    def say(text, budget):
        said.append({"role": "user", "content": text})
        while True:
            first = {"role": "user", "content": head["content"] + said[0]["content"]} if said[0]["role"] == "user" else head
            try:
                answer = api.ask("/chat/completions", {
                    "model": book["model"], "messages": [first] + said[1:], "seed": len(texts) + 1,
                    "max_completion_tokens": budget * 2 + 60})
                break
            except urllib.error.HTTPError as error:
                if b"context" not in error.read() or len(said) < 3:
                    raise
                del said[:2]  # A question and its answer.
        content = answer["choices"][0]["message"]["content"]
        said.append({"role": "assistant", "content": content})
        return content

    for c in chapters:
        text = say(f"Write chapter {c['number']}, about {c['words_wanted']} words.", c["words_wanted"])
        for _ in range(GO_ON_MAX):
            if len(words(text)) >= c["words_wanted"] * SHORT:
                break
            text += "\n\n" + say("Go on.", c["words_wanted"] - len(words(text)))
        texts.append(text)
        print(f"plain: chapter {c['number']} of {len(chapters)}, {len(words(text))} words", flush=True)
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--book", required=True)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--chapters", type=int, help="only the first so many, of the book as of --plain")
    parser.add_argument("--embed", default="all-minilm-l6-v2")
    parser.add_argument("--json")
    options = parser.parse_args()
    api = Api(options.url)
    book = api.ask(f"/tiro/books/{options.book}")
    texts, ready = [], []
    for c in book["chapters"][:options.chapters]:
        scenes = api.ask(f"/tiro/books/{options.book}/chapters/{c['id']}")["scenes"]
        if not all(s["text"] for s in scenes):
            break
        texts.append("\n\n".join(s["text"] for s in scenes))
        ready.append({**c, "words_wanted": sum(s["words_wanted"] for s in scenes)})
    book["chapters"] = ready
    found = {"model": book["model"], "progress": book["progress"],
             "book mode": measure(api, options.embed, book, texts, book["facts"])}
    if options.plain:
        plain = write_plain(api, book, options.embed)
        found["plain"] = measure(api, options.embed, book, plain)
        found["plain texts"] = plain
    print(json.dumps({k: v for k, v in found.items() if k != "plain texts"}, indent=2))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
