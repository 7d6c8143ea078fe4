"""Responses of the SDK's tests: a request that asks for nothing asks for a word; fields that contradict each
other, or that this server refuses by name, go; ids become those of responses that are there."""
import json
import re
import urllib.parse

from server import CHAT, CODE

FILES = ["test_responses.py", "responses/test_input_items.py", "responses/test_input_tokens.py"]
CREATE, COUNT, COMPACT = "/v1/responses", "/v1/responses/input_tokens", "/v1/responses/compact"
ID = re.compile("/v1/responses/(resp_677efb5139a88190b512bc3fef8e535d|response_id)(/[a-z_]+)?")
USUAL = {"model": CHAT, "input": "string"}
SHORT = {"max_output_tokens": 16}

# What goes, and why.
GONE = {
    "access_programs": "not in the published document",
    "background_options": "not in the published document",
    "image": "not in the published document",
    "context_management": "refused: truncation and compact do it here",
    "moderation": "refused: this server does not moderate",
    "prompt": "refused: prompts are not stored here",
    "personality": "refused: models here have one",
    "conversation": "beside previous_response_id, and neither is there",
    "previous_response_id": "the same",
}

server = None  # Set by run.py.


def make(**more):
    status, value = server.post(CREATE, {**USUAL, **SHORT, **more})
    assert status == 200, value
    return value["id"]


def ask(path, value):
    """The body of a POST that this server can answer."""
    for name in GONE:
        value.pop(name, None)
    if path == CREATE:
        value = {**SHORT, **value}
        if value.get("max_tool_calls") == 0:
            value["max_tool_calls"] = 1  # At least one.
        if not value.get("stream"):
            value.pop("stream_options", None)  # Only with a stream.
    if "text" in value:
        value["text"]["verbosity"] = "medium"  # Models here have no such setting.
    for tool in value.get("tools", []):
        tool.pop("async", None)  # Not in the published document.
        tool["defer_loading"] = False
        tool["parameters"] = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    known = CODE if value.get("tools") else CHAT
    return {**USUAL, **value, "model": known}


def listed(query):
    """No list has a page of none, and "after" is no item's id."""
    pairs = {k: v for k, v in urllib.parse.parse_qsl(query) if (k, v) != ("after", "after")}
    if pairs.get("limit") == "0":
        pairs["limit"] = "1"
    return urllib.parse.urlencode(pairs)


def rewrite(method, path, body):
    """(path, body), or None when it is no business of this file."""
    plain, _, query = path.partition("?")
    if method == "POST" and plain in (CREATE, COUNT, COMPACT):
        return path, json.dumps(ask(plain, json.loads(body or b"{}"))).encode()
    if not (found := ID.fullmatch(plain)):
        return None
    streams = "stream=true" in query
    own = make(background=True) if found[2] == "/cancel" or streams else make()
    query = listed(query) if found[2] == "/input_items" else query
    path = plain.replace(found[1], own)
    return f"{path}?{query}" if query else path, body
