"""LoRA adapters: chosen as the model's name, mixed in one batch, coming and going while it serves."""
import concurrent.futures
import json
import os
import pathlib

import numpy
import openai
import pytest
from conftest import CHAT
from safetensors.numpy import save_file
from test_library import eventually, models, tiro

RANK, LAYERS, WIDTH, KV = 8, 30, 576, 192  # Of smollm2-135m.


def write_adapter(server, name, seed, rank=RANK):
    """A folder that is there all at once, as a careful script would put it."""
    random = numpy.random.default_rng(seed)
    folder = pathlib.Path(server.data) / "models" / f"{CHAT}:{name}"
    hidden = folder.with_name(f".{seed}")
    hidden.mkdir()
    tensors = {}
    for layer in range(LAYERS):
        for module, rows in (("q_proj", WIDTH), ("v_proj", KV)):
            at = f"base_model.model.model.layers.{layer}.self_attn.{module}.lora_"
            tensors[at + "A.weight"] = random.normal(0, 0.12, (RANK, WIDTH)).astype("f4")
            tensors[at + "B.weight"] = random.normal(0, 0.12, (rows, RANK)).astype("f4")
    save_file(tensors, hidden / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": rank, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"]}
    (hidden / "adapter_config.json").write_text(json.dumps(config))
    os.rename(hidden, folder)
    return folder


@pytest.fixture(scope="module")
def mine(start):
    return start("--default-model", CHAT)


@pytest.fixture(scope="module")
def client(mine):
    with openai.OpenAI(base_url=mine.url + "/v1", api_key="unused", max_retries=0) as one:
        yield one


def complete(client, model):
    answer = client.completions.create(model=model, prompt="Once upon a time", max_tokens=12, temperature=0)
    assert answer.model == model
    return answer.choices[0].text


def test_adapters_come_answer_together_and_go(mine, client):
    plain = complete(client, CHAT)
    for seed, name in enumerate(("a", "b"), 1):
        write_adapter(mine, name, seed)
    names = [CHAT, f"{CHAT}:a", f"{CHAT}:b"]
    eventually(lambda: set(names) <= set(models(mine)))
    listed = models(mine)
    assert listed[f"{CHAT}:a"]["architecture"] == "llama" and not listed[f"{CHAT}:a"]["default"]
    assert "adapters" in listed[CHAT]["capabilities"]
    alone = [complete(client, name) for name in names]
    assert alone[0] == plain and len(set(alone)) == 3
    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        together = list(pool.map(lambda name: complete(client, name), names * 3))
    assert together == alone * 3
    answer = client.chat.completions.create(
        model=f"{CHAT}:b", messages=[{"role": "user", "content": "Hi"}], max_tokens=3)
    assert answer.model == f"{CHAT}:b"
    metrics = mine.request("GET", "/metrics")[2].decode()
    assert f'tiro_model_requests_total{{model="{CHAT}:a"}} 4\n' in metrics
    assert f'tiro_model_steps_total{{model="{CHAT}:a"}}' not in metrics
    assert tiro(mine, "rm", f"{CHAT}:b").returncode == 0
    eventually(lambda: f"{CHAT}:b" not in models(mine))
    assert complete(client, f"{CHAT}:a") == alone[1] and complete(client, CHAT) == plain


def test_prompts_are_not_shared_between_adapters(mine, client):
    write_adapter(mine, "c", 3)
    eventually(lambda: f"{CHAT}:c" in models(mine))
    prompt = "A long prompt that fills more than one block of keys and values, so that it could be shared. " * 3
    cached = []
    for model in (CHAT, f"{CHAT}:c", CHAT, f"{CHAT}:c"):
        answer = client.completions.create(model=model, prompt=prompt, max_tokens=1)
        cached.append(answer.usage.prompt_tokens_details.cached_tokens)
    assert cached[:2] == [0, 0] and cached[2] == cached[3] > 0


def test_unknown_and_unusable(mine, client):
    with pytest.raises(openai.NotFoundError) as error:
        complete(client, f"{CHAT}:nope")
    assert error.value.code == "model_not_found" and f"{CHAT}:nope" in str(error.value)
    write_adapter(mine, "broken", 4, rank=RANK + 1)
    eventually(lambda: models(mine).get(f"{CHAT}:broken", {}).get("state") == "failed")
    with pytest.raises(openai.InternalServerError) as error:
        complete(client, f"{CHAT}:broken")
    assert "lora_A.weight" in str(error.value) and str(mine.data) not in str(error.value)
    assert complete(client, CHAT)
    shown = tiro(mine, "show", f"{CHAT}:broken")
    assert shown.returncode == 0 and "adapter_config.json" in shown.stdout
    listed = json.loads(tiro(mine, "list", "--json").stdout)["models"]
    assert {m["name"]: m["adapter"] for m in listed}[f"{CHAT}:broken"]


def test_deleted_through_the_api(mine, client):
    folder = write_adapter(mine, "short-lived", 9)
    name = f"{CHAT}:short-lived"
    eventually(lambda: name in models(mine))
    assert complete(client, name)
    gone = client.models.delete(name)
    assert (gone.id, gone.object, gone.deleted) == (name, "model", True)
    assert not folder.exists() and name not in models(mine)
    with pytest.raises(openai.NotFoundError):
        client.models.delete(name)
    with pytest.raises(openai.PermissionDeniedError, match="tiro rm"):
        client.models.delete(CHAT)
    assert CHAT in models(mine) and (pathlib.Path(mine.data) / "models" / f"{CHAT}.gguf").exists()
