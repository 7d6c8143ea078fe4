"""Starts real servers for the tests of this folder, and sees that every answer is as published."""
import openai
import pytest

import spec
from server import CHAT, CODE, EMBED, MODELS, ROOT, Server, model_folder  # The tests take theirs from here.


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: long; run by `make soak`")


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.timeout(1800 if "soak" in item.keywords else 300))


def pytest_terminal_summary(terminalreporter):
    if spec.JUDGED:
        counts = ", ".join(f"{n} {what}" for what, n in sorted(spec.JUDGED.items()))
        terminalreporter.write_line(f"judged by the published document: {counts}")


@pytest.fixture(autouse=True)
def answers_are_as_published():
    yield
    assert not (wrong := spec.take_problems()), wrong


@pytest.fixture(scope="session")
def start(tmp_path_factory):
    """start(*arguments, env={}) -> a running Server; all are ended at the end."""
    running = []

    def start_one(*arguments, env=None):
        data = model_folder(tmp_path_factory.mktemp("data"))
        running.append(Server(data, arguments, env))
        return running[-1]

    yield start_one
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def server(start):
    return start("--default-model", CHAT)


@pytest.fixture(scope="session")
def client(server):
    with openai.OpenAI(base_url=server.url + "/v1", api_key="unused", max_retries=0) as one:
        yield one
