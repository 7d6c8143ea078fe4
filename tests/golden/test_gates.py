"""The accuracy gates' arithmetic, and a run against programs that make up their logits (tools/gates.py)."""
import json
import math
import pathlib
import stat
import sys
import types

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import gates  # noqa: E402
from verify_model import log_softmax  # noqa: E402

WIDTH = 40


def test_compare():
    rng = np.random.default_rng(1)
    p = rng.normal(size=(37, 1000)).astype(np.float32)
    q = p + rng.normal(size=p.shape).astype(np.float32) * 0.2 + 3  # A shift changes no distribution.
    ids = rng.integers(0, 1000, 37)
    a, b = log_softmax(p), log_softmax(q)
    r = gates.compare(p, q, ids)
    assert np.allclose(r["kld"], (np.exp(a) * (a - b)).sum(-1), rtol=1e-3, atol=2e-6)
    assert r["same"] == (a.argmax(-1) == b.argmax(-1)).sum() and 0 < r["same"] < 37
    assert np.isclose(r["nll"], -b[np.arange(36), ids[1:]].sum(), rtol=1e-5) and r["n_nll"] == 36
    assert gates.compare(p, p, ids)["kld"] == [0.0] * 37


def row(kld, same, nll):
    return {"kld": [kld, kld], "same": same, "nll": nll, "n_nll": 1}


def test_gates():
    def verdict(tiro, peer):
        return gates.summarise([{"rows": 2, "reference": row(0, 2, 1), "tiro": tiro, "peer": peer}])["gates"]

    peer = row(1e-3, 1, 1.0)
    assert all(verdict(row(1.09e-3, 1, 1.0009), peer).values())
    assert all(verdict(row(0, 2, 0.9991), peer).values())
    assert verdict(row(1.11e-3, 0, 1.0011), peer) == {"kld": False, "perplexity": False, "same_top": False}
    assert not verdict(row(0, 2, 0.9989), peer)["perplexity"]  # Better than the peer is different, too.


FAKE = """#!{python}
import sys
import numpy as np
ids = list(map(int, sys.stdin.read().split()))
rng = np.random.default_rng(1)
noise = {noise} if "f32" not in sys.argv else 0
out = open(sys.argv[2], "wb")
for i in ids:
    clean, extra = np.random.default_rng(i).normal(size={width}), rng.normal(size={width})
    out.write((clean + noise * extra).astype("<f4").tobytes())
"""


def fake(path, noise):
    path.write_text(FAKE.format(python=sys.executable, noise=noise, width=WIDTH))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_run_goes_on(tmp_path):
    args = types.SimpleNamespace(window=5, threads=1, seconds=math.inf, dump=fake(tmp_path / "tiro", 0.01),
                                 peer=fake(tmp_path / "peer", 0.02), also=[("third", fake(tmp_path / "x", 0.04))])
    windows = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [2, 4, 6, 8, 10]]
    rows = tmp_path / "rows"
    with rows.open("a") as f:
        gates.measure("m", WIDTH, windows[:2], 0, args, f)
        gates.measure("m", WIDTH, windows, 2, args, f)
    lines = [json.loads(line) for line in rows.read_text().splitlines()]
    summary = gates.summarise(lines)
    engines = summary["engines"]
    assert summary["tokens"] == 15 and engines["reference"]["kld_max"] == 0
    assert 0 < engines["tiro"]["kld_mean"] < engines["peer"]["kld_mean"] < engines["third"]["kld_mean"]


def test_an_engine_that_ends(tmp_path):
    args = types.SimpleNamespace(window=2, threads=1, seconds=math.inf, dump="/bin/false",
                                 peer="/bin/false", also=[])
    with (tmp_path / "rows").open("a") as f:
        try:
            gates.measure("m", WIDTH, [[1, 2]], 0, args, f)
            assert False
        except SystemExit as e:
            assert "ended early" in str(e)
