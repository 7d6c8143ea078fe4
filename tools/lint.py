#!/usr/bin/env python3
"""The tree's own rules: layers, banned functions, sizes, names. `make lint` runs it.

Each rule prints FILE:LINE: what is wrong and what would be right; the exit status says whether any
did. The layer matrix is the one of ARCHITECTURE.md.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Which layers a layer may include besides itself. The engine's side and the gateway's side meet
# only in proto; cmd alone may include both.
LAYERS = {
    "base": [],
    "kernels": ["base"],
    "graph": ["base", "kernels"],
    "models": ["base", "kernels", "graph"],
    "engine": ["base", "kernels", "graph", "models"],
    "grammar": ["base", "models", "engine"],
    "chat": ["base", "models", "engine", "grammar"],
    "index": ["base"],
    "eval": ["base"],
    "music": ["base"],
    "proto": ["base"],
    "press": ["base", "proto"],
    "worker": ["base", "graph", "models", "engine", "grammar", "chat", "index", "press", "proto"],
    "store": ["base", "proto"],
    "api": ["base", "eval", "music", "proto", "store"],
    "gateway": ["base", "music", "proto", "store", "api"],
    "cmd": ["base", "kernels", "graph", "models", "engine", "grammar", "chat", "index", "eval", "music", "proto",
            "press", "worker", "store", "api", "gateway"],
}

# A kernel is arithmetic: base and kernels headers, and the compiler's own.
BANNED = {
    "strcpy": "memcpy with a checked length", "strcat": "struct buf",
    "sprintf": "snprintf or buf_printf", "vsprintf": "vsnprintf", "strncpy": "memcpy",
    "strncat": "struct buf", "strtok": "slice_find", "gets": "seams.read",
    "atoi": "slice_to_i64", "atol": "slice_to_i64", "atof": "strtod with a check",
    "scanf": "the checked reader", "sscanf": "the checked reader", "alloca": "an arena",
    "system": "posix_spawn with fixed arguments", "popen": "posix_spawn with fixed arguments",
    "rand": "random_bytes_fill", "srand": "a generator of one's own", "tmpnam": "mkstemp",
    "mktemp": "mkstemp", "localtime": "localtime_r", "gmtime": "gmtime_r", "asctime": "strftime",
    "ctime": "strftime", "strerror": "err_errno", "setjmp": "error returns",
    "longjmp": "error returns", "getwd": "getcwd",
}
ALLOC = {"malloc": "mem_alloc", "calloc": "mem_calloc", "realloc": "mem_realloc", "free": "mem_free",
         "strdup": "mem_strndup", "strndup": "mem_strndup"}
PRINTS = ("printf", "puts", "putchar", "fputs", "exit", "_exit", "abort")
# Where a rule does not hold, and why.
ALLOC_OK = {"src/base/seam.c"}                  # the seams themselves
EXIT_OK = {"src/worker", "src/gateway/spawn.c"}  # a forked child before exec; a worker's end

LINES_MAX, HEADER_LINES_MAX, FUNCTION_LINES_MAX, WIDTH_MAX = 1000, 300, 70, 100

problems = []


def report(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def without_comments(text):
    """The text with comments and literals blanked, line breaks kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def check_includes(path, text, layer):
    for n, line in enumerate(text.splitlines(), 1):
        m = re.match(r'#\s*include\s+"([^"]+)"', line)
        if not m or "/" not in m.group(1):
            continue
        target = m.group(1).split("/")[0]
        if target in LAYERS and target != layer and target not in LAYERS[layer]:
            report(path, n, f"layer {layer} may not include {m.group(1)}; it may use "
                            f"{', '.join(LAYERS[layer]) or 'nothing'}")


def check_calls(path, code, layer):
    relative = str(path.relative_to(ROOT))
    for n, line in enumerate(code.splitlines(), 1):
        for name in re.findall(r"(?<![\w.>])([a-z_]\w*)\s*\(", line):
            if name in BANNED:
                report(path, n, f"{name} is banned; use {BANNED[name]}")
            if name in ALLOC and relative not in ALLOC_OK:
                report(path, n, f"{name} bypasses the seams; use {ALLOC[name]}")
            if name in PRINTS and layer != "cmd" and not any(
                    relative.startswith(ok) for ok in EXIT_OK):
                report(path, n, f"only src/cmd prints or exits: {name}")


def check_sizes(path, text):
    lines = text.splitlines()
    limit = HEADER_LINES_MAX if path.suffix == ".h" else LINES_MAX
    if len(lines) > limit:
        report(path, len(lines), f"{len(lines)} lines; one file, one idea: at most {limit}")
    for n, line in enumerate(lines, 1):
        if len(line) > WIDTH_MAX:
            report(path, n, f"{len(line)} columns; at most {WIDTH_MAX}")
        if line.rstrip() != line:
            report(path, n, "space at the end of the line")
    start = None
    for n, line in enumerate(lines, 1):
        if line == "{":
            start = n
        elif line == "}" and start:
            if n - start - 1 > FUNCTION_LINES_MAX:
                report(path, start, f"a function of {n - start - 1} lines; at most "
                                    f"{FUNCTION_LINES_MAX}")
            start = None


def check_docs(path, text):
    for n, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line) and not re.search(r"TODO\(\w+, when ", line):
            report(path, n, "a TODO names its owner and condition: TODO(name, when ...)")


def main():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True,
                            text=True).stdout.split("\n")
    files = [ROOT / f for f in listed if f.endswith((".c", ".h")) and (ROOT / f).exists()]
    for path in files:
        text = path.read_text()
        check_sizes(path, text)
        check_docs(path, text)
        parts = path.relative_to(ROOT).parts
        if parts[0] == "src":
            code = without_comments(text)
            check_includes(path, text, parts[1])
            check_calls(path, code, parts[1])
    print("\n".join(problems))
    print(f"lint: {len(files)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
