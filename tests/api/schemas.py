"""Schemas of many shapes, drawn from a seed: objects of OpenAI's strict subset.

Everything in them is bounded (texts, lists, depth), so that an answer of some hundred tokens is whole.
"""
import random

WORDS = ("river stone lamp winter garden paper window music number letter market bridge summer forest "
         "engine island silver morning harbour mountain kitchen teacher village feather copper").split()
PATTERNS = ("^[A-Z]{3}-[0-9]{4}$", "^(red|green|blue)(, (red|green|blue)){0,2}$", "^[0-9a-f]{8}$",
            "^\\+?[0-9]{6,9}$")
FORMATS = ("date", "time", "uuid", "ipv4")  # All of a bounded length.
DEPTH_MAX = 3


def name(dice):
    """Of a property: words, sometimes with what JSON must escape or UTF-8 spells in several bytes."""
    word = "_".join(dice.sample(WORDS, dice.randint(1, 2)))
    return word + dice.choice(["", "", "", "", " \"quoted\"", "é", "\\", "日本"])


def string(dice):
    kind = dice.randrange(4)
    if kind == 0:
        return {"type": "string", "pattern": dice.choice(PATTERNS)}
    if kind == 1:
        return {"type": "string", "format": dice.choice(FORMATS)}
    if kind == 2:
        return {"type": "string", "enum": sorted({name(dice) for _ in range(dice.randint(2, 20))})}
    low = dice.randint(0, 4)
    return {"type": "string", "minLength": low, "maxLength": low + dice.randint(1, 20)}


def number(dice):
    low = dice.randint(-1000, 1000)
    return {"type": "integer", "minimum": low, "maximum": low + dice.choice([0, 7, 100, 123456])}


def array(dice, depth):
    low = dice.randint(0, 2)
    high = low + dice.randint(1, 3)
    return {"type": "array", "items": value(dice, depth + 1), "minItems": low, "maxItems": high}


def value(dice, depth):
    leaves = [string, number, lambda d: {"type": "boolean"}, lambda d: {"type": "null"},
              lambda d: {"const": d.choice([1, -2.5, "fixed", True, None])}]
    if depth >= DEPTH_MAX or dice.random() < 0.6:
        return dice.choice(leaves)(dice)
    kind = dice.randrange(3)
    if kind == 0:
        return array(dice, depth)
    if kind == 1:
        return {"anyOf": [value(dice, depth + 1), value(dice, depth + 1)]}
    return object_(dice, depth + 1)


def object_(dice, depth=0):
    keys = list(dict.fromkeys(name(dice) for _ in range(dice.randint(1, 4 if depth == 0 else 2))))
    return {
        "type": "object",
        "properties": {key: value(dice, depth + 1) for key in keys},
        "required": keys,
        "additionalProperties": False,
    }


def schema(seed):
    """The seed-th."""
    return object_(random.Random(f"schema {seed}"))
