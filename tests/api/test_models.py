"""Models and the published document."""
import json

import openai
import openapi_spec_validator
import pytest

import spec
from conftest import CHAT, CODE, EMBED


def test_list(client, server):
    models = {m.id: m for m in client.models.list()}
    assert set(models) == {CHAT, CODE, EMBED}
    assert models[CHAT].object == "model" and models[CHAT].owned_by and models[CHAT].created > 0
    status, _, raw = server.request("GET", "/v1/models")
    assert status == 200
    spec.check("ListModelsResponse", json.loads(raw))


def test_capabilities(client):
    chat = client.models.retrieve(CHAT)
    # Asked once, its worker has said what it can do.
    client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": "Hi"}], max_tokens=1)
    client.embeddings.create(model=EMBED, input="x")
    client.completions.create(model=CODE, prompt="x", max_tokens=1)
    chat, code, embed = (client.models.retrieve(m).tiro for m in (CHAT, CODE, EMBED))
    assert {"chat", "completion"} <= set(chat["capabilities"])
    assert "embeddings" not in chat["capabilities"] and "fill_in_the_middle" not in chat["capabilities"]
    assert "fill_in_the_middle" in code["capabilities"]
    assert embed["capabilities"] == ["embeddings"] and embed["embedding_length"] == 384
    assert chat["default"] and not code["default"]
    assert chat["context_length"] == 8192 and chat["architecture"] == "llama"


def test_unknown(client):
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("gpt-4o")
    assert error.value.code == "model_not_found"
    assert "The model `gpt-4o` does not exist" in str(error.value)


def test_document(server):
    status, headers, raw = server.request("GET", "/openapi.json")
    assert status == 200 and headers["content-type"].startswith("application/json")
    document = json.loads(raw)
    openapi_spec_validator.validate(document)
    assert {"/v1/models", "/v1/models/{model}", "/v1/chat/completions", "/v1/completions",
            "/v1/embeddings"} <= set(document["paths"])
    chat = document["components"]["schemas"]["ChatCompletionRequest"]["properties"]
    assert chat["top_k"]["x-tiro-extension"] and "x-tiro-extension" not in chat["top_p"]
    assert chat["temperature"]["anyOf"][0] == {"type": "number", "minimum": 0, "maximum": 2}
