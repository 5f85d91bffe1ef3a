"""A process that measures one backend, so that its memory is its own.

Takes arguments of `measure_speed` as JSON on standard input, and answers with JSON on the last
line of standard output: the rows, or why there are none.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial

from reid_core.profiling.network import open_network
from reid_core.profiling.speed import measure_speed
from reid_data.plugins import load_plugins

__all__ = ["main"]


def main() -> None:
    """Measure."""
    asked = json.load(sys.stdin)
    load_plugins(asked["plugins"])
    size = asked["image_size"]
    load = partial(
        open_network,
        asked["source"],
        image_size=None if size is None else (size[0], size[1]),
        device=asked["device"],
    )
    answer: dict[str, object]
    try:
        rows = measure_speed(
            load,
            backend=asked["backend"],
            batch_sizes=asked["batch_sizes"],
            seconds=asked["seconds"],
        )
        answer = {"rows": [asdict(row) for row in rows]}
    except ValueError as error:
        answer = {"error": str(error)}
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
