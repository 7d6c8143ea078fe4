#!/usr/bin/env python3
"""Writes src/engine/tokenizer_unicode_ranges.c: what Hugging Face `tokenizers` takes each code point for.

Usage: make_unicode_ranges.py > src/engine/tokenizer_unicode_ranges.c && clang-format -i it

The library mixes four Unicode versions (its regex engine, Rust's char methods, and two crates with
older tables), so no single Unicode library answers as it does. Every table here is asked of the
library itself, one code point at a time. Needs: pip install tokenizers
"""
import sys

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def matching(regex):
    """Code points that `regex` matches: those that a removing split takes out."""
    split = pre_tokenizers.Split(Regex(regex), "removed")
    out = set()
    for i in range(0, len(POINTS), 4096):
        chunk = POINTS[i : i + 4096]
        kept = {c for part, _ in split.pre_tokenize_str("".join(map(chr, chunk))) for c in map(ord, part)}
        out.update(c for c in chunk if c not in kept)
    return out


def numeric():
    digits = pre_tokenizers.Digits(individual_digits=True)
    return {c for c in POINTS if len(digits.pre_tokenize_str("a" + chr(c))) == 2}


def bert_punctuation():
    bert = pre_tokenizers.BertPreTokenizer()
    return {c for c in POINTS if len(bert.pre_tokenize_str("a" + chr(c) + "b")) == 3}


def bert(**kind):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**(options | kind))


def bert_control():
    clean = bert(clean_text=True)
    return {c for c in POINTS if clean.normalize_str("a" + chr(c) + "b") == "ab"}


def bert_chinese():
    chinese = bert(handle_chinese_chars=True)
    return {c for c in POINTS if chinese.normalize_str(chr(c)) != chr(c)}


def bert_accents():
    strip = bert(strip_accents=True)
    return {c for c in POINTS if strip.normalize_str(chr(c)) == ""}


def lower():
    """Code points whose lower case is one other code point."""
    low = bert(lowercase=True)
    pairs = ((c, low.normalize_str(chr(c))) for c in POINTS)
    return [(c, ord(s)) for c, s in pairs if len(s) == 1 and ord(s) != c]


def reorders():
    """Code points that the library's canonical ordering moves: combining class above 0."""
    nfd = normalizers.NFD()
    out = set()
    for c in POINTS:
        s = chr(c)
        if nfd.normalize_str(s) != s:
            continue
        low, high = "\u0334", "\u0345"  # Classes 1 and 240.
        if nfd.normalize_str("a" + s + low) != "a" + s + low:
            out.add(c)
        elif nfd.normalize_str("a" + high + s) != "a" + high + s:
            out.add(c)
    return out


def ranges(points):
    out = []
    for c in sorted(points):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def table(name, points, why):
    rows = ranges(points)
    print(f"\n/* {why} */\nconst struct unicode_range {name}[] = {{")
    print("".join(f"{{ 0x{a:X}, 0x{b:X} }}, " for a, b in rows))
    print(f"}};\nconst size_t {name}_len = {len(rows)};")


def lower_runs():
    """Runs (from, to, step, delta) of pairs with one distance, alternate letters with step 2."""
    runs = []
    for c, l in lower():
        if runs:
            r = runs[-1]
            step = c - r[1]
            if r[3] == l - c and step <= 2 and (r[0] == r[1] or step == r[2]):
                r[1], r[2] = c, step
                continue
        runs.append([c, c, 1, l - c])
    return runs


def main():
    version = tokenizers.__version__
    print(f"/* Made by tools/make_unicode_ranges.py from Hugging Face tokenizers {version}. Do not edit. */")
    print('#include "engine/tokenizer_unicode.h"')
    table("unicode_letter", matching(r"\p{L}"), r"\p{L} of its regex engine.")
    table("unicode_number", matching(r"\p{N}"), r"\p{N} of its regex engine.")
    table("unicode_space", matching(r"\s"), r"\s of its regex engine, and char::is_whitespace.")
    table("unicode_numeric", numeric(), "What its Digits pre-tokeniser isolates.")
    table("unicode_bert_punct", bert_punctuation(), "What BertPreTokenizer isolates.")
    table("unicode_bert_control", bert_control(), "What BertNormalizer removes as control characters.")
    table("unicode_bert_chinese", bert_chinese(), "What BertNormalizer puts spaces around.")
    table("unicode_bert_accent", bert_accents(), "What BertNormalizer strips as accents.")
    table("unicode_reorders", reorders(), "Combining class above 0 in its normaliser's tables.")
    runs = lower_runs()
    print("\n/* Lower case: every step-th code point of from..to is moved by delta. */")
    print("const struct unicode_lower_run unicode_lower_runs[] = {")
    print("".join(f"{{ 0x{a:X}, 0x{b:X}, {s}, {d} }}, " for a, b, s, d in runs))
    print(f"}};\nconst size_t unicode_lower_runs_len = {len(runs)};")


if __name__ == "__main__":
    sys.exit(main())
