"""One real server for all pages."""
import pytest

import spec
from server import CODE, Server, model_folder


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    one = Server(model_folder(tmp_path_factory.mktemp("data")), ("--default-model", CODE))
    yield one
    one.stop()


@pytest.fixture(autouse=True)
def answers_are_as_published():
    yield
    assert not (wrong := spec.take_problems()), wrong
