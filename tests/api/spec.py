"""Judges answers by OpenAI's published document (specs/, made by tools/extract_spec.py).

    spec.must("GET", "/v1/models", 200, "application/json", body)     AssertionError, or nothing

tap.py judges what the official clients are told, server.py and http_server.py what plain HTTP is told,
so nothing that a test of this folder reads goes unjudged. Operations that the document does not
know are ours; only their errors are judged.
"""
import collections
import copy
import json
import pathlib
import re
import urllib.parse

import jsonschema_rs

DOCUMENT = json.loads(
    pathlib.Path(__file__).with_name("specs").joinpath("openai-2.3.0-answers.json").read_text())
SCHEMAS, PATHS = DOCUMENT["components"]["schemas"], DOCUMENT["paths"]
JSON, EVENTS = "application/json", "text/event-stream"
NULL, STRING = {"type": "null"}, {"type": "string"}

# Where the wire differs from the document and clients depend on the wire: a schema, a place in it, what
# is right there besides, and why. CompletionChunk is what CreateCompletionResponse is by then: the
# document has one schema for text completions, whole or streamed, and mentions no stream. StoredMessage
# is the ChatCompletionResponseMessage of ChatCompletionMessageList.
DIFFERENCES = [
    ("CreateCompletionResponse", "choices[].logprobs.token_logprobs[]", NULL,
     "with echo the first token has none: lm-eval and others skip it by its null"),
    ("CreateCompletionResponse", "choices[].logprobs.top_logprobs[]", NULL, "the same"),
    ("CompletionChunk", "choices[].finish_reason", NULL, "null until the choice's last event"),
    ("CompletionChunk", "usage", NULL, "null in all events but the last with include_usage, as in chat"),
    ("ModelResponseProperties", "user", NULL, "every key of a Response is there, null when not given"),
    ("Response", "usage", NULL, "null until the response has ended"),
    ("ConversationItemList", "first_id", NULL, "an empty list has no first item"),
    ("ConversationItemList", "last_id", NULL, "nor a last one"),
    ("ChatCompletionList", "first_id", NULL, "the same"),
    ("ChatCompletionList", "last_id", NULL, "the same"),
    ("ChatCompletionMessageList", "first_id", NULL, "the same"),
    ("ChatCompletionMessageList", "last_id", NULL, "the same"),
    ("StoredMessage", "role", STRING, "the messages of a request have all roles, as the document's example says"),
    ("ChatCompletionMessageList", "data[].content_parts[]", {"type": "object", "required": ["type", "file"], "properties": {
        "type": {"const": "file"}}}, "and their parts of all types"),
    ("OpenAIFile", "purpose", {"const": "evals"}, "as the document itself has it for what is sent"),
    ("ListVectorStoresResponse", "first_id", NULL, "of an empty list, as everywhere"),
    ("ListVectorStoresResponse", "last_id", NULL, "the same"),
    ("ListVectorStoreFilesResponse", "first_id", NULL, "the same"),
    ("ListVectorStoreFilesResponse", "last_id", NULL, "the same"),
    ("ListFilesResponse", "first_id", NULL, "of an empty list, as everywhere"),
    ("ListFilesResponse", "last_id", NULL, "the same"),
    ("Embedding", "embedding", STRING, "base64, when encoding_format asks for it: the clients' default"),
]


def amend(name, place, also):
    parent, key = SCHEMAS, name
    for step in re.findall(r"\[\]|\w+", place):
        node = parent[key]
        node = node["anyOf"][0] if "anyOf" in node else node
        if "allOf" in node:
            node = next(n for n in node["allOf"] if step in n.get("properties", {}))
        parent, key = (node, "items") if step == "[]" else (node["properties"], step)
    parent[key] = {"anyOf": [parent[key], also]}


