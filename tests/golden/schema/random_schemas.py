"""Random schemas over a small world, and values of that world: small enough that many are valid."""
import itertools
import json
import random

NAMES = ["a", "b", "c", "ab", "a\"b"]
STRINGS = ["", "a", "b", "ab", "abc", "é", "\n\t", "aé", "b\"", "2024-02-29", "x" * 5]
NUMBERS = [-10, -3, -1, 0, 1, 2, 3, 5, 6, 7, 10, 12, 99, 100, 1000, 0.5, -0.5, 1.25, 2.5, 99.5,
           0.001]
PATTERNS = ["^a", "b$", "^[ab]*$", "é", "^.{2}$", "a|b", "^(a|ab)$"]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]


class World:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.defs = []

    # --- schemas ------------------------------------------------------------------------------

    def document(self):
        n = self.r.choice([0, 0, 1, 2])
        self.defs = [f"d{i}" for i in range(n)]
        document = self.schema(3)
        if isinstance(document, dict) and n:
            document["$defs"] = {name: self.schema(2) for name in self.defs}
        return document

    def some(self, makers, most=2):
        """A few of the keywords."""
        schema = {}
        for key, make in self.r.sample(makers, self.r.randint(0, min(most, len(makers)))):
            schema[key] = make()
        return schema

    def bounds(self):
        number = lambda: self.r.choice(NUMBERS)
        schema = self.some([("minimum", number), ("maximum", number), ("exclusiveMinimum", number),
                            ("exclusiveMaximum", number)])
        return schema

    def integer(self):
        schema = {"type": "integer"} | self.bounds()
        if self.r.random() < 0.3:
            schema["multipleOf"] = self.r.choice([1, 2, 3, 5, 7, 10, 2.0])
        return schema

    def string(self):
        small = lambda: self.r.randint(0, 3)
        return {"type": "string"} | self.some([
            ("minLength", small), ("maxLength", small),
            ("pattern", lambda: self.r.choice(PATTERNS))])

    def array(self, depth):
        small = lambda: self.r.randint(0, 3)
        schema = {"type": "array"} | self.some([
            ("minItems", small), ("maxItems", small),
            ("items", lambda: self.schema(depth - 1)),
            ("contains", lambda: self.schema(depth - 1)),
            ("prefixItems", lambda: [self.schema(depth - 1)
                                     for _ in range(self.r.randint(1, 3))])], 3)
        if self.r.random() < 0.1:
            schema["uniqueItems"] = True
            schema["items"] = {"enum": self.r.sample([1, 2, "a", "b", True, None], 4)}
        return schema

    def object(self, depth):
        names = lambda n: self.r.sample(NAMES, self.r.randint(1, n))
        schema = {"type": "object"} | self.some([
            ("properties", lambda: {n: self.schema(depth - 1) for n in sorted(names(4))}),
            ("required", lambda: sorted(names(2))),
            ("additionalProperties", lambda: self.r.choice([False, False, True,
                                                            self.schema(depth - 1)])),
            ("patternProperties", lambda: {p: self.schema(depth - 1)
                                           for p in self.r.sample(PATTERNS, self.r.randint(1, 2))}),
            ("propertyNames", lambda: self.r.choice([self.string(), {"enum": names(3)}])),
            ("minProperties", lambda: self.r.randint(0, 2)),
            ("maxProperties", lambda: self.r.randint(0, 3)),
            ("dependentRequired", lambda: {self.r.choice(NAMES): names(2)}),
            ("unevaluatedProperties", lambda: self.r.choice([False, self.schema(depth - 1)]))], 4)
        return schema

    def simple(self, depth):
        kind = self.r.choice(TYPES + ["array", "object", "object", "enum", "const", "any"])
        if kind == "number":
            return {"type": "number"} | self.bounds()
        if kind == "enum":
            return {"enum": [self.value(2) for _ in range(self.r.randint(1, 4))]}
        if kind == "const":
            return {"const": self.value(2)}
        if kind in ("array", "object"):
            return getattr(self, kind)(depth)
        if kind in ("integer", "string"):
            return getattr(self, kind)()
        return {} if kind == "any" else {"type": kind}

    def schema(self, depth):
        if depth <= 0:
            return self.r.choice([{}, True, {"type": self.r.choice(TYPES)}, self.string(),
                                  self.integer()])
        schema = self.simple(depth)
        if self.r.random() < 0.1:
            schema["type"] = self.r.sample(TYPES, 2)
        if self.r.random() < 0.06:
            schema.pop("type", None)
        if self.defs and self.r.random() < 0.2:
            schema["$ref"] = "#/$defs/" + self.r.choice(self.defs)
        for key, chance in (("anyOf", 0.15), ("allOf", 0.12), ("oneOf", 0.1)):
            if self.r.random() < chance:
                schema[key] = [self.schema(depth - 1) for _ in range(self.r.randint(1, 3))]
        if self.r.random() < 0.05:
            schema["not"] = self.r.choice([{"type": self.r.choice(TYPES)},
                                           {"const": self.value(1)}, {"enum": [1, "a"]}])
        return schema

    # --- values -------------------------------------------------------------------------------

    def value(self, depth):
        kind = self.r.choice(["null", "bool", "number", "number", "string", "string"] +
                             (["array", "object", "object"] if depth > 0 else []))
        if kind == "null":
            return None
        if kind == "bool":
            return self.r.random() < 0.5
        if kind == "number":
            return self.r.choice(NUMBERS)
        if kind == "string":
            return self.r.choice(STRINGS)
        if kind == "array":
            return [self.value(depth - 1) for _ in range(self.r.randint(0, 3))]
        return {n: self.value(depth - 1) for n in self.r.sample(NAMES, self.r.randint(0, 3))}

    def near(self, schema, depth=3):
        """A value that has a good chance of being valid."""
        if not isinstance(schema, dict) or self.r.random() < 0.1 or depth == 0:
            return self.value(1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.r.choice(schema["enum"])
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema and self.r.random() < 0.5:
                return self.near(self.r.choice(schema[key]), depth - 1)
        kind = schema.get("type", self.r.choice(TYPES))
        kind = self.r.choice(kind) if isinstance(kind, list) else kind
        if kind == "object":
            names = set(schema.get("required", []))
            names |= {n for n in schema.get("properties", {}) if self.r.random() < 0.5}
            names |= {n for n in NAMES if self.r.random() < 0.15}
            inner = schema.get("properties", {})
            rest = schema.get("additionalProperties", {})
            return {n: self.near(inner.get(n, rest), depth - 1) for n in sorted(names)[:4]}
        if kind == "array":
            prefix = schema.get("prefixItems", [])
            n = min(self.r.randint(schema.get("minItems", 0), 3), schema.get("maxItems", 3))
            return [self.near(prefix[i] if i < len(prefix) else schema.get("items", {}), depth - 1)
                    for i in range(n)]
        if kind == "string":
            return self.r.choice(STRINGS)
        if kind in ("number", "integer"):
            return self.r.choice(NUMBERS)
        return None if kind == "null" else self.r.random() < 0.5


WRITINGS_MAX = 400


def writings(value):
    """The value with the keys of its objects in all orders, or the first WRITINGS_MAX of them."""
    def orders(v):
        if isinstance(v, list):
            for items in itertools.product(*[list(orders(i)) for i in v]):
                yield list(items)
        elif isinstance(v, dict):
            for keys in itertools.permutations(v):
                for values in itertools.product(*[list(orders(v[k])) for k in keys]):
                    yield dict(zip(keys, values))
        else:
            yield v

    return [json.dumps(v, ensure_ascii=False) for v in itertools.islice(orders(value), WRITINGS_MAX)]
