#!/usr/bin/env python3
"""The instances of JSON-Schema-Test-Suite, from the source package of PyPI's `jsonschema`.

    usage: tools/json_schema_suite.py [DIRECTORY]

Downloads the package with pip and unpacks json/tests/draft2020-12 into DIRECTORY (default:
.venv/json-schema-suite), unless that version is there. Prints the directory.
"""
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUITE = "json/tests/draft2020-12/"


def version():
    text = (ROOT / "tests/requirements.txt").read_text()
    return re.search(r"^jsonschema(?:\[format\])?==(.*)$", text, re.M).group(1)


def download(package, directory):
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                        "--disable-pip-version-check", "--no-binary", "jsonschema",
                        "--dest", scratch, package], check=True)
        archive = next(pathlib.Path(scratch).glob("*.tar.gz"))
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                at = member.name.find(SUITE)
                if at < 0 or not member.isfile() or not member.name.endswith(".json"):
                    continue
                path = directory / member.name[at + len(SUITE):]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tar.extractfile(member).read())


def fetch(directory=ROOT / ".venv/json-schema-suite"):
    directory = pathlib.Path(directory)
    stamp = directory / "version"
    if not stamp.exists() or stamp.read_text() != version():
        download(f"jsonschema=={version()}", directory)
        stamp.write_text(version())
    return directory


if __name__ == "__main__":
    print(fetch(*sys.argv[1:2]))
