#!/usr/bin/env python3
"""Writes tests/golden/dequant/<TYPE>.bin from the `gguf` Python package (its own dequantize).

Each file: u32 bytes of blocks, u32 values, the blocks (random codes, finite scales), then the
values as little-endian f32. Run from the repository's root: tools/golden_dequant.py
"""
import struct
import sys

import gguf
import numpy as np

N_BLOCKS = {32: 16, 256: 3, 1: 128}
# Byte offsets of the f16 fields of a block.
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "F16": [0]}


def blocks_of(rng, name, kind):
    length, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (N_BLOCKS[length], size), dtype=np.uint8)
    for offset in HALVES.get(name, []):
        scale = rng.normal(0, 0.02, len(blocks)).astype("<f2")
        blocks[:, offset:offset + 2] = scale.view(np.uint8).reshape(-1, 2)
    if name == "BF16":
        blocks = rng.normal(0, 1, 128).astype("<f4").view(np.uint8).reshape(-1, 4)[:, 2:].copy()
    return blocks


def main():
    rng = np.random.default_rng(20)
    for name in list(HALVES) + ["BF16"]:
        kind = gguf.GGMLQuantizationType[name]
        blocks = blocks_of(rng, name, kind)
        flat = blocks.view("<f2") if name == "F16" else blocks
        values = gguf.quants.dequantize(flat, kind).astype("<f4").ravel()
        with open(f"tests/golden/dequant/{name}.bin", "wb") as out:
            out.write(struct.pack("<II", blocks.size, values.size))
            out.write(blocks.tobytes() + values.tobytes())
        print(name, blocks.size, values.size)


if __name__ == "__main__":
    sys.exit(main())
