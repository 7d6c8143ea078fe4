"""What the schema tests share: the checker (schema_check.c), and JSON in canonical writing."""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHECK = pathlib.Path(os.environ.get("TIRO_BUILD", ROOT / "build")) / "tests" / "schema_check"


def ask(requests):
    """The answers of one run of the checker."""
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in requests)
    done = subprocess.run([str(CHECK)], input=text.encode("utf-8", "surrogatepass"),
                          capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answers = [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]
    assert len(answers) == len(requests)
    return answers


def property_order(schema):
    """The names of all properties in the document, in the order in which they are met: as the
    grammar does, a schema's own ones first, then those of what it refers to."""
    order = {}

    def visit(node):
        if isinstance(node, dict):
            for name in node.get("properties") or {}:
                order.setdefault(name, len(order))
            for name in node.get("required") or []:
                order.setdefault(name, len(order))
            for name, others in (node.get("dependentRequired") or {}).items():
                for other in [name, *others]:
                    order.setdefault(other, len(order))
            for child in node.values():
                visit(child)
        elif isinstance(node, list):
            for child in node:
                visit(child)

    visit(schema)
    return order


def canonical(instance, order):
    def sort(value):
        if isinstance(value, dict):
            keys = sorted(value, key=lambda k: order.get(k, len(order)))
            return {k: sort(value[k]) for k in keys}
        if isinstance(value, list):
            return [sort(v) for v in value]
        return value

    return json.dumps(sort(instance), ensure_ascii=False)
