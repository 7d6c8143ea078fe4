"""Answers that are held to a form, through the official client."""
import enum
import json
import re
from typing import Literal, Optional

import jsonschema
import openai
import pydantic
import pytest

from conftest import CHAT, CODE

ASK = [{"role": "user", "content": "Tell me of a city, as JSON."}]


class Size(enum.Enum):
    small = "small"
    large = "large"


class Place(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=20)
    country: Literal["Norway", "France", "Japan"]


class City(pydantic.BaseModel):
    place: Place
    size: Size
    coastal: bool
    population: int = pydantic.Field(ge=0, le=100000000)
    nickname: Optional[str] = pydantic.Field(max_length=10)
    districts: list[Literal["north", "south"]] = pydantic.Field(max_length=3)


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 0, "maximum": 99}},
          "required": ["a"], "additionalProperties": False}


def schema_format(schema, strict=True, name="x"):
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": strict}}


def ask(client, **fields):
    fields = {"model": CHAT, "messages": ASK, "temperature": 1, "max_tokens": 200, **fields}
    return client.chat.completions.create(**fields)


@pytest.mark.parametrize("seed", range(5))
def test_parse(client, seed):
    answer = client.chat.completions.parse(model=CHAT, messages=ASK, response_format=City,
                                           temperature=1, seed=seed, max_tokens=300)
    assert answer.choices[0].finish_reason == "stop"
    assert isinstance(answer.choices[0].message.parsed, City)


def test_a_stream_parses(client):
    with client.chat.completions.stream(model=CHAT, messages=ASK, response_format=City,
                                        temperature=1, seed=1, max_tokens=300) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert isinstance(final.choices[0].message.parsed, City)


def test_a_cut_object_is_an_error_of_the_sdk(client):
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(model=CHAT, messages=ASK, response_format=City, max_tokens=3)


def test_a_capable_model_fills_it_well(client):
    messages = [{"role": "user", "content": "Which country is Oslo in? Answer as JSON."}]
    answer = client.chat.completions.parse(model=CODE, messages=messages, response_format=Place,
                                           temperature=0, max_tokens=100)
    assert answer.choices[0].message.parsed.country == "Norway"


def test_json_object(client, server):
    answer = ask(client, response_format={"type": "json_object"}, temperature=0, model=CODE)
    if answer.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(answer.choices[0].message.content), dict)
    assert answer.choices[0].message.content.startswith("{")
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, response_format={"type": "json_object"},
            messages=[{"role": "user", "content": "Hello"}])
    assert caught.value.param == "messages" and "'json'" in caught.value.body["message"]
    status, raw = server.post("/v1/chat/completions", {
        "model": CHAT, "messages": ASK, "response_format": schema_format(SCHEMA), "max_tokens": 40})
    assert status == 200
    jsonschema.validate(json.loads(raw["choices"][0]["message"]["content"]), SCHEMA)


def test_refused_schemas_say_why(client):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, response_format=schema_format({"type": "object", "properties": {}}, name="city"))
    assert caught.value.param == "response_format"
    assert caught.value.body["message"] == (
        "Invalid schema for response_format 'city': In context=(), 'additionalProperties' is "
        "required to be supplied and to be false.")
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, response_format=schema_format({"type": "nothing"}, strict=False))
    assert caught.value.param == "response_format"


def hold(client, outputs, **fields):
    answer = ask(client, extra_body={"structured_outputs": outputs}, seed=9, **fields)
    assert answer.choices[0].finish_reason == "stop"
    return answer.choices[0].message.content


def test_structured_outputs(client):
    assert hold(client, {"choice": ["yes", "no", "perhaps \"not\""]}) in ("yes", "no", "perhaps \"not\"")
    assert re.fullmatch("[A-Z]{2}-[0-9]{3}", hold(client, {"regex": "[A-Z]{2}-[0-9]{3}"}))
    jsonschema.validate(json.loads(hold(client, {"json": SCHEMA})), SCHEMA)
    jsonschema.validate(json.loads(hold(client, {"json": json.dumps(SCHEMA)})), SCHEMA)
    grammar = 'root ::= "a" ("b" | "c") [0-9]'
    assert re.fullmatch("a[bc][0-9]", hold(client, {"grammar": grammar}))


def test_structured_outputs_of_completions(client):
    answer = client.completions.create(model=CHAT, prompt=["Two letters:", "Two more:"], n=2,
                                       max_tokens=20, temperature=1,
                                       extra_body={"structured_outputs": {"regex": "[a-z][a-z]"}})
    assert len(answer.choices) == 4
    for choice in answer.choices:
        assert re.fullmatch("[a-z][a-z]", choice.text) and choice.finish_reason == "stop"


@pytest.mark.parametrize("outputs, param", [
    ({"regex": "(a"}, "structured_outputs.regex"),
    ({"regex": "a(?=b)"}, "structured_outputs.regex"),
    ({"grammar": "root ::= nothing"}, "structured_outputs.grammar"),
    ({"json": "{"}, "structured_outputs.json"),
    ({"json": {"type": "x"}}, "structured_outputs.json"),
    ({}, "structured_outputs"),
    ({"regex": "a", "choice": ["b"]}, "structured_outputs"),
])
def test_refused_forms(client, outputs, param):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, extra_body={"structured_outputs": outputs})
    assert caught.value.param == param
