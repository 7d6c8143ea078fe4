"""How the placeholders of the SDK's generated tests become what a real server can do.

The tests are written for a mock that answers anything. Ids and names of models become those that are
here; values that only a mock could take become the nearest that mean something. Each row replaces one
exact value in one field of one operation, and says why; nothing else is changed.
"""
import collections
import dataclasses
import json
import urllib.parse

import batches
import files
import responses
import stored
import vector_stores
from server import CHAT, CODE, EMBED

# Resources whose objects must be made first have a file each, with FILES, server and rewrite().
OTHERS = [batches, files, responses, vector_stores]

CHATS, TEXTS, EMBEDDINGS = "/v1/chat/completions", "/v1/completions", "/v1/embeddings"
NO_SCHEMA = {"foo": "bar"}
EMPTY_OBJECT = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
PLACE = {"city": "city", "country": "country", "region": "region", "timezone": "timezone"}


class ABSENT:
    """The field is not there; as a replacement: leave it out."""


# Ids in paths.
PATHS = {"/v1/models/gpt-6-astra": f"/v1/models/{CHAT}"}
# Each test deletes a model that others made: an adapter of its own, which run.py has put there.
DELETED = "/v1/models/ft:gpt-4o-mini:acemeco:suffix:abc123"
ADAPTERS = [f"{CHAT}:to-delete-{i}" for i in range(32)]
LEFT = iter(ADAPTERS)


@dataclasses.dataclass(eq=False)  # Each is its own, whatever it holds.
class Row:
    path: str
    field: str  # "tools[].function.parameters"
    was: object
    now: object
    why: str
    when: tuple = ()  # (field, value) that must be beside it


STREAM_OPTIONS = {"include_obfuscation": True, "include_usage": True}
ROWS = [
    Row(CHATS, "model", "gpt-6-astra", CODE, "a model that is here, and has tools"),
    Row(TEXTS, "model", "gpt-3.5-turbo-instruct", CODE, "a model that is here, and can fill in the middle"),
    Row(EMBEDDINGS, "model", "text-embedding-3-small", EMBED, "a model that is here"),
    # What no server takes together, or at all.
    Row(CHATS, "logit_bias", {"foo": 0}, {"100": 0}, "keys are token ids"),
    Row(TEXTS, "logit_bias", {"foo": 0}, {"100": 0}, "keys are token ids"),
    Row(TEXTS, "best_of", 0, 1, "at least n"),
    Row(CHATS, "stream_options", STREAM_OPTIONS, ABSENT, "only with a stream", ("stream", False)),
    Row(TEXTS, "stream_options", STREAM_OPTIONS, ABSENT, "only with a stream", ("stream", False)),
    Row(EMBEDDINGS, "encoding_format", "base64", "float",
        "the strict client asks for base64 and then accepts nothing but numbers"),
    Row(CHATS, "max_tokens", 0, ABSENT, "beside max_completion_tokens, which replaced it"),
    Row(CHATS, "max_completion_tokens", 0, 4, "at least one token"),
    Row(CHATS, "max_completion_tokens", ABSENT, 4, "a real model would go on; the test reads what comes"),
    Row(CHATS, "functions", [{"name": "name", "description": "description", "parameters": NO_SCHEMA}], ABSENT,
        "beside tools, which replaced them"),
    Row(CHATS, "function_call", "none", ABSENT, "beside tools, the same"),
    Row(CHATS, "tools[].function.parameters", NO_SCHEMA, EMPTY_OBJECT, "a JSON Schema of the strict subset"),
    Row(CHATS, "audio", {"format": "wav", "voice": "alloy"}, ABSENT, "of spoken output; none is asked for"),
    # What this server refuses by name.
    Row(CHATS, "verbosity", "low", ABSENT, "models here have no such setting"),
    Row(CHATS, "moderation", {"model": "model", "policy": {"input": {"mode": "score"}, "output": {"mode": "score"}}},
        ABSENT, "this server does not moderate"),
    Row(CHATS, "web_search_options", {"search_context_size": "low", "user_location": {
        "approximate": PLACE, "type": "approximate"}}, ABSENT, "this server does not search"),
]
USED = collections.Counter()


def change(holder, steps, row):
    """Applies a row to what its field's first step names in `holder`."""
    step, *rest = steps
    key = step.removesuffix("[]")
    if rest:
        inner = holder.get(key, [])
        for one in inner if step.endswith("[]") else [inner]:
            change(one, rest, row)
    elif holder.get(key, ABSENT) == row.was and type(holder.get(key, ABSENT)) is type(row.was):
        USED[row] += 1
        if row.now is ABSENT:
            del holder[key]
        else:
            holder[key] = row.now


def rewrite(method, path, body):
    path, body = stored.rewrite(method, path, body)
    for other in OTHERS:
        if (changed := other.rewrite(method, path, body)) is not None:
            return changed
    path = PATHS.get(urllib.parse.unquote(path), path)
    if urllib.parse.unquote(path) == DELETED:
        path = f"/v1/models/{next(LEFT)}"
    rows = [row for row in ROWS if row.path == path and method == "POST"]
    if not rows:
        return path, body
    value = json.loads(body)
    for row in rows:
        if row.when and value.get(row.when[0]) != row.when[1]:
            continue
        change(value, row.field.split("."), row)
    return path, json.dumps(value).encode()


def unused():
    """Rows that changed nothing: the tests no longer say that."""
    return [row for row in ROWS if not USED[row]]
