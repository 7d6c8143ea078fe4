"""The tests in the source package of `openai`, unpacked under .venv."""
import hashlib
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# By version: what was reviewed is what runs.
SHA256 = {"3.54.0": "2e393e63f8a38be6452806f9ef0b6534fecd6d41ab3b2165180dfce3599249cd"}


def version():
    """The one that all our tests use."""
    text = (ROOT / "tests" / "requirements.txt").read_text()
    return re.search(r"^openai\[aiohttp\]==(\S+)$", text, re.M)[1]


def download(wanted, folder):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--no-binary", "openai", "--dest", folder, f"openai=={wanted}"]
    subprocess.run(command, check=True)
    package = next(pathlib.Path(folder).glob("openai-*.tar.gz"))
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    assert found == SHA256.get(wanted), f"{package.name} has the hash {found}: review it, then enter it here"
    return package


def unpack():
    """The folder that holds the package's tests/."""
    wanted = version()
    folder = ROOT / ".venv" / "sdk" / f"openai-{wanted}"
    if (folder / ".complete").exists():
        return folder
    with tempfile.TemporaryDirectory() as where, tarfile.open(download(wanted, where)) as package:
        for member in package:
            inside = pathlib.PurePosixPath(member.name).parts[1:]
            if member.isfile() and inside[:1] == ("tests",) and ".." not in inside:
                path = folder.joinpath(*inside)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(package.extractfile(member).read())
    (folder / ".complete").touch()
    return folder