STORED = SCHEMAS["ChatCompletionMessageList"]["properties"]["data"]["items"]["allOf"][0]
SCHEMAS["StoredMessage"] = copy.deepcopy(SCHEMAS[STORED["$ref"].rsplit("/", 1)[1]])
STORED["$ref"] = "#/components/schemas/StoredMessage"

for name, place, also, _ in DIFFERENCES:
    if name not in SCHEMAS:
        SCHEMAS["CompletionChunk"] = copy.deepcopy(SCHEMAS["CreateCompletionResponse"])
        PATHS["/completions"]["post"]["200"][EVENTS] = {"$ref": "#/components/schemas/CompletionChunk"}
    amend(name, place, also)

# Tools of ours: their objects stand where the document has those of its own. name, what it is, where.
TEXT_OR_NULL = {"type": ["string", "null"]}


def exactly(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def phase(name):
    return exactly(type={"type": "string", "enum": [f"response.tiro_memory_call.{name}"]}, output_index={"type": "integer"},
                   item_id=STRING, sequence_number={"type": "integer"})


EXTENSIONS = [
    ("TiroMemoryTool", exactly(type={"const": "tiro_memory"}), ("Tool", "ToolChoiceParam")),
    ("TiroMemoryCall", exactly(id=STRING, type={"const": "tiro_memory_call"}, memory_id=TEXT_OR_NULL, text=TEXT_OR_NULL,
                               status={"enum": ["in_progress", "completed", "failed"]}),
     ("ConversationItem", "Item", "ItemField", "ItemResource", "OutputItem")),
    ("TiroMemoryInProgressEvent", phase("in_progress"), ("ResponseStreamEvent",)),
    ("TiroMemoryCompletedEvent", phase("completed"), ("ResponseStreamEvent",)),
]
for name, schema, places in EXTENSIONS:
    SCHEMAS[name] = schema
    for place in places:
        union = SCHEMAS[place].get("oneOf") or SCHEMAS[place]["anyOf"]
        union.append({"$ref": f"#/components/schemas/{name}"})

# What the document leaves open: a stream that it mentions in the description alone, and an answer without
# any description, which is that of its example.
STREAM = PATHS["/responses"]["post"]["200"][EVENTS]
PATHS["/responses/{response_id}"]["get"]["200"][EVENTS] = STREAM
PATHS["/responses/{response_id}"]["delete"]["200"] = {JSON: {
    "type": "object", "required": ["id", "object", "deleted"], "additionalProperties": False,
    "properties": {"id": {"type": "string"}, "object": {"enum": ["response"]}, "deleted": {"enum": [True]}}}}


def pattern_of(path):
    """Ids are one part of a path; the name of a model may have slashes."""
    inside = re.sub(r"\\\{(\w+)\\\}", lambda m: ".+" if m[1] == "model" else "[^/]+", re.escape(path))
    return re.compile("/v1" + inside)


OPERATIONS = [
    (method.upper(), pattern_of(path), answers)
    for path, methods in PATHS.items() for method, answers in methods.items()
]
ELSEWHERE = ("/v1/messages",)  # Described by others, in shapes of their own.
NAMED = ("/v1/responses",)  # Streams with event: lines, numbers and no [DONE].
ERROR_KEYS = {"message", "type", "param", "code"}
VALIDATORS = {}
JUDGED = collections.Counter()  # What was judged, for the report.
PROBLEMS = []  # What was wrong in an answer to a client that does not look itself: see take_problems().


def errors_of(schema, value):
    """What is wrong with the value, in words; the schema may be a name."""
    if isinstance(schema, str):
        schema = {"$ref": f"#/components/schemas/{schema}"}
    key = json.dumps(schema)
    if key not in VALIDATORS:
        VALIDATORS[key] = jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{'/'.join(map(str, e.instance_path))}: {e.message}" for e in VALIDATORS[key].iter_errors(value)]


def error_errors(value):
    found = errors_of("ErrorResponse", value)
    if not found and (set(value) != {"error"} or set(value["error"]) != ERROR_KEYS):
        found = [f"an error has exactly the keys {sorted(ERROR_KEYS)}"]
    return found


def answers_of(method, path):
    """{status: {media type: schema}} of an operation of the document, or None."""
    plain = urllib.parse.unquote(path.partition("?")[0])
    return next((a for m, p, a in OPERATIONS if m == method and p.fullmatch(plain)), None)


def parse(text):
    try:
        return json.loads(text), []
    except ValueError as error:
        return None, [f"no JSON: {error}"]


def judge(method, path, status, media, body):
    """What is wrong with a whole answer; path None: of a request that was no HTTP."""
    media = (media or "").partition(";")[0]
    if method == "HEAD" or path and path.startswith(ELSEWHERE):
        return []
    if status >= 400:
        JUDGED["errors"] += 1
        value, wrong = parse(body)
        return wrong or error_errors(value)
    answers = answers_of(method, path) if path else None
    if answers is None:
        return []
    schema = answers.get(str(status), {}).get(media)
    if schema is None:
        return [f"{status} {media} is not in the document"]
    if media == EVENTS:
        return Events(method, path).feed(body)
    JUDGED["answers"] += 1
    value, wrong = parse(body)
    return wrong or errors_of(schema, value)


class Events:
    """The events of one stream, judged as they come."""

    def __init__(self, method, path):
        answers = answers_of(method, path) if path else None
        self.schema = answers["200"].get(EVENTS) if answers else None
        self.ours = not (path and path.startswith(ELSEWHERE))
        self.named = bool(path) and path.startswith(NAMED)
        self.number = None  # of the last event
        self.rest = b""

    def schema_of(self, kind):
        """The one of the events' schemas that has this type: it says better what is wrong."""
        for one in SCHEMAS[self.schema["$ref"].rsplit("/", 1)[1]]["anyOf"]:
            name = one["$ref"].rsplit("/", 1)[1]
            if kind in SCHEMAS[name]["properties"]["type"]["enum"]:
                return name
        return self.schema

    def name_of(self, event):
        first, _, rest = event.partition(b"\n")
        return first.removeprefix(b"event: ").decode(), rest

    def order(self, name, value):
        """Events of responses are numbered without gaps, and named twice alike."""
        before, self.number = self.number, value.get("sequence_number")
        if name != value.get("type"):
            return [f"event: {name} has the type {value.get('type')}"]
        if before is not None and self.number != before + 1:
            return [f"event {self.number} comes after {before}"]
        return []

    def feed(self, data):
        if not self.ours:
            return []
        *events, self.rest = (self.rest + data).split(b"\n\n")
        return [wrong for event in events for wrong in self.judge(event)]

    def judge(self, event):
        name = None
        if self.named:
            name, event = self.name_of(event)
        if not event.startswith(b"data: ") or b"\n" in event:
            return [f"not one data line: {event!r}"]
        if self.named and event == b"data: [DONE]":
            return ["this stream has no [DONE]"]
        if event == b"data: [DONE]" or self.schema is None:
            return []
        value, wrong = parse(event[6:])
        if wrong:
            return wrong
        JUDGED["events"] += 1
        if self.named:
            return self.order(name, value) + errors_of(self.schema_of(value.get("type")), value)
        return error_errors(value) if "error" in value else errors_of(self.schema, value)


def told(method, path, wrong, shown):
    return f"{method} {path} answers what the document does not allow: {'; '.join(wrong)}\n{shown[:2000]!r}"


def must(method, path, status, media, body):
    wrong = judge(method, path, status, media, body)
    assert not wrong, told(method, path, wrong, body)


def take_problems():
    found = "\n".join(PROBLEMS)
    PROBLEMS.clear()
    return found


def check(name, value):
    found = errors_of(name, value)
    assert not found, "\n".join(found)


def check_error(value):
    """The error object, with all four keys."""
    found = error_errors(value)
    assert not found, "\n".join(found)
    return value["error"]
