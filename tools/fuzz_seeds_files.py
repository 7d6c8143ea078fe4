#!/usr/bin/env python3
"""Writes the seeds of the gguf, safetensors, zip and packed_file fuzzers: tests/fuzz/corpus/*.

Small valid files by Python's standard library alone; run again after a change and commit the result.
"""
import io
import pathlib
import struct
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent / "tests/fuzz/corpus"
U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
PACK = {U8: "<B", I8: "<b", U16: "<H", I16: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<?",
        U64: "<Q", I64: "<q", F64: "<d"}
MULTIPLIER = 0x9E3779B97F4A7C15


def text(s):
    raw = s.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(kind, v):
    if kind == STRING:
        return text(v)
    if kind == ARRAY:
        item, items = v
        return struct.pack("<IQ", item, len(items)) + b"".join(value(item, i) for i in items)
    return struct.pack(PACK[kind], v)


def gguf(version, values, tensors, data, alignment=32):
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(values))
    for key, kind, v in values:
        out += text(key) + struct.pack("<I", kind) + value(kind, v)
    for name, dims, dtype, offset in tensors:
        out += text(name) + struct.pack("<I", len(dims))
        out += b"".join(struct.pack("<Q", d) for d in dims) + struct.pack("<IQ", dtype, offset)
    return out + bytes(-len(out) % alignment) + data


def mixed(x):
    for shift in (32, 29):
        x = (x ^ x >> shift) * MULTIPLIER % 2**64
    return x ^ x >> 32


def checksum64(seed, data):
    """As src/base/checksum.c."""
    lanes = [mixed((seed + i) % 2**64) for i in range(8)]
    padded = data + bytes(-len(data) % 64)
    for at in range(0, len(padded), 64):
        for i, word in enumerate(struct.unpack("<8Q", padded[at:at + 64])):
            turned = (lanes[i] << 29 | lanes[i] >> 35) % 2**64
            lanes[i] = (turned ^ word) * MULTIPLIER % 2**64
    total = seed ^ len(data)
    for lane in lanes:
        total = mixed(total ^ lane)
    return total


def packed(tensors, data):
    """As src/models/packed_file.h says; at most one piece of data."""
    table = b"".join(text(name) + struct.pack("<IQQQQ", *numbers) for name, *numbers in tensors)
    data_at = (72 + len(table) + 63) // 64 * 64
    head = b"TIROPACK" + struct.pack("<IIQQQ", 1, 1, 1000, 2000, 3000)
    head += struct.pack("<QQQ", len(tensors), data_at, len(data)) + table
    sums = struct.pack("<Q", checksum64(0, data)) if data else b""
    head += struct.pack("<Q", checksum64(0, head))
    return (head + bytes(data_at - len(head)) + data + sums +
            struct.pack("<Q", checksum64(0, sums)))


def write(folder, name, data):
    path = ROOT / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main():
    every = [("general.architecture", STRING, "llama"), ("a", U8, 1), ("b", I8, -1), ("c", U16, 2),
             ("d", I16, -2), ("e", U32, 3), ("f", I32, -3), ("g", F32, 0.5), ("h", BOOL, True),
             ("i", U64, 4), ("j", I64, -4), ("k", F64, 2.5),
             ("tokenizer.ggml.tokens", ARRAY, (STRING, ["a", "", "ccc"])),
             ("tokenizer.ggml.scores", ARRAY, (F32, [1.0, -2.0])),
             ("tokenizer.ggml.token_type", ARRAY, (I32, [1, 3])),
             ("tokenizer.chat_template", STRING, "{{ x }}")]
    write("gguf", "empty", gguf(3, [], [], b""))
    write("gguf", "v2", gguf(2, every[:3], [], b""))
    write("gguf", "values", gguf(3, every, [], b""))
    write("gguf", "tensors", gguf(3, every[:1], [("w", [8], 0, 0), ("q", [32, 2], 2, 32),
                                                  ("ids", [4], 26, 96)], bytes(112)))
    write("gguf", "k_quants", gguf(3, [("general.alignment", U32, 8)],
                                   [("a", [256], 12, 0), ("b", [256], 14, 144)], bytes(354), 8))
    write("gguf", "split", gguf(3, [("split.count", U16, 2), ("split.no", U16, 1)], [], b""))

    # The fuzzer puts the length in front and 64 bytes of data behind.
    write("safetensors", "small", b'{"__metadata__":{"format":"pt"},'
          b'"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},'
          b'"b":{"dtype":"F16","shape":[4],"data_offsets":[24,32]},'
          b'"c":{"dtype":"I64","shape":[1,4],"data_offsets":[32,64]}}')
    write("safetensors", "scalar", b'{"s":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},'
          b'"r":{"dtype":"U8","shape":[62],"data_offsets":[2,64]}}')
    write("safetensors", "empty", b"{}")

    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as z:
            for entry, data in (("x/a", b"first"), ("m", b"the one " * 20)):
                info = zipfile.ZipInfo(entry, (2020, 1, 1, 0, 0, 0))
                info.compress_type = method
                z.writestr(info, data)
        write("zip", name, out.getvalue())

    write("packed_file", "empty", packed([], b""))
    write("packed_file", "two", packed([("a", 0, 16, 1, 0, 64), ("blk.0.b", 8, 16, 32, 64, 544)],
                                       bytes(i % 251 for i in range(608))))


if __name__ == "__main__":
    main()
