#!/usr/bin/env python3
"""Compares Tiro's token ids with Hugging Face `tokenizers` on megabytes of mixed text.

    golden_tokenizer.py check PROGRAM MODEL...      live, on real models (GGUF files, HF folders)
    golden_tokenizer.py tiny > tests/golden/tokenizer/tiny.json

PROGRAM is the built engine_test_tokenizer_golden. The Hugging Face side is made from the model's own
vocabulary and merges with the pre-tokeniser that its family publishes; a folder brings its own
tokenizer.json. Needs: pip install tokenizers gguf
"""
import argparse
import json
import os
import random
import struct
import subprocess
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def byte_level(regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)


def split(regex):
    first = pre_tokenizers.Split(Regex(regex), "isolated", invert=False)
    return pre_tokenizers.Sequence([first, byte_level(False)])


FAMILIES = {
    "gpt2": lambda: byte_level(True),
    "smollm": lambda: pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]),
    "qwen2": lambda: split(QWEN2),
    "llama3": lambda: split(LLAMA3),
}
GGML_PRE = {"gpt-2": "gpt2", "smollm": "smollm", "qwen2": "qwen2", "llama-bpe": "llama3"}
GGML_NORMAL, GGML_CONTROL, GGML_USER_DEFINED, GGML_UNUSED = 1, 3, 4, 5


def build(family, vocab, merges, control, added):
    """A byte-level BPE tokenizer as the family publishes it."""
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=family == "llama3"))
    t.pre_tokenizer = FAMILIES[family]()
    t.decoder = decoders.ByteLevel()
    if family == "qwen2":
        t.normalizer = normalizers.NFC()
    t.add_special_tokens([AddedToken(x, special=True, normalized=False) for x in control])
    t.add_tokens([AddedToken(x, special=False, normalized=False) for x in added])
    return t


def cuts(scores, vocab):
    """Merges of a SentencePiece vocabulary as Gemma's converter makes them: each way to cut a token in
    two, by score of the token, then the longer left part."""
    merges = []
    for token, score in scores.items():
        local = [(token[:i], token[i:], score) for i in range(1, len(token)) if token[:i] in scores and token[i:] in scores]
        merges += sorted(local, key=lambda m: (vocab[m[0]], vocab[m[1]]))
    return [m[:2] for m in sorted(merges, key=lambda m: (m[2], len(m[0]), len(m[1])), reverse=True)]


def build_spm(vocab, merges, control, added):
    """As transformers' GemmaTokenizer puts it together."""
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, fuse_unk=True, unk_token="<unk>", byte_fallback=True))
    t.normalizer = normalizers.Replace(" ", "\u2581")
    t.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    t.add_special_tokens([AddedToken(x, special=True, normalized=False) for x in control])
    t.add_tokens([AddedToken(x, special=False, normalized=False) for x in added])
    return t


def from_gguf(path):
    from gguf import GGUFReader

    fields = GGUFReader(path).fields

    def strings(key):
        f = fields[key]
        return [bytes(f.parts[i]).decode() for i in f.data]

    tokens = strings("tokenizer.ggml.tokens")
    f = fields["tokenizer.ggml.token_type"]
    types = [int(f.parts[i][0]) for i in f.data]
    vocab = {text: i for i, text in enumerate(tokens) if types[i] != GGML_UNUSED}
    control = [x for x, kind in zip(tokens, types) if kind == GGML_CONTROL]
    added = [x for x, kind in zip(tokens, types) if kind == GGML_USER_DEFINED]
    if fields["tokenizer.ggml.model"].contents() == "llama":
        f = fields["tokenizer.ggml.scores"]
        scores = {x: float(f.parts[i][0]) for x, i, kind in zip(tokens, f.data, types) if kind == GGML_NORMAL}
        return build_spm(vocab, cuts(scores, vocab), control, added)
    family = GGML_PRE[fields["tokenizer.ggml.pre"].contents()]
    merges = strings("tokenizer.ggml.merges")
    return build(family, vocab, [tuple(m.split(" ")) for m in merges], control, added)


def reference(path):
    if os.path.isdir(path):
        t = Tokenizer.from_file(os.path.join(path, "tokenizer.json"))
        t.no_truncation()
        t.no_padding()
        return t
    return from_gguf(path)


# --- the texts: seeded, so that everyone has the same ---------------------------------------------

