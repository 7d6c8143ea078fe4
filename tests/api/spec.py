"""Checks answers against OpenAI's published schemas (specs/, see tools/extract_spec.py)."""
import json
import pathlib

import jsonschema
import referencing
import referencing.jsonschema

PATH = pathlib.Path(__file__).with_name("specs") / "openai-2.3.0-answers.json"
DOCUMENT = json.loads(PATH.read_text())
REGISTRY = referencing.Registry().with_resource(
    "urn:openai", referencing.Resource(DOCUMENT, referencing.jsonschema.DRAFT202012)
)


def errors_of(name, value):
    schema = {"$ref": f"urn:openai#/components/schemas/{name}"}
    validator = jsonschema.Draft202012Validator(schema, registry=REGISTRY)
    return [f"{e.json_path}: {e.message}" for e in validator.iter_errors(value)]


def check(name, value):
    found = errors_of(name, value)
    assert not found, "\n".join(found)


def check_error(value):
    """The error object, with all four keys."""
    check("ErrorResponse", value)
    assert set(value) == {"error"}
    assert set(value["error"]) == {"message", "type", "param", "code"}
    return value["error"]
