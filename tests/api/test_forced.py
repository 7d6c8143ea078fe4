"""The smallest model, at temperature 1, is held to schemas of many shapes: all that ends by itself validates.

A slice of what `make soak` does by the thousand.
"""
import collections
import concurrent.futures
import json

import jsonschema
import pytest

import schemas
from conftest import CHAT

TOKENS_MAX = 400
AT_ONCE = 8
ANSWERS, SLICE = 1000, 20
QUESTION = [{"role": "user", "content": "Fill it in."}]


def ask(client, seed, **fields):
    answer = client.chat.completions.create(
        model=CHAT, messages=QUESTION, temperature=1, seed=seed, max_tokens=TOKENS_MAX, timeout=300, **fields)
    return answer.choices[0]


def forced_call(client, seed):
    """(finish_reason, text of the arguments)"""
    function = {"name": "fill_in", "strict": True, "parameters": schemas.schema(seed)}
    choice = ask(client, seed, tools=[{"type": "function", "function": function}],
                 tool_choice={"type": "function", "function": {"name": "fill_in"}})
    calls = choice.message.tool_calls or []
    assert len(calls) == 1 or choice.finish_reason == "length", choice
    assert all(call.function.name == "fill_in" for call in calls)
    return choice.finish_reason, calls[0].function.arguments if calls else ""


def strict_object(client, seed):
    form = {"name": "fill_in", "strict": True, "schema": schemas.schema(seed)}
    choice = ask(client, seed, response_format={"type": "json_schema", "json_schema": form})
    return choice.finish_reason, choice.message.content


def verdict(what, client, seed):
    """"valid" or "cut"; anything else is an error."""
    reason, text = what(client, seed)
    if reason == "length":
        return "cut"
    assert reason in ("stop", "tool_calls"), reason
    validator = jsonschema.Draft202012Validator
    validator(schemas.schema(seed), format_checker=validator.FORMAT_CHECKER).validate(json.loads(text))
    return "valid"


def count(what, client, n):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return collections.Counter(pool.map(lambda seed: verdict(what, client, seed), range(n)))


@pytest.mark.parametrize("what", [forced_call, strict_object])
def test_slice(client, what):
    found = count(what, client, SLICE)
    assert found["valid"] >= SLICE * 3 // 4, f"too many are cut to show anything: {found}"


@pytest.mark.soak
@pytest.mark.parametrize("what", [forced_call, strict_object])
def test_a_thousand(client, what):
    found = count(what, client, ANSWERS)
    print(f"{what.__name__}: of {ANSWERS}, {found['valid']} valid, {found['cut']} cut at {TOKENS_MAX} tokens")
    assert found["valid"] + found["cut"] == ANSWERS and found["valid"] >= ANSWERS * 3 // 4


def test_the_schemas_are_varied():
    texts = [json.dumps(schemas.schema(seed)) for seed in range(ANSWERS)]
    assert len(set(texts)) > ANSWERS * 0.99
    for text in texts:
        jsonschema.Draft202012Validator.check_schema(json.loads(text))
    for word in ("pattern", "format", "enum", "const", "anyOf", "minItems", "maxLength", "minimum", "null"):
        assert sum(f'"{word}"' in text for text in texts) > ANSWERS / 20, word
