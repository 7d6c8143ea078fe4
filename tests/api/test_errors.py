"""What is refused, by class of the official client and to the letter on the wire."""
import json

import openai
import pytest

import spec
from conftest import CHAT, CODE, EMBED

HELLO = [{"role": "user", "content": "Hi"}]


def refused(server, path, body, status=400):
    got, _, raw = server.request("POST", path, body)
    assert got == status, raw
    return spec.check_error(json.loads(raw))


@pytest.mark.parametrize("fields, param, code, message", [
    ({"temperature": -1}, "temperature", "decimal_below_min_value",
     "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead."),
    ({"temperature": "hot"}, "temperature", "invalid_type",
     "Invalid type for 'temperature': expected a decimal, but got a string instead."),
    ({"foo": 1}, "foo", "unknown_parameter", "Unrecognized request argument supplied: foo"),
    ({"n": 9}, "n", "integer_above_max_value",
     "Invalid 'n': integer above maximum value. Expected a value <= 8, but got 9 instead."),
    ({"messages": None}, "messages", "invalid_type",
     "Invalid type for 'messages': expected an array of objects, but got null instead."),
    ({"tools": [{"type": "retrieval"}]}, "tools[0].type", "invalid_value",
     "Invalid value: 'retrieval'. Supported values are: 'function' and 'custom'."),
    ({"response_format": {"type": "json_object"}}, "messages", "invalid_value",
     "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."),
    ({"reasoning_effort": "high"}, "reasoning_effort", "unsupported_value",
     "Unsupported value: 'reasoning_effort' does not support 'high' with this model. "
     f"'{CHAT}' does not think before it answers: use 'none', or leave it out."),
    ({"tools": [{"type": "function", "function": {"name": "f"}}] * 2}, "tools[1].function.name", "invalid_value",
     "Invalid 'tools[1].function.name': 'f' is the name of another tool already."),
    ({"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]},
     "messages[0].content[0].type", "unsupported_value",
     "Unsupported value: 'messages[0].content[0].type' does not support 'image_url' with this model. "
     f"'{CHAT}' takes no pictures, only text."),
    ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role", "invalid_value", None),
    ({"max_tokens": 3, "max_completion_tokens": 3}, "max_tokens", "invalid_value", None),
    ({"logit_bias": {"49152": 1}}, "logit_bias", "invalid_value",
     "Invalid key in 'logit_bias': 49152. Maximum value is 49151."),
    ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value", None),
])
def test_fields(server, fields, param, code, message):
    error = refused(server, "/v1/chat/completions", {"model": CHAT, "messages": HELLO, **fields})
    assert (error["param"], error["code"], error["type"]) == (param, code, "invalid_request_error")
    assert message is None or error["message"] == message


def test_missing(server):
    error = refused(server, "/v1/chat/completions", {"model": CHAT})
    assert error["message"] == "Missing required parameter: 'messages'."
    assert error["code"] == "missing_required_parameter" and error["param"] == "messages"


@pytest.mark.parametrize("body", [
    b"", b"hello", b"{", b'{"model":"x","model":"x"}', b'{"a":"\xff"}', b'{"a":"\\ud800"}',
    b'{"a":"\\u0000"}', b'{"a":1e999}', b"\xef\xbb\xbf{}", b"[" * 1000, b"[" * 1000000,
    b'{"a":' + b"[" * 65 + b"]" * 65 + b"}", b'{"a":[' + b"1," * 100000 + b"1]}", b"{}x", b"{'a':1}",
], ids=range(15))
def test_bad_json(server, body):
    error = refused(server, "/v1/chat/completions", body)
    assert error["code"] == "invalid_json" and error["param"] is None
    assert error["message"].startswith("We could not parse the JSON body of your request")


def test_body_of_another_type(server):
    status, _, raw = server.request(
        "POST", "/v1/chat/completions", b"{}", {"Content-Type": "text/plain"})
    assert status == 415
    spec.check_error(json.loads(raw))


def test_too_large_a_body(server):
    body = b'{"a":"' + b"x" * (4 << 20) + b'"}'
    status, _, raw = server.request("POST", "/v1/chat/completions", body)
    assert status == 413
    assert spec.check_error(json.loads(raw))["code"] == "request_too_large"


def test_unknown_model(client, server):
    with pytest.raises(openai.NotFoundError) as error:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert error.value.code == "model_not_found" and error.value.param is None
    answer = refused(server, "/v1/embeddings", {"model": "nope", "input": "x"}, 404)
    assert answer["message"] == "The model `nope` does not exist or you do not have access to it."


def test_wrong_operation_for_a_model(client):
    with pytest.raises(openai.BadRequestError) as error:
        client.embeddings.create(model=CHAT, input="x")
    assert error.value.param == "model" and CHAT in str(error.value)
    client.embeddings.create(model=EMBED, input="x")
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model=EMBED, messages=HELLO)
    assert error.value.param == "model"
    with pytest.raises(openai.BadRequestError) as error:
        client.completions.create(model=CHAT, prompt="a", suffix="b")
    assert error.value.param == "suffix"


