"""Text completions through the official client."""
import json
import math

import pytest

import spec
from conftest import CHAT, CODE


def complete(client, prompt, model=CHAT, **fields):
    fields = {"max_tokens": 8, "temperature": 0, **fields}
    return client.completions.create(model=model, prompt=prompt, **fields)


def test_answer(client, server):
    answer = complete(client, "The capital of France is")
    assert answer.id.startswith("cmpl-") and answer.object == "text_completion"
    assert "Paris" in answer.choices[0].text
    assert answer.choices[0].finish_reason in ("stop", "length")
    status, raw = server.post("/v1/completions", {"model": CHAT, "prompt": "x", "logprobs": 2})
    assert status == 200
    spec.check("CreateCompletionResponse", raw)
    assert raw["usage"]["completion_tokens"] <= 16, "max_tokens is 16 when not given"


def test_several_prompts_and_choices(client):
    prompts = ["The capital of France is", "Two plus two is"]
    fields = {"n": 2, "temperature": 0.9, "seed": 3}
    both = complete(client, prompts, **fields)
    assert [c.index for c in both.choices] == [0, 1, 2, 3]
    for i, prompt in enumerate(prompts):
        one = complete(client, prompt, **fields)
        assert [c.text for c in one.choices] == [c.text for c in both.choices[2 * i : 2 * i + 2]]


def test_stream(client, server):
    prompts = ["One, two,", "A, B,"]
    whole = complete(client, prompts)
    texts = ["", ""]
    with complete(client, prompts, stream=True, stream_options={"include_usage": True}) as stream:
        for chunk in stream:
            for choice in chunk.choices:
                texts[choice.index] += choice.text
    assert texts == [c.text for c in whole.choices]
    assert chunk.usage == whole.usage or chunk.usage.total_tokens == whole.usage.total_tokens
    values = server.events("/v1/completions", {"model": CHAT, "prompt": "x", "stream": True})
    assert values[-1] == "[DONE]"
    last = json.loads(values[-2])
    assert last["choices"][0]["finish_reason"] in ("stop", "length")


def test_echo_and_logprobs_as_a_scorer_uses_them(client):
    text = "The cat sat on the mat."
    answer = complete(client, text, max_tokens=0, echo=True, logprobs=1)
    choice = answer.choices[0]
    assert choice.text == text and choice.finish_reason == "length"
    found = choice.logprobs
    assert "".join(found.tokens) == text
    assert found.token_logprobs[0] is None and all(x <= 0 for x in found.token_logprobs[1:])
    assert found.top_logprobs[0] is None
    offset = 0
    for token, at in zip(found.tokens, found.text_offset):
        assert at == offset
        offset += len(token)
    for token, logprob, tops in zip(found.tokens[1:], found.token_logprobs[1:], found.top_logprobs[1:]):
        assert tops[token] == pytest.approx(logprob, abs=1e-5)
        assert max(tops.values()) >= logprob - 1e-5
    # A likelier continuation scores higher.
    worse = complete(client, "The cat sat on the zxq.", max_tokens=0, echo=True, logprobs=1)
    mean = lambda c: math.fsum(c.logprobs.token_logprobs[1:]) / (len(c.logprobs.tokens) - 1)
    assert mean(choice) > mean(worse.choices[0])


def test_echo_goes_on_with_the_text(client):
    plain = complete(client, "One, two,", logprobs=2)
    echoed = complete(client, "One, two,", logprobs=2, echo=True)
    assert echoed.choices[0].text == "One, two," + plain.choices[0].text
    n = len(plain.choices[0].logprobs.tokens)
    assert echoed.choices[0].logprobs.tokens[-n:] == plain.choices[0].logprobs.tokens
    assert echoed.choices[0].logprobs.token_logprobs[-n:] == pytest.approx(
        plain.choices[0].logprobs.token_logprobs, abs=1e-5)


def test_best_of(client):
    fields = {"temperature": 1.3, "seed": 5, "max_tokens": 6, "logprobs": 0}
    every = complete(client, "Once upon a time", n=4, **fields)
    best = complete(client, "Once upon a time", best_of=4, n=1, **fields)
    score = lambda c: math.fsum(c.logprobs.token_logprobs) / len(c.logprobs.token_logprobs)
    expected = max(every.choices, key=score)
    assert best.choices[0].text == expected.text and len(best.choices) == 1
    assert best.usage.completion_tokens == every.usage.completion_tokens


def test_fill_in_the_middle(client):
    answer = complete(
        client, "def add(a, b):\n    return ", suffix="\n\nprint(add(1, 2))\n", model=CODE, max_tokens=16)
    assert "a + b" in answer.choices[0].text


def test_fill_in_the_middle_is_the_same_as_its_tokens_by_hand(client):
    """In a raw prompt control tokens are recognised, as editors' plugins expect."""
    before, after = "def add(a, b):\n    return ", "\n\nprint(add(1, 2))\n"
    by_suffix = complete(client, before, suffix=after, model=CODE, max_tokens=12)
    by_hand = complete(
        client, f"<|fim_prefix|>{before}<|fim_suffix|>{after}<|fim_middle|>", model=CODE, max_tokens=12)
    assert by_suffix.choices[0].text == by_hand.choices[0].text
    assert by_suffix.usage.prompt_tokens == by_hand.usage.prompt_tokens


def test_tokens_as_prompt(client):
    """Ids below 256 of a byte-level vocabulary: whatever they are, they count one each."""
    answer = complete(client, [100, 200, 300])
    assert answer.usage.prompt_tokens == 3
    several = complete(client, [[100, 200, 300], [400]])
    assert several.usage.prompt_tokens == 4
    assert several.choices[0].text == answer.choices[0].text


def test_stop(client):
    whole = complete(client, "1, 2, 3, 4, 5,", max_tokens=24).choices[0].text
    stop = whole[6:9]
    cut = complete(client, "1, 2, 3, 4, 5,", max_tokens=24, stop=stop)
    assert cut.choices[0].text == whole[: whole.index(stop)]
    assert cut.choices[0].finish_reason == "stop"
