"""Starts real servers for the tests of this folder.

TIRO        the program (default build/tiro)
TIRO_MODELS the folder with smollm2-135m.gguf, qwen2.5-coder-0.5b.gguf and all-minilm-l6-v2/
            (default ~/.cache/tiro/models)
"""
import os
import pathlib

import openai
import pytest

from server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = pathlib.Path(os.environ.get("TIRO_MODELS", "~/.cache/tiro/models")).expanduser()
CHAT, CODE, EMBED = "smollm2-135m", "qwen2.5-coder-0.5b", "all-minilm-l6-v2"


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: long; run by `make soak`")


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.timeout(1800 if "soak" in item.keywords else 300))


def model_folder(where):
    """A data folder whose models/ has links to the real files."""
    folder = where / "models"
    folder.mkdir(parents=True)
    for name in (f"{CHAT}.gguf", f"{CODE}.gguf", EMBED):
        assert (MODELS / name).exists(), f"{MODELS / name} is missing: see TIRO_MODELS"
        (folder / name).symlink_to(MODELS / name)
    return where


@pytest.fixture(scope="session")
def start(tmp_path_factory):
    """start(*arguments, env={}) -> a running Server; all are ended at the end."""
    program = os.environ.get("TIRO", str(ROOT / "build" / "tiro"))
    running = []

    def start_one(*arguments, env=None):
        data = model_folder(tmp_path_factory.mktemp("data"))
        running.append(Server(program, data, arguments, env or {}))
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
