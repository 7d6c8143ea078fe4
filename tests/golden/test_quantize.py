"""`tiro quantize` against the gguf package: every tensor bit for bit, all metadata, on a tiny model.

TIRO_QUANTIZE=MODEL.gguf takes a real one instead (minutes)."""
import json
import os
import pathlib
import subprocess

import pytest

gguf = pytest.importorskip("gguf")
np = pytest.importorskip("numpy")

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIRO = pathlib.Path(os.environ.get("TIRO_BUILD", ROOT / "build")) / "tiro"
MODEL = pathlib.Path(os.environ.get("TIRO_QUANTIZE", ROOT / "tests/golden/llama/gqa.gguf"))
ADDED = {"general.file_type", "general.quantization_version"}


def quantize(*args):
    return subprocess.run([str(TIRO), "quantize", *map(str, args)], capture_output=True, text=True,
                          check=False)


@pytest.mark.parametrize("name, file_type", [("Q8_0", 7), ("Q4_0", 2)])
def test_bits(tmp_path, name, file_type):
    out = tmp_path / "out.gguf"
    done = quantize(MODEL, out, "--type", name, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bytes_out"] == out.stat().st_size
    before, after = gguf.GGUFReader(MODEL), gguf.GGUFReader(out)
    assert [t.name for t in before.tensors] == [t.name for t in after.tensors]
    converted = 0
    for a, b in zip(before.tensors, after.tensors):
        assert list(a.shape) == list(b.shape)
        want = a.data
        if a.tensor_type != b.tensor_type:
            converted += 1
            assert b.tensor_type.name == ("Q8_0" if a.name == "output.weight" else name)
            want = gguf.quants.quantize(gguf.quants.dequantize(a.data, a.tensor_type), b.tensor_type)
        assert np.array_equal(want, b.data), a.name
    assert converted == json.loads(done.stdout)["tensors_converted"] > 0
    fields = {k: f.contents() for k, f in after.fields.items() if not k.startswith("GGUF.")}
    assert fields["general.file_type"] == file_type
    assert fields["general.quantization_version"] == 2
    for key, field in before.fields.items():
        if not key.startswith("GGUF.") and key not in ADDED:
            assert fields.pop(key) == field.contents(), key
    assert set(fields) - ADDED == set()


def test_refusals(tmp_path):
    out = tmp_path / "out.gguf"
    out.write_text("mine")
    copy = tmp_path / "in.gguf"
    copy.write_bytes(MODEL.read_bytes()[:64])  # Too short: nothing may come of it.
    beside = tmp_path / "new.gguf.part"
    beside.write_bytes((ROOT / "tests/golden/llama/gqa.gguf").read_bytes())
    cases = [((MODEL, out, "--type", "Q8_0"), "--force"),
             ((MODEL, out), "--type Q8_0"),
             ((MODEL, tmp_path / "x", "--type", "Q5_K"), "Q8_0 or Q4_0"),
             ((MODEL, tmp_path / "x", "--type", "Q8_0", "--output-type", "F32"), "keep"),
             ((out, out, "--type", "Q8_0", "--force"), "same file"),
             ((beside, tmp_path / "new.gguf", "--type", "Q8_0"), "on the way"),
             ((MODEL, tmp_path, "--type", "Q8_0", "--force"), "folder"),
             ((MODEL, "/dev/null", "--type", "Q8_0", "--force"), "regular"),
             ((MODEL, tmp_path / "no" / "x", "--type", "Q8_0"), "No such"),
             ((copy, tmp_path / "x", "--type", "Q8_0"), "in.gguf"),
             ((ROOT / "tests/golden/llama/gqa", tmp_path / "x", "--type", "Q8_0"), "safetensors")]
    for args, said in cases:
        done = quantize(*args)
        assert done.returncode == 1, args
        assert said in done.stderr, (args, done.stderr)
    assert out.read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.gguf", "new.gguf.part", "out.gguf"]
    assert quantize(MODEL, out, "--type", "Q8_0", "--force").returncode == 0
    assert gguf.GGUFReader(out).tensors
