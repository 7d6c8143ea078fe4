"""POST /v1/messages through Anthropic's official client, and its shape on the wire."""
import json

import anthropic
import jsonschema
import pytest

from conftest import CHAT, CODE, EMBED
from test_tools import WEATHER

ASK = [{"role": "user", "content": "Say hello."}]
TOOL = {"name": "get_weather", "description": "The weather of a city.", "input_schema": WEATHER}


@pytest.fixture(scope="module")
def claude(server):
    with anthropic.Anthropic(base_url=server.url, api_key="unused", max_retries=0) as one:
        yield one


GREEDY = {"temperature": 0}  # The newest clients know it no more.


def ask(claude, temperature=0, **fields):
    fields = {"model": CHAT, "messages": ASK, "max_tokens": 12, **fields}
    return claude.messages.create(**fields, extra_body={"temperature": temperature})


def test_an_answer(claude, client):
    answer = ask(claude)
    assert answer.id.startswith("msg_") and answer.role == "assistant" and answer.type == "message"
    assert answer.content[0].type == "text" and answer.content[0].text
    assert answer.stop_reason in ("end_turn", "max_tokens") and answer.stop_sequence is None
    assert answer._request_id.startswith("req_")
    same = client.chat.completions.create(model=CHAT, messages=ASK, max_tokens=12, temperature=0)
    assert answer.content[0].text == same.choices[0].message.content
    usage = answer.usage
    assert usage.input_tokens + usage.cache_read_input_tokens == same.usage.prompt_tokens
    assert usage.output_tokens == same.usage.completion_tokens


def test_a_stream(claude):
    whole = ask(claude)
    with claude.messages.stream(model=CHAT, messages=ASK, max_tokens=12,
                                extra_body=GREEDY) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == whole.content[0].text == final.content[0].text
    assert final.stop_reason == whole.stop_reason
    assert final.usage.output_tokens == whole.usage.output_tokens


def test_the_wire(server):
    body = {"model": CHAT, "messages": ASK, "max_tokens": 5, "stream": True}
    events = server.named_events("/v1/messages", body)
    names = [name for name, _ in events]
    assert names[:3] == ["message_start", "ping", "content_block_start"]
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(names[3:-3]) == {"content_block_delta"}
    start = events[0][1]["message"]
    assert start["content"] == [] and start["usage"]["input_tokens"] + start["usage"][
        "cache_read_input_tokens"] > 0


def test_stop_sequence_and_max_tokens(claude):
    story = [{"role": "user", "content": "Tell me a story about a fox."}]
    whole = ask(claude, messages=story, max_tokens=32).content[0].text
    stop = whole[20:26]
    answer = ask(claude, messages=story, max_tokens=32, stop_sequences=[stop])
    assert answer.stop_reason == "stop_sequence" and answer.stop_sequence == stop
    assert answer.content[0].text == whole[: whole.index(stop)]
    assert ask(claude, messages=story, max_tokens=2).stop_reason == "max_tokens"


def test_system_and_blocks(claude):
    answer = ask(claude, model=CODE, max_tokens=20, system=[
        {"type": "text", "text": "Answer with one word.", "cache_control": {"type": "ephemeral"}}],
        messages=[{"role": "user", "content": [
            {"type": "text", "text": "What is the capital of France?"}]}])
    assert "Paris" in answer.content[0].text


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
def test_forced_calls(claude, choice):
    for _ in range(5):
        answer = ask(claude, tools=[TOOL], max_tokens=200, temperature=1,
                     tool_choice={**choice, "disable_parallel_tool_use": True})
        assert answer.stop_reason == "tool_use"
        block = answer.content[-1]
        assert block.type == "tool_use" and block.name == "get_weather"
        assert block.id.startswith("toolu_")
        jsonschema.validate(block.input, WEATHER)


def test_a_call_and_its_result(claude):
    messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
    with claude.messages.stream(model=CODE, messages=messages, max_tokens=200,
                                extra_body=GREEDY, tools=[TOOL], tool_choice={"type": "any"}) as stream:
        first = stream.get_final_message()
    call = next(b for b in first.content if b.type == "tool_use")
    jsonschema.validate(call.input, WEATHER)
    results = [{"type": "tool_result", "tool_use_id": b.id, "content": "Rain, 4 degrees."}
               for b in first.content if b.type == "tool_use"]
    messages += [{"role": "assistant", "content": [b.model_dump() for b in first.content]},
                 {"role": "user", "content": results}]
    last = ask(claude, model=CODE, messages=messages, tools=[TOOL], max_tokens=60,
               tool_choice={"type": "none"})
    assert last.content[0].text


def test_a_form(claude):
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9, "minimum": 0}},
              "required": ["n"], "additionalProperties": False}
    answer = ask(claude, temperature=1, max_tokens=60, output_config={
        "format": {"type": "json_schema", "schema": schema}})
    jsonschema.validate(json.loads(answer.content[0].text), schema)


def test_count_tokens(claude):
    def count(**fields):
        return claude.messages.count_tokens(model=CHAT, messages=ASK, **fields).input_tokens

    usage = ask(claude, max_tokens=1).usage
    assert count() == usage.input_tokens + usage.cache_read_input_tokens
    assert count(tools=[TOOL]) > count(system="Be brief.") > 0


@pytest.mark.parametrize("fields, says", [
    ({"max_tokens": 0}, "max_tokens"),
    ({"temperature": 1.5}, "temperature"),
    ({"messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "url", "url": "https://x"}}]}]}, "takes no pictures"),
    ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}, "does not think"),
    ({"tools": [{**TOOL, "name": "a b"}]}, "tools[0].name"),
    ({"model": EMBED}, "cannot chat"),
    ({"messages": [{"role": "user", "content": "word " * 9000}]}, "context"),
])
def test_errors(claude, fields, says):
    with pytest.raises(anthropic.BadRequestError) as caught:
        ask(claude, **fields)
    body = caught.value.body
    assert body["type"] == "error" and body["error"]["type"] == "invalid_request_error"
    assert says in body["error"]["message"]
    assert body["request_id"] == caught.value.response.headers["request-id"]


def test_other_errors(claude, start):
    with pytest.raises(anthropic.NotFoundError):
        ask(claude, model="nope")
    locked = start(env={"TIRO_API_KEY": "secret"})
    with pytest.raises(anthropic.AuthenticationError) as caught:
        anthropic.Anthropic(base_url=locked.url, api_key="wrong", max_retries=0).messages.create(
            model=CHAT, messages=ASK, max_tokens=1)
    assert caught.value.body["error"]["type"] == "authentication_error"
    good = anthropic.Anthropic(base_url=locked.url, api_key="secret", max_retries=0)
    assert ask(good, max_tokens=1).content