SENTENCES = [
    "All human beings are born free and equal in dignity and rights.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits, n'est-ce pas ?",
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.",
    "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.",
    "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "כָּל בְּנֵי הָאָדָם נוֹלְדוּ בְּנֵי חוֹרִין וְשָׁוִים.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।",
    "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।",
    "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்.",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.",
    "Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ։",
    "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።",
    "មនុស្សទាំងអស់កើតមកមានសេរីភាព និងសមភាព។",
    "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် မွေးဖွားလာသူများ ဖြစ်သည်။",
    "འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས་ཆེ་མཐོངས་དང༌།",
    "İSTANBUL'da ığdır ŞEKER; STRAẞE, Straße, ſtraſſe; ǅ Ǆ ǆ; ΑΣ ας; ﬁ ﬀ.",
]
BLOCKS = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x531, 0x58F),
    (0x591, 0x5F4), (0x600, 0x6FF), (0x900, 0x97F), (0x980, 0x9FE), (0xB80, 0xBFA), (0xE01, 0xE5B),
    (0xF00, 0xFDA), (0x1000, 0x109F), (0x10A0, 0x11FF), (0x1200, 0x137C), (0x1780, 0x17F9),
    (0x1E00, 0x1FFE), (0x2000, 0x206F), (0x2070, 0x218B), (0x2190, 0x2BFF), (0x3000, 0x30FF),
    (0x3130, 0x318E), (0x3400, 0x3500), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF),
    (0xFB00, 0xFE0F), (0xFF00, 0xFFEF), (0x10330, 0x1034A), (0x11900, 0x11960), (0x1D400, 0x1D7FF),
    (0x1E900, 0x1E95F), (0x1F000, 0x1FAFF), (0x20000, 0x20100), (0xE0000, 0xE007F),
]
SPACES = [chr(c) for c in (9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x2010),
                           0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF)]
EMOJI = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🇺🇳🇩🇪", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "❤️‍🔥", "1️⃣", "©️",
         "🧑🏿‍🚀", "🫠", "🪿", "#️⃣"]
DIGITS = "0123456789٠١٢٣४५६৭৮໑໒༣一二三ⅣⅫ½¾²³①⑳𝟘𝟙𞥐𑁦𐒠༳፩፪〇㊀𐄇"
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve", "'M", "'lL", "'D", "'ſ", "’s",
                "'K", "'", "''", "'s's", " 's", "'ss", "'r", "'l", "'v", "'ſt", "'ﬆ"]
MARKS = [chr(c) for c in (0x300, 0x301, 0x308, 0x316, 0x323, 0x327, 0x331, 0x338, 0x345, 0x34F, 0x5B0, 0x64B, 0x93C,
                          0x9BE, 0x9D7, 0xBBE, 0xDCA, 0x1161, 0x11A8, 0x1DC0, 0x20D0, 0x302A, 0x3099, 0x898, 0x1AC1,
                          0x1E4EC, 0x11930, 0x1D165, 0x1D16E)]


def scripts(r, size):
    out = []
    while size > 0:
        kind = r.random()
        if kind < 0.4:
            s = r.choice(SENTENCES)
        elif kind < 0.8:
            a, b = r.choice(BLOCKS)
            s = "".join(chr(r.randint(a, b)) for _ in range(r.randint(1, 30)))
        else:
            s = "".join(r.choice(SPACES) for _ in range(r.randint(1, 6)))
        out.append(s + r.choice(["", " ", "\n", "  ", ". ", ", "]))
        size -= len(out[-1].encode("utf-8", "replace"))
    return "".join(out)


def pieces(r, size):
    """Contractions, digits, emoji, marks, spaces and words in every neighbourhood."""
    words = ["don", "I", "we", "DON", "été", "Ελλ", "слово", "汉字", "a", "Z", "foo_bar", "x1", "_", "-", "...", "\x00",
             "\x07", "\x1b[0m", "\x7f", "\u200d", "\ufffd", "각", "ᄀ", "e", "ǖ", "Å", "가", "ﷺ", "\U00011935", "<", "|>",
             "[CLS]", "##ing", "[UNK]", "Ġ", "Ċ", "▁"]
    lists = [words, CONTRACTIONS, EMOJI, MARKS, SPACES, list(DIGITS), [" "], ["\n"]]
    out = []
    while size > 0:
        s = r.choice(r.choice(lists)) * r.choice([1, 1, 1, 1, 2, 3, 7])
        out.append(s)
        size -= len(s.encode())
    return "".join(out)


def code(size):
    root = os.path.dirname(os.__file__)
    out = []
    for name in sorted(os.listdir(root)):
        if name.endswith(".py") and size > 0:
            with open(os.path.join(root, name), "rb") as f:
                out.append(f.read()[:size])
            size -= len(out[-1])
    return b"".join(out)


def every_point(step):
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    return ["".join(chr(c) + ("a" if c % 3 else " ") for c in points[i : i + step]) for i in range(0, len(points), step)]


def random_points(r, n):
    def one():
        c = r.randrange(0x110000) if r.random() < 0.3 else r.randrange(0x3200)
        return chr(c) if not 0xD800 <= c < 0xE000 else " "

    return "".join(one() for _ in range(n))


