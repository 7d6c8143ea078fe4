"""Embeddings through the official client, against sentence-transformers' own."""
import base64
import json

import numpy
import openai
import pytest

import spec
from conftest import EMBED, ROOT

GOLDEN = json.loads((ROOT / "tests/golden/embeddings/all-minilm-l6-v2.json").read_text())


def embed(client, texts, **fields):
    answer = client.embeddings.create(model=EMBED, input=texts, **fields)
    assert [d.index for d in answer.data] == list(range(len(answer.data)))
    return numpy.array([d.embedding for d in answer.data], dtype="f8")


def cosine(a, b):
    return (a * b).sum(-1) / numpy.linalg.norm(a, axis=-1) / numpy.linalg.norm(b, axis=-1)


def test_matches_sentence_transformers(client):
    vectors = embed(client, GOLDEN["texts"])
    for text, vector, golden in zip(GOLDEN["texts"], vectors, GOLDEN["vectors"]):
        expected = numpy.frombuffer(base64.b64decode(golden), dtype="<f4").astype("f8")
        assert 1 - cosine(vector, expected) < 1e-4, text
        assert abs(numpy.linalg.norm(vector) - 1) < 1e-4


def test_base64_is_the_client_s_default_and_equals_floats(client, server):
    by_default = embed(client, ["one", "two"])
    by_float = embed(client, ["one", "two"], encoding_format="float")
    assert (by_default == by_float.astype("f4")).all()
    status, raw = server.post("/v1/embeddings", {"model": EMBED, "input": "one"})
    assert status == 200
    spec.check("CreateEmbeddingResponse", raw)
    assert set(raw) == {"object", "data", "model", "usage"} and len(raw["data"][0]["embedding"]) == 384
    status, raw = server.post(
        "/v1/embeddings", {"model": EMBED, "input": "one", "encoding_format": "base64"})
    decoded = numpy.frombuffer(base64.b64decode(raw["data"][0]["embedding"]), dtype="<f4")
    assert (decoded == by_default[0].astype("f4")).all()


def test_alone_or_together_is_the_same(client):
    texts = GOLDEN["texts"] * 4
    together = embed(client, texts)
    for i in (0, 5, len(texts) - 1):
        assert (embed(client, texts[i])[0] == together[i]).all()


def test_dimensions(client):
    whole = embed(client, "The cat sat on the mat.")[0]
    cut = embed(client, "The cat sat on the mat.", dimensions=64)[0]
    assert len(cut) == 64
    assert numpy.linalg.norm(cut) == pytest.approx(1, abs=1e-5)
    assert numpy.allclose(cut, whole[:64] / numpy.linalg.norm(whole[:64]), atol=1e-6)
    with pytest.raises(openai.BadRequestError) as error:
        embed(client, "x", dimensions=385)
    assert error.value.param == "dimensions"


def test_usage(client):
    one = client.embeddings.create(model=EMBED, input="hello")
    assert one.usage.prompt_tokens == 3 == one.usage.total_tokens  # [CLS] hello [SEP]
    two = client.embeddings.create(model=EMBED, input=["hello", "hello hello"])
    assert two.usage.prompt_tokens == 3 + 4


def test_tokens_as_input(client):
    words = embed(client, "hello")[0]
    ids = embed(client, [101, 7592, 102])[0]  # the same in BERT's vocabulary
    assert 1 - cosine(words, ids) < 1e-6
    assert embed(client, [[101, 7592, 102], [101, 102]]).shape == (2, 384)


def test_many(client):
    vectors = embed(client, [f"text number {i}" for i in range(200)])
    assert vectors.shape == (200, 384)
    alone = embed(client, "text number 150")[0]
    assert (vectors[150] == alone).all()


@pytest.mark.parametrize("bad, param", [
    ("", "input"), ([], "input"), (["a", ""], "input[1]"), (["x"] * 2049, "input"),
    ([30522], "input[0]"), (["a", 5], "input[1]"),
])
def test_refused(server, bad, param):
    status, raw = server.post("/v1/embeddings", {"model": EMBED, "input": bad})
    assert status == 400
    assert spec.check_error(raw)["param"] == param


def test_too_long(client):
    with pytest.raises(openai.BadRequestError) as error:
        embed(client, "word " * 2000)
    assert error.value.code == "context_length_exceeded" and error.value.param == "input"
