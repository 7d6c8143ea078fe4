"""The Responses API through the official client; answers and events are judged as published."""
import concurrent.futures
import json
import os
import signal
import time

import jsonschema
import openai
import pydantic
import pytest

from conftest import CHAT, CODE
from http_server import eventually

TOOL = {"type": "function", "name": "get_weather", "description": "The weather of a city.",
        "strict": True, "parameters": {
            "type": "object", "properties": {"city": {"type": "string", "maxLength": 20}},
            "required": ["city"], "additionalProperties": False}}


def ask(client, **fields):
    return client.responses.create(**{"model": CHAT, "input": "Say hello.", "temperature": 0,
                                      "max_output_tokens": 30, **fields})


def strip(value):
    """Without what may differ from one run to another: names, times, and what the cache had."""
    text = json.dumps(value)
    value = json.loads(text)

    def walk(v):
        if isinstance(v, list):
            return [walk(x) for x in v]
        if not isinstance(v, dict):
            return v
        gone = ("id", "item_id", "call_id", "created_at", "completed_at", "cached_tokens")
        return {k: walk(x) for k, x in v.items() if k not in gone}

    return walk(value)


def test_create(client):
    answer = ask(client, instructions="Be brief.", metadata={"topic": "greeting"})
    assert answer.id.startswith("resp_") and answer.object == "response"
    assert answer.status in ("completed", "incomplete") and answer.error is None
    assert answer.output_text and answer.output[0].id.startswith("msg_")
    assert answer.metadata == {"topic": "greeting"} and answer.instructions == "Be brief."
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert 0 < answer.usage.output_tokens <= 30
    assert answer.tool_choice == "auto" and answer.tools == [] and answer.text.format.type == "text"


def test_every_key_is_there(server):
    status, body = server.post("/v1/responses", {"model": CHAT, "input": "Hi", "max_output_tokens": 16})
    assert status == 200
    for key in ("error", "incomplete_details", "instructions", "max_output_tokens", "max_tool_calls",
                "previous_response_id", "reasoning", "text", "tool_choice", "tools", "top_p",
                "truncation", "usage", "user", "metadata", "store", "background", "completed_at",
                "conversation", "service_tier", "prompt_cache_key", "safety_identifier"):
        assert key in body, key


def test_stream(client):
    whole = ask(client)
    with client.responses.stream(model=CHAT, input="Say hello.", temperature=0,
                                 max_output_tokens=30) as stream:
        events = list(stream)
        final = stream.get_final_response()
    types = [e.type for e in events]
    assert types[:4] == ["response.created", "response.in_progress", "response.output_item.added",
                         "response.content_part.added"]
    ended = "response.completed" if whole.status == "completed" else "response.incomplete"
    assert types[-4:] == ["response.output_text.done", "response.content_part.done",
                          "response.output_item.done", ended]
    assert set(types[4:-4]) == {"response.output_text.delta"}
    assert "".join(e.delta for e in events[4:-4]) == whole.output_text == final.output_text
    assert [e.sequence_number for e in events] == list(range(len(events)))


def test_max_output_tokens(client):
    answer = ask(client, input="Count from 1 to 100.", max_output_tokens=16)
    assert answer.status == "incomplete" and answer.completed_at is None
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.output[0].status == "incomplete" and answer.usage.output_tokens == 16


def test_conversations_are_sent_as_items(client):
    items = [{"role": "user", "content": "My name is Kim."}, {"role": "assistant", "content": "Hello Kim."},
             {"role": "user", "content": [{"type": "input_text", "text": "What is my name?"}]}]
    assert "Kim" in ask(client, model=CODE, input=items).output_text


def test_the_output_can_be_sent_back(client):
    first = ask(client, model=CODE, input="Name a colour.")
    items = [{"role": "user", "content": "Name a colour."}, *[o.to_dict() for o in first.output],
             {"role": "user", "content": "Another one."}]
    assert ask(client, model=CODE, input=items).output_text


