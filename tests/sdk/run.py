#!/usr/bin/env python3
"""The Python SDK's own generated tests, from its source package, against a running `tiro`.

usage: tests/sdk/run.py [arguments of pytest]

They run unchanged, with their own fixtures: sync and async, strict and loose. Between them and the
server stands a tap that maps placeholders (mapping.py) and judges every answer (tests/api/spec.py).
What does not pass is listed in expected.py; of the tests of operations that are served, at least
SHARE_MIN must pass.
"""
import collections
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

import expected
import mapping
import numpy
import pytest
import source
import spec
import stored
from safetensors.numpy import save_file
from server import CHAT, Server, model_folder

RESOURCES = "tests/api_resources/"
FILES = ["chat/test_completions.py", "chat/completions/test_messages.py", "test_conversations.py",
         "conversations/test_items.py", "test_completions.py", "test_embeddings.py", "test_models.py"]
FILES += [name for other in mapping.OTHERS for name in other.FILES]
SHARE_MIN = 0.95
HANGS_AFTER_S = 300  # A test; the first of a model waits until that is loaded.


class Live:
    """The pytest plugin: expectations, the verdict on answers, and the report."""

    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)  # By file.
        self.reasons = collections.Counter()  # Of what does not pass.
        self.not_served = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        for item in items:
            item.add_marker(pytest.mark.timeout(HANGS_AFTER_S))
            test = item.nodeid.removeprefix(RESOURCES)
            absent = expected.reason(expected.NOT_SERVED, test)
            self.not_served += absent is not None
            if why := absent or expected.reason(expected.FAILING, test):
                item.add_marker(pytest.mark.xfail(reason=why, strict=True))

    @pytest.fixture(autouse=True)
    def answers_are_as_published(self):
        yield
        assert not (wrong := spec.take_problems()), wrong

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.outcome == "passed":
            return
        name = report.nodeid.partition("::")[0].removeprefix(RESOURCES)
        why = getattr(report, "wasxfail", None)
        self.counts[name][report.outcome if why is None else "expected not to"] += 1
        if why is not None:
            self.reasons[why] += 1

    def shares(self):
        """(of the tests of what is served, of all tests)"""
        total = sum(self.counts.values(), collections.Counter())
        return (total["passed"] / max(1, total.total() - self.not_served),
                total["passed"] / max(1, total.total()))

    def is_whole(self):
        return len(self.counts) == len(FILES)  # Else only some were asked for.

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if session.exitstatus == 0 and self.is_whole():
            if self.shares()[0] < SHARE_MIN or mapping.unused():
                session.exitstatus = 1

    def pytest_terminal_summary(self, terminalreporter):
        say = terminalreporter.write_line
        for name, counts in self.counts.items():
            say(f"{name}: {', '.join(f'{n} {what}' for what, n in counts.items())}")
        for why, n in self.reasons.items():
            say(f"{n} do not pass: {why}")
        for row in mapping.unused() if self.is_whole() else []:
            say(f"this row of mapping.py changed nothing: {row}")
        served, every = self.shares()
        say(f"{100 * served:.1f} % of the tests of what is served pass, {100 * every:.1f} % of all")
        say(f"judged by the published document: {', '.join(f'{n} {what}' for what, n in spec.JUDGED.items())}")


def write_adapters(models):
    """Models that a user of this server made, to be deleted: one matrix of rank 1 each."""
    tensors = {f"base_model.model.model.layers.0.self_attn.q_proj.lora_{half}.weight": numpy.zeros(shape, "f4")
               for half, shape in (("A", (1, 576)), ("B", (576, 1)))}  # Of smollm2-135m.
    for name in mapping.ADAPTERS:
        (models / name).mkdir()
        save_file(tensors, models / name / "adapter_model.safetensors")
        (models / name / "adapter_config.json").write_text(json.dumps(
            {"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]}))


def main():
    folder = source.unpack()
    with tempfile.TemporaryDirectory() as data:
        data = model_folder(pathlib.Path(data) / "data")
        write_adapters(data / "models")
        server = Server(data, ("--default-model", CHAT), rewrite=mapping.rewrite)
        stored.SEEDS.server = server
        for other in mapping.OTHERS:
            other.server = server
        os.environ["TEST_API_BASE_URL"] = server.url + "/v1"
        try:
            code = pytest.main(
                ["-q", "-c", str(HERE / "pytest.ini"), "--rootdir", str(folder), "-p", "no:cacheprovider",
                 *sys.argv[1:], *(str(folder / RESOURCES / name) for name in FILES)],
                plugins=[Live()])
        finally:
            server.stop()
    sys.exit(code)


if __name__ == "__main__":
    main()