RUN = 100_000
RUNS = [" ", "a", "\n", "0", "😀", "é", "-", "\t", "ab", " \n", "\r\n", "́", "́̈̂", "中", "'", "'s", " a", "٣",
        "=", "<|", "xyz ", "ก", "\u200d", "\x00", "한", "각"]


def ill_formed(r, n):
    out = []
    good = "aé中😀 \n".encode()
    for _ in range(n):
        kind = r.randrange(5)
        if kind == 0:
            b = r.randbytes(r.randint(0, 40))
        elif kind == 1:
            b = "日本語 text 😀😀".encode()[: r.randint(1, 30)]
        elif kind == 2:
            b = r.choice([b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80",
                          b"\xf0\x80\x80\x80", b"\xe0\x80\xaf"]) * r.randint(1, 3)
        elif kind == 3:
            b = bytearray(good * 3)
            b[r.randrange(len(b))] = r.randrange(256)
            b = bytes(b)
        else:
            b = good[r.randrange(len(good)) :] + b"<|im_start|>" + good[: r.randrange(len(good))]
        out.append(b)
    return out + [b"".join(out)]


def texts(specials, size=2_000_000):
    """A list of byte strings, each one text; a little over `size` bytes and the fixed parts."""
    r = random.Random(20240817)
    out = [b"", b" ", b"\n", b"a", b"\xf0\x9f"]
    for part in range(20):
        out.append(scripts(r, size // 40).encode())
        out.append(pieces(r, size // 80).encode())
    out += [random_points(r, 4000).encode() for _ in range(20)]
    out += [pieces(r, 60).encode() for _ in range(4000)]
    out.append(code(size // 4))
    out += [s.encode() for s in every_point(20_000)]
    out += [s.encode() * (RUN // len(s)) for s in RUNS]
    out += ill_formed(r, 2000)
    for _ in range(2000):
        out.append("".join(r.choice(specials) if r.random() < 0.5 else pieces(r, 8) for _ in range(6)).encode())
    return out


def ours(program, model, trust, corpus):
    """Ids and decoded text of each."""
    stdin = b"".join(struct.pack("<I", len(t)) + t for t in corpus)
    done = subprocess.run([program, "--ids", model, trust], input=stdin, stdout=subprocess.PIPE, check=True)
    out, at = [], 0
    for _ in corpus:
        (n,) = struct.unpack_from("<I", done.stdout, at)
        ids = struct.unpack_from(f"<{n}i", done.stdout, at + 4)
        at += 4 + 4 * n
        (n,) = struct.unpack_from("<I", done.stdout, at)
        out.append((list(ids), done.stdout[at + 4 : at + 4 + n].decode()))
        at += 4 + n
    assert at == len(done.stdout)
    return out


def lost_bytes(t):
    """Bytes that a byte-level vocabulary lacks: both sides leave them out."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in plain]
    spelled = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(rest)}
    return {b for b, c in spelled.items() if t.token_to_id(c) is None}


def first_difference(t, text, want, got):
    i = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    show = lambda ids: [(x, t.id_to_token(x)) for x in ids[max(0, i - 2) : i + 6]]
    context = text[:120] if len(text) < 120 else t.decode(want[max(0, i - 8) : i + 8], skip_special_tokens=False)
    return f"at id {i} of {len(want)}: Hugging Face {show(want)}, Tiro {show(got)}, near {context!r}"


def check(program, model, size=2_000_000):
    """Yields a line for each difference; the last line is the summary."""
    t = reference(model)
    specials = [x.content for x in t.get_added_tokens_decoder().values()]
    corpus = texts(specials, size)
    read = [b.decode("utf-8", "replace") for b in corpus]
    bert = isinstance(t.model, models.WordPiece)
    if bert:
        t.decoder = decoders.WordPiece(cleanup=False)
    spm = not bert and t.model.byte_fallback
    lost = set() if bert or spm else lost_bytes(t)
    wrong = n_ids = 0
    for trust in ("all", "none"):
        t.encode_special_tokens = trust == "none"
        want = [e.ids for e in t.encode_batch(read, add_special_tokens=False)]
        back = t.decode_batch(want, skip_special_tokens=False)
        got = ours(program, model, trust, corpus)
        for text, a, decoded, (b, c) in zip(read, want, back, got):
            n_ids += len(a)
            # Normalised again: a token's text may compose with what follows it.
            normal = t.normalizer.normalize_str if t.normalizer else str
            if spm:
                normal = lambda x: x.replace("\u2581", " ")
            if a != b:
                wrong += 1
                yield f"{model}, trust {trust}: " + first_difference(t, text, a, b)
            elif decoded != c:
                wrong += 1
                yield f"{model}, trust {trust}: decoded as {c[:80]!r}, Hugging Face {decoded[:80]!r}"
            elif not bert and normal(c) != normal(text) and not lost.intersection(text.encode()):
                wrong += 1
                yield f"{model}, trust {trust}: {text[:80]!r} came back as {c[:80]!r}"
    yield f"{model}: {sum(map(len, corpus))} bytes, {len(corpus)} texts, {n_ids} ids, {wrong} texts differ"


# --- the small golden file ------------------------------------------------------------------------


def tiny_tokenizers():
    """One tokenizer of each family over a vocabulary trained on the sentences above."""
    from tokenizers import trainers

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = FAMILIES["qwen2"]()
    t.train_from_iterator(SENTENCES + ["  \n\n    a = b + c  # 'll 're it's", "aaaa aaaaaaaa -- ====\n\t\t"], trainer)
    model = json.loads(t.to_str())["model"]
    vocab, merges = model["vocab"], [tuple(m) for m in model["merges"]]
    for x in special + ["<tool_call>"]:
        vocab[x] = len(vocab)
    for family in FAMILIES:
        yield family, build(family, vocab, merges, special, ["<tool_call>"])

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece(cleanup=False)
    trainer = trainers.WordPieceTrainer(vocab_size=420, special_tokens=special, show_progress=False)
    t.train_from_iterator(SENTENCES, trainer)
    yield "bert", t
    yield "spm", tiny_spm()


def tiny_spm():
    """A vocabulary whose order is its score, as SentencePiece's trainer leaves it."""
    from tokenizers import trainers

    control = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    added = ["\n", "\n\n", "\n\n\n", "\u2581\u2581", "\u2581\u2581\u2581", "\u2581\u2581\u2581\u2581", "<b>"]
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.Replace(" ", "\u2581")
    t.pre_tokenizer = pre_tokenizers.Split("\u2581", "merged_with_next")
    trainer = trainers.BpeTrainer(vocab_size=420, limit_alphabet=90, show_progress=False)
    t.train_from_iterator(SENTENCES[:8] + ["a == b  # 'll 're it's", "aaaa aaaaaaaa -- ===="], trainer)
    pieces = [x for x, _ in sorted(t.get_vocab().items(), key=lambda x: x[1]) if x not in added]
    pieces = [x for x in pieces if len(x) > 1] + [x for x in pieces if len(x) == 1]
    names = control + added + [f"<0x{b:02X}>" for b in range(256)] + pieces
    vocab = {x: i for i, x in enumerate(names)}
    scores = {x: 0.0 for x in added} | {x: -float(i) - 1 for i, x in enumerate(pieces)}
    return build_spm(vocab, cuts(scores, vocab), control, added)


def tiny_texts(specials):
    r = random.Random(7)
    out = [b"", b" ", b"a", "".join(SENTENCES[:3]).encode(), b"ab" * 60, b" " * 70, b"a" * 49, b"\n \n" * 40]
    out += [s.encode() for s in SENTENCES]
    out += ["".join(filter(str.isalpha, "".join(SENTENCES[i : i + 3]))).encode() for i in (0, 3)]
    out += [pieces(r, 30).encode() for _ in range(22)]
    out += ill_formed(r, 12)[:10]
    out += ["".join(r.choice(specials) if r.random() < 0.5 else pieces(r, 6) for _ in range(5)).encode() for _ in range(12)]
    return out


def tiny():
    """One line for each tokenizer and text: easy to diff."""
    print("[")
    for i, (family, t) in enumerate(tiny_tokenizers()):
        specials = [x.content for x in t.get_added_tokens_decoder().values()]
        print(("," if i else "") + f'{{"family": "{family}", "tokenizer":')
        print(json.dumps(json.loads(t.to_str()), separators=(",", ":")) + ', "cases": [')
        rows = []
        for text in tiny_texts(specials):
            row = {"text": text.hex()}
            for trust in ("all", "none"):
                t.encode_special_tokens = trust == "none"
                ids = t.encode(text.decode("utf-8", "replace"), add_special_tokens=False).ids
                if trust == "all" or ids != row["all"]:
                    row[trust] = ids
            row["decoded"] = t.decode(row["all"], skip_special_tokens=False).encode().hex()
            if row["decoded"] == row["text"]:
                del row["decoded"]
            rows.append(json.dumps(row, separators=(",", ":")))
        print(",\n".join(rows) + "\n]}")
    print("]")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="what", required=True)
    c = sub.add_parser("check")
    c.add_argument("program")
    c.add_argument("models", nargs="+")
    sub.add_parser("tiny")
    args = p.parse_args()
    if args.what == "tiny":
        return tiny()
    bad = False
    for model in args.models:
        lines = list(check(args.program, model))
        print("\n".join(lines[:20] + lines[-1:] if len(lines) > 20 else lines))
        bad |= len(lines) > 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
