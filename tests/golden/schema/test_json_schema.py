"""JSON Schemas as grammars against Python's jsonschema: the instances of JSON-Schema-Test-Suite,
texts drawn from the automata, and random schemas with random values.

An instance that is valid must be let through in canonical writing, one that is not must not. The
first may fail where EXPECTED says why; the second never.
"""
import collections
import json
import os
import sys

import pytest
from jsonschema import Draft202012Validator

import grammar
import random_schemas

sys.path.insert(0, str(grammar.ROOT / "tools"))
import json_schema_suite  # noqa: E402

# Valid instances that the grammar cannot write: (file, a part of the group's or test's name): why.
EXPECTED = {
    ("const.json", "different property order"): "a const is written in its own order",
    ("const.json", "float zero is valid"): "0 is written as 0",
    ("const.json", "float one is valid"): "1 is written as 1",
    ("const.json", "integer -2 is valid"): "-2.0 is written as -2.0",
    ("const.json", "float is valid"): "an integer is written as one",
    ("enum.json", "float zero is valid"): "0 is written as 0",
    ("enum.json", "float one is valid"): "1 is written as 1",
    ("enum.json", "[0.0] is valid"): "0 is written as 0",
    ("enum.json", "[1.0] is valid"): "1 is written as 1",
    ("format.json", "only an annotation"): "a format that is known is held",
    ("type.json", "a float with zero fractional part"): "an integer is written without a point",
    ("unevaluatedItems.json", "from if without then and else"): "if alone is a note",
    ("unevaluatedProperties.json", "from if without then and else"): "if alone is a note",
    ("unevaluatedProperties.json", "when two match"): "a value is written for one branch of anyOf",
    ("vocabulary.json", "no validation"): "$vocabulary is a note",
    ("bignum.json", "bignum is"): "numbers fit 64 bits",
}
# What is refused, by a part of the reason, and at most how often.
REFUSED = {
    "outside of this document": 49, "if, then and else": 14, "oneOf is supported if": 12,
    "dependencies is called": 7, "nothing is valid under false": 6, "maxContains": 6,
    "multipleOf is supported": 5, "'not' is supported": 5, "$dynamicRef": 3,
    "uniqueItems is supported": 3, "may not contain NUL": 2, "beyond 64 bits": 2,
    "minContains": 2, "without the whole ones": 2, "no value can have all": 2,
    "is not known here": 2, "minProperties of 2": 1, "an $id": 1, "unevaluatedItems beside": 1,
    "contains is supported once": 1,
}


def groups():
    suite = json_schema_suite.fetch()
    files = sorted(suite.glob("*.json")) + sorted(suite.glob("optional/*.json"))
    return [(path.name, group) for path in files for group in json.loads(path.read_text())]


@pytest.fixture(scope="module")
def answers():
    requests = []
    for _, group in groups():
        order = grammar.property_order(group["schema"])
        requests.append({"schema": group["schema"], "samples": 40, "seed": len(requests),
                         "texts": [grammar.canonical(t["data"], order) for t in group["tests"]]})
    return list(zip(groups(), grammar.ask(requests)))


def is_expected(name, group, test):
    return any(file == name and (part in test["description"] or part in group["description"])
               for file, part in EXPECTED)


def test_suite_agrees(answers):
    missed, unsound, counts = [], [], collections.Counter()
    for (name, group), answer in answers:
        for test, accepted in zip(group["tests"], answer.get("accepts", [])):
            counts[test["valid"], accepted] += 1
            where = (name, group["description"], test["description"])
            if accepted and not test["valid"]:
                unsound.append(where)
            elif test["valid"] and not accepted and not is_expected(name, group, test):
                missed.append(where)
    print(counts)
    assert unsound == []
    assert missed == []
    assert counts[True, True] >= 600 and counts[False, False] >= 370


def test_suite_refusals(answers):
    reasons = collections.Counter()
    for (name, group), answer in answers:
        if "accepts" in answer:
            continue
        text = answer.get("error") or answer["unreadable"]
        reasons[next((part for part in REFUSED if part in text), (name, text))] += 1
    for reason, n in reasons.most_common():
        print(f"{n:4} {reason}")
    assert {r: n for r, n in reasons.items() if n > REFUSED.get(r, 0)} == {}
    assert sum("accepts" in answer for _, answer in answers) >= 285


