"""Real models against an independent forward pass (tools/verify_model.py).

A short slice by default; TIRO_VERIFY=full takes 4,096 tokens and minutes. The models are looked for
in $TIRO_MODELS; what is not there is skipped by name.
"""
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = pathlib.Path(os.environ.get("TIRO_MODELS", pathlib.Path.home() / ".cache/tiro/models"))
DUMP = pathlib.Path(os.environ.get("TIRO_BUILD", ROOT / "build")) / "tests" / "model_forward_dump"
FULL = os.environ.get("TIRO_VERIFY") == "full"


def verify(name, *options):
    model = MODELS / name
    if not model.exists():
        pytest.skip(f"{model} is not there; `tiro pull` brings it")
    command = [sys.executable, str(ROOT / "tools" / "verify_model.py"), "--dump", str(DUMP),
               "--model", str(model), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout[done.stdout.index("{"):done.stdout.rindex("}") + 1])


@pytest.mark.parametrize("name, tokens", [("smollm2-135m.gguf", 1024),
                                          ("qwen2.5-coder-0.5b.gguf", 512)])
def test_causal(name, tokens):
    # verify_model.py fails above 3e-3 (quantised) and 1e-6 (f32) mean KL divergence. The slice is as
    # short as the mean is steady: the first tokens of a window lose most.
    report = verify(name, *(() if FULL else ("--tokens", str(tokens), "--window", "256")))
    assert report["tokens"] >= (4000 if FULL else tokens - 24)
    assert report["f32"]["same_top"] >= 0.999
    assert report["auto"]["same_top"] >= 0.95


def test_windows():
    # Longer than the 512 tokens that gemma3's windowed layers see.
    options = ("--window", "1024") if FULL else ("--tokens", "640", "--window", "641")
    report = verify("gemma3-270m-base.gguf", *options)
    assert report["f32"]["same_top"] >= 0.999
    assert report["auto"]["same_top"] >= 0.95


def test_embedder():
    report = verify("all-minilm-l6-v2", "--texts", "128" if FULL else "16")
    assert report["f32"]["length_error_max"] < 1e-5
