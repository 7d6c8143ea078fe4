#!/usr/bin/env python3
"""Makes tests/golden/embeddings/all-minilm-l6-v2.json: sentence-transformers' own embeddings of a few
texts, which tests/api compares with the server's.

usage: tools/golden_embeddings.py FOLDER-OF-all-minilm-l6-v2 > tests/golden/embeddings/all-minilm-l6-v2.json

Needs sentence-transformers (made with 6.2.0, torch 2.15.0, on a CPU).
"""
import base64
import json
import sys

import sentence_transformers
from sentence_transformers import SentenceTransformer, models

TEXTS = [
    "The cat sat on the mat.",
    "A dog slept by the door.",
    "hello",
    "HELLO",
    "¿Dónde está la biblioteca?",
    "日本語のテキストです。",
    "Привет, мир! 🦊",
    "def add(a, b):\n    return a + b",
    "a  b\tc\n\nd",
    "naïve café — “quoted” …",
    "x" * 300,
    "The quick brown fox jumps over the lazy dog. " * 20,
]


def main():
    encoder = models.Transformer(sys.argv[1], max_seq_length=512)
    pooling = models.Pooling(encoder.get_word_embedding_dimension(), pooling_mode="mean")
    model = SentenceTransformer(modules=[encoder, pooling, models.Normalize()], device="cpu")
    vectors = model.encode(TEXTS, convert_to_numpy=True).astype("<f4")
    json.dump(
        {
            "made_with": f"sentence-transformers {sentence_transformers.__version__}",
            "texts": TEXTS,
            "vectors": [base64.b64encode(v.tobytes()).decode() for v in vectors],
        },
        sys.stdout,
        indent=1,
    )
    print()


main()
