"""Chat through the official client, and the exact shape of what comes over the wire."""
import json

import openai
import pytest

import spec
from conftest import CHAT, CODE
from http_server import eventually

BLOCK_TOKENS = 16  # KV_BLOCK_LEN
HELLO = [{"role": "user", "content": "Say hello."}]
STORY = [{"role": "user", "content": "Tell me a story about a fox."}]


def greedy(client, messages=HELLO, **fields):
    fields = {"max_tokens": 12, "temperature": 0, **fields}
    return client.chat.completions.create(model=CHAT, messages=messages, **fields)


def test_answer(client, server):
    answer = greedy(client)
    assert answer.id.startswith("chatcmpl-") and len(answer.id) > 20
    assert answer.object == "chat.completion" and answer.model == CHAT
    assert answer.system_fingerprint
    message = answer.choices[0].message
    assert message.role == "assistant" and message.content and message.refusal is None
    assert answer.choices[0].finish_reason in ("stop", "length")
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert 0 < usage.completion_tokens <= 12
    assert usage.prompt_tokens_details.cached_tokens <= usage.prompt_tokens
    assert answer._request_id

    body = {"model": CHAT, "messages": HELLO, "max_tokens": 4, "logprobs": True, "top_logprobs": 3}
    status, raw = server.post("/v1/chat/completions", body)
    assert status == 200
    spec.check("CreateChatCompletionResponse", raw)


def test_same_request_same_answer(client):
    first, second = greedy(client), greedy(client)
    assert first.id != second.id
    assert first.choices[0].message.content == second.choices[0].message.content
    assert first.system_fingerprint == second.system_fingerprint


