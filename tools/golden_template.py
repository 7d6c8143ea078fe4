#!/usr/bin/env python3
"""Makes tests/golden/template/*.json: what jinja2 under transformers' own settings renders.

usage: golden_template.py OUT_DIR NAME=MODEL.gguf ...

Templates are compiled by transformers.utils.chat_template_utils, so the environment (sandbox,
trim_blocks, lstrip_blocks, extensions, tojson ...) is exactly the one that models are used with.
Each case is a template, its variables and the text, or null where jinja2 raises. Needs jinja2,
transformers and gguf; the versions are recorded. The clock stands at CLOCK.
"""
import datetime
import json
import sys

import jinja2
import transformers
from transformers.utils import chat_template_utils

from golden_template_cases import CASES, CONVERSATIONS, STYLES

CLOCK = datetime.datetime(2025, 3, 7, 9, 5, 3)


class FixedClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return CLOCK


chat_template_utils.datetime = FixedClock


def render(source, variables):
    try:
        return chat_template_utils._compile_jinja_template(source).render(**variables)
    except Exception as error:  # whatever it is: ours must fail as well
        render.error = f"{type(error).__name__}: {error}"
        return None


def template_of(path):
    import gguf

    field = gguf.GGUFReader(path).fields["tokenizer.chat_template"]
    return bytes(field.parts[field.data[0]]).decode()


def write(path, templates, cases):
    made_by = f"jinja2 {jinja2.__version__}, transformers {transformers.__version__}"
    head = {"made_by": made_by, "now": int(CLOCK.replace(tzinfo=datetime.timezone.utc).timestamp())}
    if templates:
        head["templates"] = templates
    lines = ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases)
    text = json.dumps(head, ensure_ascii=False, indent=0)[:-2] + ',\n"cases": [\n' + lines + "\n]\n}\n"
    json.loads(text)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    failing = sum(c["text"] is None for c in cases)
    print(f"{path}: {len(cases)} cases, {failing} that fail, {len(text.encode())} bytes")


def main():
    out, models = sys.argv[1], dict(a.split("=", 1) for a in sys.argv[2:])
    cases, unexpected = [], 0
    for source, variables, fails in CASES:
        text = render(source, variables)
        if (text is None) != fails:
            print(f"unexpected: {source!r} gave {text!r} {getattr(render, 'error', '')}")
            unexpected += 1
        cases.append({"source": source, "vars": variables, "text": text})
    if unexpected:
        sys.exit(1)
    write(f"{out}/language.json", None, cases)

    templates = dict(STYLES)
    for name, path in models.items():
        templates[name] = template_of(path)
    cases = []
    for name, source in templates.items():
        for variables in CONVERSATIONS:
            variables = {"tools": None, "documents": None, "bos_token": "<s>",
                         "eos_token": "</s>", **variables}
            cases.append({"template": name, "vars": variables, "text": render(source, variables)})
    write(f"{out}/chat.json", templates, cases)


if __name__ == "__main__":
    main()
