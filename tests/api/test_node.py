"""Runs node/client.test.mjs: the API through the official Node client."""
import os
import subprocess

import node_env


def test_node(server):
    node_env.install(node_env.OWN)
    env = {**os.environ, "TIRO_URL": server.url}
    run = subprocess.run(
        [node_env.program(), "--test", "client.test.mjs"],
        cwd=node_env.OWN, env=env, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