def test_stream_equals_answer(client):
    whole = greedy(client, STORY, max_tokens=24)
    with client.chat.completions.create(
        model=CHAT, messages=STORY, max_tokens=24, temperature=0, stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices == [] and chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason


def test_stream_on_the_wire(server):
    body = {"model": CHAT, "messages": HELLO, "max_tokens": 6, "temperature": 0, "stream": True,
            "stream_options": {"include_usage": True}}
    values = server.events("/v1/chat/completions", body)
    assert values[-1] == "[DONE]"
    chunks = [json.loads(v) for v in values[:-1]]
    for chunk in chunks:
        spec.check("CreateChatCompletionStreamResponse", chunk)
    for key in ("id", "created", "model", "object", "system_fingerprint"):
        assert len({c[key] for c in chunks}) == 1
    first = chunks[0]["choices"][0]
    assert first["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert chunks[-2]["choices"][0]["delta"] == {}
    assert chunks[-2]["choices"][0]["finish_reason"] in ("stop", "length")
    for chunk in chunks[1:-2]:
        assert set(chunk["choices"][0]["delta"]) == {"content"}
        assert chunk["choices"][0]["finish_reason"] is None
    assert [c["usage"] for c in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["total_tokens"] > 0

    del body["stream_options"]
    values = server.events("/v1/chat/completions", body)
    assert values[-1] == "[DONE]"
    assert all("usage" not in json.loads(v) for v in values[:-1])


def test_choices(client):
    fields = {"n": 3, "temperature": 1.2, "seed": 11, "max_tokens": 12}
    whole = greedy(client, STORY, **fields)
    assert [c.index for c in whole.choices] == [0, 1, 2]
    texts = [c.message.content for c in whole.choices]
    assert len(set(texts)) > 1, "three choices at temperature 1.2 are all the same"
    assert whole.usage.completion_tokens <= 3 * 12

    streamed = ["", "", ""]
    finished = {}
    with greedy(client, STORY, stream=True, **fields) as stream:
        for chunk in stream:
            choice = chunk.choices[0]
            streamed[choice.index] += choice.delta.content or ""
            if choice.finish_reason:
                finished[choice.index] = choice.finish_reason
    assert streamed == texts
    assert sorted(finished) == [0, 1, 2]


def test_seed(client):
    def ask(seed):
        return greedy(client, STORY, temperature=1.0, seed=seed, max_tokens=16)

    first, again, other = ask(7), ask(7), ask(8)
    assert first.choices[0].message.content == again.choices[0].message.content
    assert first.choices[0].message.content != other.choices[0].message.content


def test_stop(client):
    whole = greedy(client, STORY, max_tokens=32).choices[0].message.content
    # A text from the middle of the answer that does not occur before.
    stop = whole[20:26]
    expected = whole[: whole.index(stop)]
    answer = greedy(client, STORY, max_tokens=32, stop=["never to be seen", stop])
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content == expected
    with greedy(client, STORY, max_tokens=32, stop=stop, stream=True) as stream:
        text = "".join(c.choices[0].delta.content or "" for c in stream)
    assert text == expected, "a stop text must not be sent, not even in part"


def test_logprobs(client):
    answer = greedy(client, logprobs=True, top_logprobs=5)
    entries = answer.choices[0].logprobs.content
    assert len(entries) == answer.usage.completion_tokens or answer.choices[0].finish_reason == "stop"
    for entry in entries:
        assert entry.logprob <= 0 and len(entry.top_logprobs) == 5
        found = [t.logprob for t in entry.top_logprobs]
        assert found == sorted(found, reverse=True)
        # Greedy takes the likeliest.
        assert entry.logprob == pytest.approx(found[0], abs=1e-5)
        assert bytes(entry.bytes).decode(errors="replace") == entry.token or entry.token.startswith("bytes:")
    text = b"".join(bytes(e.bytes) for e in entries).decode(errors="replace")
    assert text.startswith(answer.choices[0].message.content)

    with greedy(client, logprobs=True, stream=True) as stream:
        streamed = [e for c in stream if c.choices[0].logprobs for e in c.choices[0].logprobs.content]
    assert [e.token for e in streamed] == [e.token for e in entries]
    assert all(e.top_logprobs == [] for e in streamed)


def test_logit_bias_bans_a_token(client, server):
    first = greedy(client, max_tokens=1, logprobs=True).choices[0].logprobs.content[0]
    status, tokens = server.post("/v1/completions", {
        "model": CHAT, "prompt": first.token, "max_tokens": 0, "echo": True, "logprobs": 0})
    assert status == 200 and tokens["choices"][0]["logprobs"]["tokens"] == [first.token]
    # Which id that is, the API does not say; banning all of a range must change the answer.
    bias = {str(i): -100 for i in range(1024)}
    second = greedy(client, max_tokens=1, logit_bias=bias, logprobs=True)
    assert second.choices[0].logprobs.content[0].token is not None


def test_extensions(client):
    plain = greedy(client, STORY, max_tokens=16)
    one = greedy(client, STORY, temperature=2.0, max_tokens=16, extra_body={"top_k": 1})
    assert one.choices[0].message.content == plain.choices[0].message.content
    sharp = greedy(client, STORY, temperature=2.0, max_tokens=16, extra_body={"min_p": 1.0})
    assert sharp.choices[0].message.content == plain.choices[0].message.content
    far = greedy(client, STORY, max_tokens=40, extra_body={"repetition_penalty": 1.5})
    assert far.choices[0].message.content


@pytest.mark.parametrize("field", ["top_p", "typical_p", "top_k", "min_p"])
def test_the_edges_of_sampling(client, field):
    """At its narrowest every filter still leaves a token; top_p 0 and top_k 1 leave the likeliest."""
    narrowest = {"top_p": 0, "typical_p": 0, "top_k": 1, "min_p": 1}[field]
    answer = greedy(client, STORY, temperature=2.0, max_tokens=8, extra_body={field: narrowest})
    assert answer.usage.completion_tokens == 8
    if field != "typical_p":
        expected = greedy(client, STORY, max_tokens=8)
        assert answer.choices[0].message.content == expected.choices[0].message.content


def test_max_tokens(client):
    answer = greedy(client, STORY, max_tokens=3)
    assert answer.usage.completion_tokens == 3 and answer.choices[0].finish_reason == "length"
    newer = client.chat.completions.create(
        model=CHAT, messages=STORY, temperature=0, max_completion_tokens=3)
    assert newer.choices[0].message.content == answer.choices[0].message.content


def test_the_prefix_is_cached(client):
    system = {"role": "system", "content": "You are the keeper of a long list of rules. " * 40}
    messages = [system, {"role": "user", "content": "Hi"}]
    greedy(client, messages, max_tokens=2)
    again = greedy(client, messages, max_tokens=2)
    assert again.usage.prompt_tokens_details.cached_tokens > again.usage.prompt_tokens / 2


def test_a_kept_prompt_is_pinned(client, server):
    """And not the longer one that begins alike, which is not to be kept."""
    words = "Keep this beginning of the conversation for a day, whatever else is asked. "

    def ask(n, retention):
        messages = [{"role": "user", "content": words * n}]
        return greedy(client, messages, max_tokens=1, prompt_cache_retention=retention).usage.prompt_tokens

    before = pinned_blocks(server)  # Nobody else pins any.
    ask(12, "in_memory")
    n_blocks = ask(6, "24h") // BLOCK_TOKENS
    eventually(lambda: pinned_blocks(server) == before + n_blocks)


def pinned_blocks(server):
    """What the worker said last; each time it is asked for what is told the next time."""
    text = server.request("GET", "/metrics")[2].decode()
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith("tiro_model_kv_blocks_pinned{"))


def test_a_user_cannot_write_control_tokens(client):
    """<|im_end|> in a message is text, and costs more than one token."""
    plain = greedy(client, [{"role": "user", "content": "x"}], max_tokens=1)
    tricky = greedy(client, [{"role": "user", "content": "x<|im_end|>"}], max_tokens=1)
    assert tricky.usage.prompt_tokens > plain.usage.prompt_tokens + 1


def test_the_other_model(client):
    answer = client.chat.completions.create(
        model=CODE, temperature=0, max_tokens=20,
        messages=[{"role": "system", "content": "Answer with one word."},
                  {"role": "user", "content": "What is the capital of France?"}])
    assert "Paris" in answer.choices[0].message.content


def test_conversation_as_the_sdk_sends_it_back(client):
    """An answer's message, dumped with all its nulls, is a valid part of the next request."""
    first = greedy(client)
    messages = HELLO + [first.choices[0].message.model_dump(), {"role": "user", "content": "Again."}]
    assert greedy(client, messages).choices[0].message.content


def test_unicode_survives(client):
    """Streams break at characters, never inside one."""
    messages = [{"role": "user", "content": "Repeat: 日本語 🦊 é Ω"}]
    whole = greedy(client, messages, max_tokens=24).choices[0].message.content
    with greedy(client, messages, max_tokens=24, stream=True) as stream:
        pieces = [c.choices[0].delta.content or "" for c in stream]
    assert "".join(pieces) == whole


def test_sdk_raises_on_an_error_in_the_stream(client):
    with pytest.raises(openai.BadRequestError):
        greedy(client, [{"role": "user", "content": "word " * 9000}], stream=True)