# Where Python's jsonschema follows other rules: metaschemas that are not there, and `re`, whose \\w
# is Unicode's while ECMA's is ASCII's.
NOT_PYTHONS = {"vocabulary.json", "ecmascript-regex.json"}


def errors_of(validator, text):
    """None: this validator cannot tell."""
    try:
        return [e.message for e in validator.iter_errors(json.loads(text))]
    except RecursionError:
        return None
    except Exception as error:  # pylint: disable=broad-except
        # A $schema that is not at hand, or an escape of ECMA's that Python's `re` has not.
        if type(error).__name__ in ("error", "PatternError", "_WrappedReferencingError"):
            return None
        raise


def test_suite_samples_are_valid(answers):
    bad, n = [], 0
    for (name, group), answer in answers:
        if name in NOT_PYTHONS:
            continue
        validator = Draft202012Validator(group["schema"])
        for text in answer.get("samples", []):
            errors = errors_of(validator, text)
            n += errors is not None
            if errors:
                bad.append((name, group["description"], text, errors[0]))
    assert bad == []
    assert n >= 8000


FORMATS = ["date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname",
           "ipv4", "ipv6", "iri", "iri-reference", "json-pointer", "relative-json-pointer", "time",
           "uri", "uri-reference", "uri-template", "uuid"]


def test_samples_of_formats():
    schemas = [{"type": "string", "format": f} for f in FORMATS]
    answers = grammar.ask([{"schema": s, "samples": 200, "seed": i} for i, s in enumerate(schemas)])
    bad = []
    for schema, answer in zip(schemas, answers):
        assert len(answer["samples"]) >= 100, schema
        validator = Draft202012Validator(schema,
                                         format_checker=Draft202012Validator.FORMAT_CHECKER)
        bad += [(schema["format"], t) for t in answer["samples"]
                if not validator.is_valid(json.loads(t))]
    assert bad == []


def random_case(seed):
    world = random_schemas.World(seed)
    schema = world.document()
    values = [world.near(schema) for _ in range(25)] + [world.value(2) for _ in range(8)]
    texts = [random_schemas.writings(v) for v in values]
    request = {"schema": schema, "texts": [t for ts in texts for t in ts], "samples": 6,
               "seed": seed}
    return request, values, [len(ts) for ts in texts]


def compare(request, values, n_writings, answer):
    """(valid, let through) of each value, and what is wrong."""
    validator = Draft202012Validator(request["schema"])
    at, wrong, counts = 0, [], collections.Counter()
    for value, n in zip(values, n_writings):
        accepted = any(answer["accepts"][at:at + n])
        at += n
        try:
            valid = validator.is_valid(value)
        except RecursionError:
            continue
        if valid and not accepted and n == random_schemas.WRITINGS_MAX:
            continue  # The order of the grammar may be one that was not tried.
        counts[valid, accepted] += 1
        if valid != accepted:
            wrong.append((request["seed"], request["schema"], value, valid))
    for text in answer["samples"]:
        if errors_of(validator, text):
            wrong.append((request["seed"], request["schema"], text))
    return counts, wrong


def test_random_schemas():
    first = int(os.environ.get("TIRO_SEED", "1"))
    n = 20000 if os.environ.get("TIRO_VERIFY") == "full" else 1500
    cases = [random_case(seed) for seed in range(first, first + n)]
    answers = grammar.ask([request for request, _, _ in cases])
    counts, wrong, impossible = collections.Counter(), [], []
    for (request, values, n_writings), answer in zip(cases, answers):
        if "accepts" in answer:
            c, w = compare(request, values, n_writings, answer)
            counts.update(c)
            wrong += w
        elif any(part in answer["error"] for part in ("no value", "nothing", "cannot be met")):
            validator = Draft202012Validator(request["schema"])
            impossible += [(request["schema"], v) for v in values if validator.is_valid(v)]
    print(counts)
    assert wrong == []
    assert impossible == []
    assert counts[True, True] >= 10 * n and counts[False, False] >= 5 * n
