"""Tools through the official client: calls that are forced are made, and valid, by any model."""
import json

import jsonschema
import openai
import pytest

from conftest import CHAT, CODE

ASK = [{"role": "user", "content": "What is the weather in Oslo?"}]
WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 20},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a city.", "parameters": WEATHER,
    "strict": True}}
CLOCK = {"type": "function", "function": {"name": "clock", "parameters": {
    "type": "object", "properties": {}, "additionalProperties": False}}}
NAMED = {"type": "function", "function": {"name": "get_weather"}}


def ask(client, **fields):
    fields = {"model": CHAT, "messages": ASK, "tools": [TOOL], "temperature": 1,
              "max_tokens": 200, **fields}
    return client.chat.completions.create(**fields)


def check_call(call):
    assert call.id.startswith("call_") and call.type == "function"
    assert call.function.name == "get_weather"
    jsonschema.validate(json.loads(call.function.arguments), WEATHER)


@pytest.mark.parametrize("seed", range(5))  # test_forced.py has many
def test_a_forced_call_is_valid(client, seed):
    answer = ask(client, tool_choice="required", parallel_tool_calls=False, seed=seed)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None and len(choice.message.tool_calls) == 1
    check_call(choice.message.tool_calls[0])


def test_a_named_call(client):
    choice = ask(client, tools=[CLOCK, TOOL], tool_choice=NAMED, seed=3).choices[0]
    assert choice.finish_reason == "stop", "as OpenAI has it when the tool was named"
    check_call(choice.message.tool_calls[0])


def test_only_allowed_tools_are_called(client):
    for seed in range(5):
        answer = ask(client, tools=[TOOL, CLOCK], seed=seed, tool_choice={
            "type": "allowed_tools", "allowed_tools": {
                "mode": "required", "tools": [{"type": "function", "function": {"name": "clock"}}]}})
        names = [c.function.name for c in answer.choices[0].message.tool_calls]
        assert set(names) == {"clock"}
        assert all(c.function.arguments == "{}" for c in answer.choices[0].message.tool_calls)


def test_none_calls_nothing(client):
    answer = ask(client, tool_choice="none", temperature=0, max_tokens=16)
    assert answer.choices[0].message.content and not answer.choices[0].message.tool_calls


def test_a_cut_call_is_reported(client):
    choice = ask(client, tool_choice="required", max_tokens=10, seed=1).choices[0]
    assert choice.finish_reason == "length"


def test_a_capable_model_calls_by_itself(client):
    answer = ask(client, model=CODE, temperature=0)
    message = answer.choices[0].message
    assert message.tool_calls, message
    check_call(message.tool_calls[0])
    assert "oslo" in json.loads(message.tool_calls[0].function.arguments)["city"].lower()

    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "Rain, 4 degrees."}
    last = ask(client, model=CODE, temperature=0, max_tokens=60, tool_choice="none",
               messages=ASK + [message.model_dump(), result])
    assert "4" in last.choices[0].message.content or "rain" in last.choices[0].message.content.lower()


def test_a_stream_gives_the_same_call(client):
    whole = ask(client, tool_choice=NAMED, seed=5)
    expected = whole.choices[0].message.tool_calls[0].function
    with client.chat.completions.stream(
        model=CHAT, messages=ASK, tools=[TOOL], tool_choice=NAMED, temperature=1, max_tokens=200,
        seed=5,
    ) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    got = final.choices[0].message.tool_calls[0].function
    assert (got.name, got.arguments) == (expected.name, expected.arguments)
    assert got.parsed_arguments == json.loads(expected.arguments)
    assert "tool_calls.function.arguments.delta" in kinds


def test_the_wire(server):
    body = {"model": CHAT, "messages": ASK, "tools": [TOOL], "tool_choice": "required", "seed": 1,
            "parallel_tool_calls": False, "max_tokens": 200}
    status, whole = server.post("/v1/chat/completions", body)
    assert status == 200
    values = server.events("/v1/chat/completions", {**body, "stream": True})
    chunks = [json.loads(v) for v in values[:-1]]
    deltas = [c["choices"][0]["delta"] for c in chunks]
    assert deltas[0] == {"role": "assistant", "content": None, "refusal": None}
    first = deltas[1]["tool_calls"][0]
    assert first["index"] == 0 and first["id"].startswith("call_") and first["type"] == "function"
    assert first["function"] == {"name": "get_weather", "arguments": ""}
    rest = [d["tool_calls"][0] for d in deltas[2:-1]]
    assert all(set(r) == {"index", "function"} and set(r["function"]) == {"arguments"} for r in rest)
    arguments = "".join(r["function"]["arguments"] for r in rest)
    assert arguments == whole["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    assert deltas[-1] == {} and chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_functions_of_old(client, server):
    function = {"name": "get_weather", "parameters": WEATHER}
    body = {"model": CHAT, "messages": ASK, "functions": [function], "seed": 2, "max_tokens": 200,
            "function_call": {"name": "get_weather"}}
    status, whole = server.post("/v1/chat/completions", body)
    assert status == 200
    message = whole["choices"][0]["message"]
    assert message["function_call"]["name"] == "get_weather" and "tool_calls" not in message
    jsonschema.validate(json.loads(message["function_call"]["arguments"]), WEATHER)
    history = ASK + [message, {"role": "function", "name": "get_weather", "content": "Rain"}]
    answer = client.chat.completions.create(model=CHAT, messages=history, functions=[function],
                                            max_tokens=8, temperature=0, function_call="none")
    assert answer.choices[0].message.content


def test_a_custom_tool(client, server):
    tool = {"type": "custom", "custom": {"name": "dial", "format": {
        "type": "grammar", "grammar": {"syntax": "regex", "definition": "[0-9]{3}-[0-9]{4}"}}}}
    answer = ask(client, tools=[tool], seed=4, max_tokens=60,
                 tool_choice={"type": "custom", "custom": {"name": "dial"}})
    call = answer.choices[0].message.tool_calls[0]
    assert call.type == "custom" and call.custom.name == "dial"
    first, second = call.custom.input.split("-")
    assert len(first) == 3 and len(second) == 4 and (first + second).isdigit()
    status, whole = server.post("/v1/chat/completions", {
        "model": CHAT, "messages": ASK + [answer.choices[0].message.model_dump(),
                                          {"role": "tool", "tool_call_id": call.id, "content": "ok"}],
        "tools": [tool], "max_tokens": 4, "tool_choice": "none"})
    assert status == 200, whole


def test_strict_is_strict(client):
    open_schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    function = {"name": "f", "parameters": open_schema, "strict": True}
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, tools=[{"type": "function", "function": function}])
    assert caught.value.param == "tools[0].function.parameters"
    assert caught.value.body["message"].startswith("Invalid schema for function 'f': ")
    # Not strict: held to it all the same.
    function = {**function, "strict": False}
    choice = ask(client, tools=[{"type": "function", "function": function}],
                 tool_choice="required", seed=1).choices[0]
    if choice.finish_reason == "tool_calls":
        for call in choice.message.tool_calls:
            jsonschema.validate(json.loads(call.function.arguments), open_schema)


@pytest.mark.parametrize("fields, param", [
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
    ({"tools": [CLOCK, CLOCK]}, "tools[1].function.name"),
    ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice.function.name"),
    ({"tools": [], "tool_choice": "required"}, "tool_choice"),
])
def test_errors_name_the_place(client, fields, param):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, **fields)
    assert caught.value.param == param
