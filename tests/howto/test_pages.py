"""Every example of docs/how-to/use-from-*.md runs against a real server, with the real packages."""
import json
import os
import pathlib
import re
import subprocess
import venv

import pytest

import node_env
import pages

HERE = pathlib.Path(__file__).parent
NODE = HERE / "node"


def requirements(page):
    """A page's own file, where its packages get along with no others, or the common one."""
    own = HERE / f"requirements-{page.stem.removeprefix('use-from-')}.txt"
    return own if own.exists() else HERE / "requirements.txt"


def python(page):
    """The interpreter that has the page's packages."""
    wanted = requirements(page)
    folder = pages.ROOT / ".venv" / "howto" / wanted.stem
    done = folder / "requirements.installed"
    if not done.exists() or done.read_text() != wanted.read_text():
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check",
                        "-r", wanted], check=True)
        done.write_text(wanted.read_text())
    return str(folder / "bin" / "python")


def command_of(page, language, text, tmp_path):
    if language == "sh":
        return ["bash", "-euo", "pipefail", "-c", text]
    if language == "python":
        file = tmp_path / f"{page.stem}.py"
        file.write_text(text)
        return [python(page), str(file)]
    node_env.install(NODE)
    file = NODE / "node_modules" / f"{page.stem}.mjs"  # Node looks for packages from there upwards.
    file.write_text(text)
    return [node_env.program(), str(file)]


@pytest.mark.timeout(900)  # With the installation of packages.
@pytest.mark.parametrize("page", pages.PAGES, ids=lambda path: path.stem)
def test_page(page, server, tmp_path):
    language, text, patterns = pages.program(page)
    assert pages.URL in text and len(patterns) >= 3, "one chat, one stream, one tool or structured answer"
    command = command_of(page, language, text.replace(pages.URL, server.url), tmp_path)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "TIRO_"))}
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    printed = run.stdout.split(pages.BREAK)
    assert len(printed) == len(patterns) + 1
    for found, pattern in zip(printed, patterns):
        assert re.search(pattern, found.strip(), re.S), f"{found!r} is not like {pattern!r}"


def test_pages_say_what_is_pinned():
    """What a page tells the reader to install is what the tests install."""
    node = set(json.loads((NODE / "package.json").read_text())["dependencies"])
    for page in pages.PAGES:
        pinned = {line.partition("==")[0] for line in requirements(page).read_text().splitlines()}
        # The clients that others bring along come with them.
        assert pages.installed(page) <= pinned | node | {"openai"}, page.name
    assert len(pages.PAGES) == 10
