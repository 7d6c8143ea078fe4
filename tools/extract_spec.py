#!/usr/bin/env python3
"""Takes from OpenAI's published OpenAPI document (version 2.3.0, MIT) the schemas of the answers that
tests/api checks, without their descriptions.

usage: tools/extract_spec.py openai-2.3.0.json > tests/api/specs/openai-2.3.0-answers.json

Its `nullable: true` is OpenAPI 3.0; JSON Schema wants {"type": "null"} beside it.
"""
import json
import sys

ANSWERS = [
    "CreateChatCompletionResponse",
    "CreateChatCompletionStreamResponse",
    "CreateCompletionResponse",
    "CreateEmbeddingResponse",
    "ErrorResponse",
    "ListModelsResponse",
    "Model",
]
DROPPED = {"description", "example", "title", "externalDocs"}


def clean(value):
    if isinstance(value, list):
        return [clean(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, child in value.items():
        if key in DROPPED and not isinstance(child, dict):
            continue
        if key.startswith("x-") or key == "nullable":
            continue
        out[key] = clean(child)
    # "properties" may well have a property called "nullable"; as a keyword it is a boolean.
    if value.get("nullable") is True:
        return {"anyOf": [out, {"type": "null"}]}
    return out


def references(value):
    if isinstance(value, list):
        for child in value:
            yield from references(child)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rsplit("/", 1)[1]
        for child in value.values():
            yield from references(child)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schemas = json.load(f)["components"]["schemas"]
    wanted, found = list(ANSWERS), {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = clean(schemas[name])
            wanted += references(found[name])
    document = {"components": {"schemas": dict(sorted(found.items()))}}
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
