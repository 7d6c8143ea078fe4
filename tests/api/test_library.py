"""Models that come, break and go while the server runs, and the page for clients of all kinds."""
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from conftest import CHAT, EMBED, MODELS, ROOT

PROGRAM = os.environ.get("TIRO", str(ROOT / "build" / "tiro"))


@pytest.fixture(scope="module")
def mine(start):
    """A server of its own: the tests here change its models."""
    return start("--default-model", EMBED)


def tiro(server, *words):
    return subprocess.run(
        [PROGRAM, *words, "--data", str(server.data)], capture_output=True, text=True, timeout=120
    )


def models(server):
    listed = json.loads(server.request("GET", "/v1/models")[2])["data"]
    return {m["id"]: m["tiro"] for m in listed}


def eventually(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_pulled_model_answers_and_a_deleted_one_is_gone(mine):
    done = tiro(mine, "pull", str(MODELS / f"{CHAT}.gguf"), "--name", "pulled")
    assert done.returncode == 0, done.stderr
    done = tiro(mine, "run", "pulled", "Hello!", "--max-tokens", "3")
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
    assert tiro(mine, "rm", "pulled").returncode == 0
    eventually(lambda: "pulled" not in models(mine))


def test_what_is_copied_in_is_tried_again_when_it_changes(mine):
    there = pathlib.Path(mine.data) / "models" / "copied.gguf"
    whole = (MODELS / f"{CHAT}.gguf").read_bytes()
    there.write_bytes(whole[:1_000_000])
    eventually(lambda: "copied" in models(mine))
    body = {"model": "copied", "prompt": "Once", "max_tokens": 2}
    status, _, answer = mine.request("POST", "/v1/completions", body)
    error = json.loads(answer)["error"]
    assert status == 503 and error["code"] == "malformed_file"
    assert error["message"].startswith("copied.gguf: "), "names the file, and not its folder"
    assert models(mine)["copied"]["state"] == "failed"
    there.write_bytes(whole)
    eventually(lambda: models(mine)["copied"]["state"] != "failed")
    assert mine.request("POST", "/v1/completions", body)[0] == 200
    there.unlink()
    eventually(lambda: "copied" not in models(mine))


def test_a_folder_is_what_its_files_say(mine):
    """Not an embedding model because it is a folder: its own config decides."""
    golden = ROOT / "tests" / "golden" / "llama" / "gqa"
    shutil.copytree(golden, pathlib.Path(mine.data) / "models" / "folder")
    eventually(lambda: "folder" in models(mine))
    body = {"model": "folder", "messages": [{"role": "user", "content": "hi"}]}
    status, _, answer = mine.request("POST", "/v1/chat/completions", body)
    assert status == 503 and "tokenizer.json" in json.loads(answer)["error"]["message"]


def test_an_embedding_model_does_not_chat(mine):
    done = tiro(mine, "run", EMBED, "hi")
    assert done.returncode == 1 and "cannot chat" in done.stderr


def test_sizes_are_told_alike(mine):
    listed = json.loads(tiro(mine, "list", "--json").stdout)["models"]
    running = json.loads(tiro(mine, "ps", "--json").stdout)["models"]
    sizes = {m["name"]: m["bytes"] for m in listed}
    assert {m["id"]: m["bytes"] for m in running} == sizes and all(sizes.values())


def test_the_default_model_stays_the_default(mine):
    assert models(mine)[EMBED]["default"]


def test_the_page_without_gzip(mine):
    status, headers, plain = mine.request("GET", "/")
    assert status == 200 and "content-encoding" not in headers
    assert plain.lower().startswith(b"<!doctype html>")
    status, headers, packed = mine.request("GET", "/", headers={"Accept-Encoding": "gzip"})
    assert status == 200
    if "content-encoding" in headers:  # A program without its page has a plain one.
        assert headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(packed) == plain


def test_without_models_the_commands_say_what_to_do(tmp_path):
    none = {**os.environ, "TIRO_FIRST_RUN": "no"}
    for command in (["chat"], ["run", CHAT, "hi"]):
        done = subprocess.run(
            [PROGRAM, *command, "--data", str(tmp_path)],
            input="hi\n", capture_output=True, text=True, timeout=60, env=none,
        )
        assert done.returncode == 1 and "tiro pull" in done.stderr


def test_a_key_file_that_others_can_read_is_told(tmp_path):
    key = tmp_path / "key"
    key.write_text("a-long-enough-key\n")
    for mode, told in ((0o644, True), (0o600, False)):
        key.chmod(mode)
        command = [PROGRAM, "serve", "--port", "0", "--data", str(tmp_path), "--api-key-file", str(key)]
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TIRO_FIRST_RUN": "no"},
        )
        assert server.stdout.readline().startswith("http://")
        server.terminate()
        assert ("chmod 600" in server.communicate(timeout=30)[1]) is told


def test_an_output_that_cannot_be_written_is_a_failure(mine):
    for command in (["list"], ["config"], ["ps"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [PROGRAM, *command, "--data", str(mine.data)],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            )
        assert done.returncode == 1 and "could not be written" in done.stderr


def test_an_ended_download_leaves_no_programs_behind(tmp_path):
    pip, pid_file = tmp_path / "bin" / "pip", tmp_path / "pid"
    pip.parent.mkdir()
    pip.write_text(f'#!/bin/sh\nsleep 300 &\necho $! > "{pid_file}.new"\nmv "{pid_file}.new" "{pid_file}"\nwait\n')
    pip.chmod(0o755)
    for name in ("pip3", "python3", "python"):
        (pip.parent / name).symlink_to(pip)
    env = {**os.environ, "PATH": f"{pip.parent}:{os.environ['PATH']}", "TIRO_HUB": "http://127.0.0.1:9"}
    pull = subprocess.Popen(
        [PROGRAM, "pull", CHAT, "--data", str(tmp_path / "data")],
        stderr=subprocess.PIPE, text=True, env=env,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    eventually(pid_file.exists)
    pull.send_signal(signal.SIGHUP)  # Ignored, as under nohup.
    time.sleep(0.3)
    assert pull.poll() is None
    pull.terminate()
    assert "cancelled" in pull.communicate(timeout=30)[1] and pull.returncode == 1
    eventually(lambda: ended(int(pid_file.read_text())))


def ended(pid):
    """Gone, or waiting for a parent that does not look."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