def test_tools_there_and_back(client):
    question = {"role": "user", "content": "What is the weather in Oslo?"}
    first = ask(client, model=CODE, input=[question], tools=[TOOL], max_output_tokens=100)
    [call] = [o for o in first.output if o.type == "function_call"]
    assert call.name == "get_weather" and call.call_id.startswith("call_") and call.status == "completed"
    jsonschema.validate(json.loads(call.arguments), TOOL["parameters"])
    second = ask(client, model=CODE, tools=[TOOL], tool_choice="none", input=[
        question, *[o.to_dict() for o in first.output],
        {"type": "function_call_output", "call_id": call.call_id, "output": "Rain, 7 degrees."}])
    assert second.output_text and not [o for o in second.output if o.type == "function_call"]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "get_weather"},
                                    {"type": "allowed_tools", "mode": "required",
                                     "tools": [{"type": "function", "name": "get_weather"}]}])
def test_a_call_that_must_be(client, choice):
    answer = ask(client, tools=[{"type": "function", "name": "clock", "parameters": {
        "type": "object", "properties": {}, "additionalProperties": False}}, TOOL],
        tool_choice=choice, parallel_tool_calls=False, temperature=1, max_output_tokens=200,
        extra_body={"seed": 3})
    [call] = answer.output
    assert call.type == "function_call"
    if choice != "required":
        assert call.name == "get_weather"
        jsonschema.validate(json.loads(call.arguments), TOOL["parameters"])


def test_a_call_as_a_stream(client):
    with client.responses.stream(model=CHAT, input="Weather?", tools=[TOOL], tool_choice="required",
                                 parallel_tool_calls=False, extra_body={"seed": 4}) as stream:
        events = list(stream)
    types = [e.type for e in events]
    assert types[2] == "response.output_item.added"
    assert types[-3:] == ["response.function_call_arguments.done", "response.output_item.done",
                          "response.completed"]
    deltas = [e.delta for e in events if e.type == "response.function_call_arguments.delta"]
    assert len(deltas) > 3 and "".join(deltas) == events[-3].arguments
    jsonschema.validate(json.loads(events[-3].arguments), TOOL["parameters"])


def test_a_custom_tool(client):
    answer = ask(client, input="Go.", tool_choice="required", parallel_tool_calls=False, tools=[
        {"type": "custom", "name": "move", "format": {
            "type": "grammar", "syntax": "regex", "definition": "(north|south)"}}])
    [call] = answer.output
    assert call.type == "custom_tool_call" and call.input in ("north", "south")
    again = ask(client, input=[{"role": "user", "content": "Go."}, call.to_dict(),
                               {"type": "custom_tool_call_output", "call_id": call.call_id,
                                "output": "You are there."}])
    assert again.status in ("completed", "incomplete")


class Place(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=20)
    country: str = pydantic.Field(max_length=20)


def test_parse(client):
    answer = client.responses.parse(model=CHAT, input="Tell me of a place.", text_format=Place,
                                    temperature=1, max_output_tokens=200, extra_body={"seed": 1})
    assert isinstance(answer.output_parsed, Place)


def test_any_object(client):
    answer = ask(client, input="Tell me of a place, as JSON.", temperature=1, max_output_tokens=400,
                 text={"format": {"type": "json_object"}}, extra_body={"seed": 1})
    if answer.status == "completed":
        assert isinstance(json.loads(answer.output_text), dict)


def test_logprobs(client):
    answer = ask(client, include=["message.output_text.logprobs"], top_logprobs=3)
    part = answer.output[0].content[0]
    assert len(part.logprobs) > 0 and all(len(e.top_logprobs) == 3 for e in part.logprobs)
    assert "".join(e.token for e in part.logprobs) == part.text
    with client.responses.stream(model=CHAT, input="Say hello.", temperature=0, max_output_tokens=30,
                                 top_logprobs=3) as stream:
        entries = [l.token for e in stream if e.type == "response.output_text.delta" for l in e.logprobs]
    assert "".join(entries) == part.text


