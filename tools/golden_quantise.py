#!/usr/bin/env python3
"""Writes tests/golden/quantise/<TYPE>.bin from the `gguf` Python package (its own quantize).

Each file: u32 values, u32 bytes of blocks, the values as little-endian f32, then the blocks. The
values: ordinary weights, blocks of zeros, ties of the rounding, the largest value at both signs,
one large value among small ones, and magnitudes from the smallest f16 to the largest.
Run from the repository's root: tools/golden_quantise.py
"""
import pathlib
import struct
import sys

import gguf
import numpy as np

BLOCK = 32


def values():
    rng = np.random.default_rng(4)
    blocks = [rng.normal(0, 0.02, (64, BLOCK)), rng.uniform(-1, 1, (32, BLOCK)),
              rng.standard_t(2, (32, BLOCK)), np.zeros((1, BLOCK))]
    ties = (np.arange(BLOCK) - 16) / 2.0  # Every half, so Q4_0 and Q8_0 meet their ties.
    blocks += [ties[None], -ties[None], np.where(ties == -8, 63.5, ties)[None]]
    blocks += [np.r_[1.0, -1.0, np.zeros(30)][None], np.r_[-1.0, 1.0, np.zeros(30)][None]]
    blocks += [np.r_[np.full(31, 1e-3), -100.0][None], np.full((1, BLOCK), 0.3)]
    blocks += [rng.normal(0, 1, (1, BLOCK)) * 10.0 ** p for p in range(-9, 5)]
    return np.concatenate(blocks).astype("<f4")


def main():
    x = values()
    folder = pathlib.Path("tests/golden/quantise")
    folder.mkdir(exist_ok=True)
    for name in ("Q8_0", "Q4_0"):
        blocks = gguf.quants.quantize(x, gguf.GGMLQuantizationType[name])
        (folder / f"{name}.bin").write_bytes(
            struct.pack("<II", x.size, blocks.size) + x.tobytes() + blocks.tobytes())
        print(name, x.size, blocks.size)


if __name__ == "__main__":
    sys.exit(main())
