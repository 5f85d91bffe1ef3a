"""How long the command lines take to begin: `--help` of each script, and a name on Tab.

Beside the interpreter alone, and beside what a `--help` that imports torch would cost.

    python benchmarks/starting.py --out benchmarks/results/starting.json
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from _report import arguments, machine, ratio, save, show

SCRIPTS = ("reid-data", "reid-eval", "reid-core", "reid-attr", "reid-gen")
PROMISED, AIM = 0.5, 0.2
SMALL_ROUNDS = 2


def commands() -> dict[str, tuple[list[str], dict[str, str]]]:
    """What is started, and with which environment besides."""
    folder = Path(sys.executable).parent
    tab = {"COMP_WORDS": "reid-data info --data market", "COMP_CWORD": "3"}
    asked = {"_REID_DATA_COMPLETE": "complete_bash", **tab}
    return {
        "the interpreter alone": ([sys.executable, "-c", "pass"], {}),
        **{f"{name} --help": ([str(folder / name), "--help"], {}) for name in SCRIPTS},
        "reid-data ... --data market<Tab>": ([str(folder / "reid-data")], asked),
        "import torch": ([sys.executable, "-c", "import torch"], {}),
    }


def seconds_of(command: list[str], more: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env={**os.environ, **more}, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main() -> None:
    options = arguments(__doc__).parse_args()
    rounds = options.rounds if options.scale >= 1 else min(options.rounds, SMALL_ROUNDS)
    started = commands()
    for call in started.values():
        seconds_of(*call)  # for what is compiled and cached
    seconds: dict[str, list[float]] = {name: [] for name in started}
    for _ in range(rounds):
        for name, call in started.items():
            seconds[name].append(seconds_of(*call))
    torch = seconds["import torch"]
    rows = [
        {
            "started": name,
            "seconds": median(values),
            "import torch takes so many times as long": ratio(torch, values),
        }
        for name, values in seconds.items()
    ]
    show(f"Seconds on the clock, median of {rounds}; promised {PROMISED}, aimed at {AIM}", rows)
    promised = {"promised seconds": PROMISED, "aim": AIM}
    save(options.out, {"machine": machine("typer", "torch"), **promised, "results": rows})


if __name__ == "__main__":
    main()
