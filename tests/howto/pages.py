"""The examples of docs/how-to/use-from-*.md, files.md and conversations.md as programs.

Fenced blocks run, in the order of the page and as one program for each page; indented ones (the lines
that install) do not. `<!-- prints: PATTERN -->` above a block says what it prints, for the test alone;
every block prints something. A line of the program is the same line of the page.
"""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "how-to"
PAGES = [*sorted(FOLDER.glob("use-from-*.md")), FOLDER / "files.md", FOLDER / "conversations.md"]
URL = "http://127.0.0.1:8080"  # What the pages say.
BREAK = "\x1e"  # Between what two blocks print.

# The language of a page's blocks: what says BREAK, and what runs it.
LANGUAGES = {
    "python": 'print("\\x1e", flush=True)',
    "js": 'console.log("\\x1e");',
    "sh": 'printf "\\036"',
}


def program(path):
    """(language, text, [pattern of what each block prints])"""
    language, inside, pattern, lines, patterns = None, False, ".", [], []
    for line in path.read_text().splitlines():
        if inside and line == "```":
            inside = False
            lines.append(LANGUAGES[language])
        elif inside:
            lines.append(line)
        elif line.startswith("```"):
            name = line.removeprefix("```")
            assert name in LANGUAGES and language in (None, name), f"{path.name}: a block of {name!r}"
            language, inside = name, True
            patterns.append(pattern)
            pattern = "."
            lines.append("")
        else:
            if found := re.fullmatch("<!-- prints: (.*) -->", line):
                pattern = found[1]
            lines.append("")
    return language, "\n".join(lines) + "\n", patterns


def installed(path):
    """The packages that the page says to install."""
    lines = re.findall(r"^    (?:pip|npm) install (.+)$", path.read_text(), re.M)
    return {word.strip("'\"") for line in lines for word in line.split()}
