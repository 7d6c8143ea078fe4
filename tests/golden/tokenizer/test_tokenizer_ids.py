"""Token ids on more than 2 MB of mixed text each, against Hugging Face `tokenizers`, on real models.

Needs the models in $TIRO_MODELS and the built program; skips what is not there. The corpus and the
comparison are in tools/golden_tokenizer.py.
"""
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
golden = pytest.importorskip("golden_tokenizer", reason="pip install tokenizers gguf")

BUILD = pathlib.Path(os.environ.get("TIRO_BUILD", ROOT / "build"))
PROGRAM = BUILD / "tests" / "engine_test_tokenizer_golden"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
MODELS = pathlib.Path(os.environ.get("TIRO_MODELS", CACHE / "tiro" / "models"))


@pytest.mark.parametrize("name", ["smollm2-135m.gguf", "qwen2.5-coder-0.5b.gguf", "gemma3-270m-base.gguf",
                                  "all-minilm-l6-v2"])
def test_ids_are_identical(name):
    model = MODELS / name
    if not model.exists():
        pytest.skip(f"{model} is not there")
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not built")
    *differences, summary = golden.check(str(PROGRAM), str(model))
    assert not differences, "\n".join(differences[:20] + [summary])
    assert int(summary.split(": ")[1].split()[0]) >= 2_000_000
