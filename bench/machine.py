"""What a figure was measured on: the facts without which it means nothing.

    facts = machine.facts()              before the runs
    ...
    machine.finish(facts)                afterwards: load and stolen time of the whole measurement
"""
import os
import pathlib
import platform
import re
import subprocess
import sys

FLAGS = ("avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_vbmi",
         "avx512_bf16", "amx_int8", "neon", "asimddp", "i8mm", "sve")  # Those that kernels ask for.
BUSY = 0.5  # A load average above it at the start: other work is running.


def read(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ""


def processor(text):
    """From /proc/cpuinfo: name, clock in MHz now, and the flags that kernels ask for."""
    def all_of(name):
        return re.findall(rf"^{name}\s*:\s*(.*)$", text, re.M)

    names, clocks = all_of("model name"), [float(mhz) for mhz in all_of("cpu MHz")]
    flags = set((all_of("flags") + all_of("Features") + [""])[0].split())
    return {"cpu": names[0] if names else platform.processor(), "mhz": max(clocks, default=None),
            "flags": [f for f in FLAGS if f in flags]}


def ticks():
    """(stolen, all) ticks since the start of the machine."""
    for line in read("/proc/stat").splitlines():
        if line.startswith("cpu "):
            row = [int(n) for n in line.split()[1:9]]
            return row[7], sum(row)
    return 0, 0


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True,
                          cwd=pathlib.Path(__file__).parent)
    return done.stdout.strip() or None


def facts():
    memory = re.search(r"MemTotal:\s*(\d+)", read("/proc/meminfo"))
    cache = read("/sys/devices/system/cpu/cpu0/cache/index3/size").strip()
    governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip()
    load = os.getloadavg()[0]
    if load > BUSY:
        print(f"load average {load:.2f}: other work is running; do not believe the figures",
              file=sys.stderr)
    return {**processor(read("/proc/cpuinfo")), "cores": os.cpu_count(), "l3": cache or None,
            "governor": governor or None, "memory_gb": int(memory[1]) / 1e6 if memory else None,
            "kernel": platform.release(), "commit": commit(), "load": load, "ticks": ticks()}


def finish(before):
    stolen, every = (b - a for a, b in zip(before.pop("ticks"), ticks()))
    before.update(load_end=os.getloadavg()[0], stolen=stolen / every if every else 0.0)


def describe(f):
    clock = f"{f['mhz'] / 1000:.1f} GHz, " if f["mhz"] else ""
    return f"{f['cpu']}, {clock}{f['cores']} cores, load {f['load']:.2f}, {100 * f['stolen']:.1f} % stolen"