def test_input_tokens(client):
    fields = {"input": "How long is this?", "instructions": "Count.", "tools": [TOOL]}
    count = client.responses.input_tokens.count(model=CODE, **fields)
    assert count.object == "response.input_tokens"
    assert count.input_tokens == ask(client, model=CODE, **fields).usage.input_tokens


@pytest.mark.parametrize("fields, param, code", [
    ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:,",
                                              "detail": "auto"}]}]},
     "input[0].content[0].type", "unsupported_value"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type", "unsupported_value"),
    ({"prompt": {"id": "pmpt_1"}}, "prompt", "unsupported_parameter"),
    ({"temperature": 3}, "temperature", "decimal_above_max_value"),
    ({"reasoning": {"effort": "high"}}, "reasoning.effort", "unsupported_value"),
    ({"text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"},
                          "strict": True}}}, "text.format.schema", "invalid_value"),
    ({"tools": [{**TOOL, "parameters": {"type": "object"}}]}, "tools[0].parameters", "invalid_value"),
    ({"metadata": {str(i): "" for i in range(17)}}, "metadata", "array_above_max_length"),
    ({"include": ["everything"]}, "include[0]", "invalid_value"),
    ({"model": CHAT, "input": "many " * 9000}, "input", "context_length_exceeded"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_refused(client, fields, param, code, stream):
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, **{"model": CODE, "stream": stream, **fields})
    assert (refused.value.param, refused.value.code) == (param, code)


def test_a_model_that_is_not_there(client):
    with pytest.raises(openai.NotFoundError) as refused:
        ask(client, model="none")
    assert refused.value.code == "model_not_found"


def test_truncation(client):
    """What does not fit loses its beginning, but for the instructions."""
    items = [{"role": "user", "content": "The first word is apple. " + "blah " * 3000},
             {"role": "assistant", "content": "I see."}, *[
                 {"role": role, "content": "more " * 300}
                 for _ in range(10) for role in ("user", "assistant")],
             {"role": "user", "content": "Say hello."}]
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, input=items * 4)
    assert refused.value.code == "context_length_exceeded" and refused.value.param == "input"
    answer = ask(client, input=items * 4, truncation="auto", instructions="Be brief.")
    assert answer.truncation == "auto" and answer.status in ("completed", "incomplete")
    assert 0 < answer.usage.input_tokens <= 8192 - 30
    assert answer.usage.input_tokens > 8192 - 4000, "no more was left out than had to be"


# ---- The same whatever else runs ----

FORCED = {"model": CHAT, "input": "Weather?", "tools": [TOOL], "tool_choice": "required",
          "temperature": 1, "seed": 11, "stream": True, "max_output_tokens": 120}
FREE = {"model": CHAT, "input": "Tell me a story about a fox and a fox and a fox.", "temperature": 0.9,
        "seed": 7, "stream": True, "max_output_tokens": 80}


def events_of(server, body):
    return [strip(value) for _, value in server.named_events("/v1/responses", body)]


@pytest.mark.parametrize("body", [FORCED, FREE])
def test_twenty_times_under_load(server, body):
    expected = events_of(server, body)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        others = [pool.submit(events_of, server, {**FREE, "seed": i, "input": f"Count {i} sheep."})
                  for i in range(10)]
        for again in [pool.submit(events_of, server, body) for _ in range(20)]:
            assert again.result() == expected
        for other in others:
            other.result()


def test_speculation_changes_nothing(server, start):
    other = start("--default-model", CHAT, env={"TIRO_SPECULATION": "off"})
    for body in (FORCED, FREE):
        assert events_of(other, body) == events_of(server, body)


def kill_worker(server, delay):
    time.sleep(delay)
    os.kill(eventually(lambda: server.worker("text")), signal.SIGKILL)


def test_a_worker_that_dies_is_not_seen(start):
    server = start("--default-model", CHAT)
    body = {**FREE, "max_output_tokens": 200}
    expected = events_of(server, body)
    for delay in (0.05, 0.4, 1.0):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            killer = pool.submit(kill_worker, server, delay)
            again = events_of(server, body)
            killer.result()
        assert again == expected
        server.wait_until_ready()
