#!/usr/bin/env python3
"""Takes from OpenAI's published OpenAPI document (version 2.3.0, MIT) what the operations that `tiro`
serves answer, by status and media type, and the schemas of that, without their descriptions.

usage: tools/extract_spec.py openai-2.3.0.json > tests/api/specs/openai-2.3.0-answers.json

Its `nullable: true` is OpenAPI 3.0; JSON Schema wants {"type": "null"} beside it.
"""
import json
import sys

OPERATIONS = [
    ("/chat/completions", "post"),
    ("/chat/completions", "get"),
    ("/chat/completions/{completion_id}", "get"),
    ("/chat/completions/{completion_id}", "post"),
    ("/chat/completions/{completion_id}", "delete"),
    ("/chat/completions/{completion_id}/messages", "get"),
    ("/conversations", "post"),
    ("/conversations/{conversation_id}", "get"),
    ("/conversations/{conversation_id}", "post"),
    ("/conversations/{conversation_id}", "delete"),
    ("/conversations/{conversation_id}/items", "get"),
    ("/conversations/{conversation_id}/items", "post"),
    ("/conversations/{conversation_id}/items/{item_id}", "get"),
    ("/conversations/{conversation_id}/items/{item_id}", "delete"),
    ("/completions", "post"),
    ("/embeddings", "post"),
    ("/batches", "post"),
    ("/batches", "get"),
    ("/batches/{batch_id}", "get"),
    ("/batches/{batch_id}/cancel", "post"),
    ("/models", "get"),
    ("/models/{model}", "get"),
    ("/models/{model}", "delete"),
    # Without /files/{file_id}/content: it says that the bytes are a string of JSON.
    ("/files", "post"),
    ("/files", "get"),
    ("/files/{file_id}", "get"),
    ("/files/{file_id}", "delete"),
    ("/uploads", "post"),
    ("/uploads/{upload_id}/parts", "post"),
    ("/uploads/{upload_id}/complete", "post"),
    ("/uploads/{upload_id}/cancel", "post"),
    ("/organization/usage/completions", "get"),
    ("/organization/usage/embeddings", "get"),
    ("/responses", "post"),
    ("/responses/input_tokens", "post"),
    ("/responses/compact", "post"),
    ("/responses/{response_id}", "get"),
    ("/responses/{response_id}", "delete"),
    ("/responses/{response_id}/cancel", "post"),
    ("/responses/{response_id}/input_items", "get"),
    ("/vector_stores", "post"),
    ("/vector_stores", "get"),
    ("/vector_stores/{vector_store_id}", "get"),
    ("/vector_stores/{vector_store_id}", "post"),
    ("/vector_stores/{vector_store_id}", "delete"),
    ("/vector_stores/{vector_store_id}/search", "post"),
    ("/vector_stores/{vector_store_id}/files", "post"),
    ("/vector_stores/{vector_store_id}/files", "get"),
    ("/vector_stores/{vector_store_id}/files/{file_id}", "get"),
    ("/vector_stores/{vector_store_id}/files/{file_id}", "post"),
    ("/vector_stores/{vector_store_id}/files/{file_id}", "delete"),
    ("/vector_stores/{vector_store_id}/files/{file_id}/content", "get"),
    ("/vector_stores/{vector_store_id}/file_batches", "post"),
    ("/vector_stores/{vector_store_id}/file_batches/{batch_id}", "get"),
    ("/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel", "post"),
    ("/vector_stores/{vector_store_id}/file_batches/{batch_id}/files", "get"),
]
ERROR = "ErrorResponse"  # No operation mentions it, but it is what all of them fail with.
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


def answers(operation):
    """{status: {media type: schema}} of those that have a body."""
    out = {}
    for status, answer in operation["responses"].items():
        if content := answer.get("content"):
            out[status] = {media: clean(body["schema"]) for media, body in content.items()}
    return out


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        published = json.load(f)
    schemas, paths, found = published["components"]["schemas"], {}, {}
    for path, method in OPERATIONS:
        paths.setdefault(path, {})[method] = answers(published["paths"][path][method])
    wanted = [ERROR, *references(paths)]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = clean(schemas[name])
            wanted += references(found[name])
    document = {"paths": paths, "components": {"schemas": dict(sorted(found.items()))}}
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