@pytest.mark.parametrize("stream", [False, True])
def test_context_overflow(client, stream):
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "word " * 9000}], stream=stream)
    assert error.value.code == "context_length_exceeded"
    assert error.value.param == "messages"
    assert "8192" in str(error.value) and "90" in str(error.value)
    with pytest.raises(openai.BadRequestError) as error:
        client.completions.create(model=CHAT, prompt="word " * 9000, stream=stream)
    assert error.value.code == "context_length_exceeded" and error.value.param == "prompt"


def test_urls_and_methods(server):
    status, headers, raw = server.request("POST", "/v1/xyz", {})
    assert status == 404 and headers["x-request-id"]
    assert spec.check_error(json.loads(raw))["message"] == "Invalid URL (POST /v1/xyz)"
    status, _, raw = server.request("GET", "/v1/embeddings")
    assert status == 405
    spec.check_error(json.loads(raw))


@pytest.fixture(scope="module")
def locked(start, tmp_path_factory):
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text("# ours\nsk-one\nsk-two\n")
    return start("--default-model", CHAT, "--api-key-file", str(keys))


def client_of(server, key, **more):
    return openai.OpenAI(base_url=server.url + "/v1", api_key=key, max_retries=0, **more)


def test_keys(locked):
    for key in ("sk-one", "sk-two"):
        with client_of(locked, key) as client:
            assert len(client.models.list().data) == 3
    with client_of(locked, "sk-wrong") as client:
        with pytest.raises(openai.AuthenticationError) as error:
            client.models.list()
        assert error.value.code == "invalid_api_key"
    status, _, raw = locked.request("GET", "/v1/models")
    assert status == 401
    assert spec.check_error(json.loads(raw))["code"] is None
    status, _, _ = locked.request("GET", "/v1/models", headers={"api-key": "sk-one"})
    assert status == 200
    assert "sk-" not in locked.log()


def test_key_from_the_environment(start):
    server = start("--default-model", CHAT, env={"TIRO_API_KEY": "sk-env"})
    assert server.request("GET", "/v1/models")[0] == 401
    with client_of(server, "sk-env") as client:
        assert client.models.list().data


def test_a_page_of_another_origin(server):
    status, _, raw = server.request("GET", "/v1/models", headers={"Host": "evil.example:80"})
    assert status == 403
    spec.check_error(json.loads(raw))
    status, _, _ = server.request("GET", "/v1/models", headers={"Origin": "http://evil.example"})
    assert status == 403


def test_request_ids(client, server):
    answer = client.models.with_raw_response.list()
    first = answer.headers["x-request-id"]
    second = server.request("GET", "/v1/models")[1]["x-request-id"]
    assert first and second and first != second
