"""Everything about a network's cost in one result."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reid_core.profiling.cost import PartCost, count_cost
from reid_core.profiling.network import open_network
from reid_core.profiling.speed import Speed
from reid_data.console import require
from reid_data.plugins import loaded_plugins

__all__ = ["Profile", "profile_network"]


@dataclass(frozen=True)
class Profile:
    """What a network costs.

    Attributes:
        name: of the architecture.
        image_size: (height, width) in pixels.
        embedding_size: D.
        parts: parameters and operations of each part, the whole last.
        speeds: of each backend and batch size.
        complaints: by backend, why it could not be measured.
    """

    name: str
    image_size: tuple[int, int]
    embedding_size: int
    parts: tuple[PartCost, ...]
    speeds: tuple[Speed, ...]
    complaints: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def profile_network(
    source: str,
    *,
    image_size: tuple[int, int] | None = None,
    backends: Sequence[str] | None = None,
    batch_sizes: Sequence[int] = (1, 32),
    device: str = "auto",
    seconds: float = 2.0,
    advance: Callable[[int], None] | None = None,
) -> Profile:
    """Count a network's parameters and operations, and measure it in each backend.

    Each backend runs in a process of its own, so that memory is not mixed up.

    Args:
        source: checkpoint folder, or a name of [`list_models`][reid_core.models.list_models].
        image_size: (height, width) in pixels of a new network.
        backends: of [`list_backends`][reid_eval.list_backends]; none: all of them on a CPU, torch
            on a GPU.
        batch_sizes: images at once.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        seconds: of each measurement, at least.
        advance: is called with 1 after each backend.

    Raises:
        ValueError: there is no such network, a backend is unknown, or a batch size is below 1.
        MissingExtraError: reid-eval is not installed.
    """
    require("reid_eval", extra="reid-core[train]", for_what="reid-core profile")
    from reid_eval.acceleration import list_backends
    from reid_eval.embedders import resolve_device

    place = resolve_device(device)
    known = list_backends() if place.type == "cpu" else ["torch"]
    for name in backends or ():
        if name not in known:
            raise ValueError(f"backend {name} cannot run on {place}; here: {', '.join(known)}")
    if not batch_sizes or min(batch_sizes) < 1:
        raise ValueError(f"batch sizes must be 1 or more, came {list(batch_sizes)}")
    embedder = open_network(source, image_size=image_size)
    speeds: list[Speed] = []
    complaints: dict[str, str] = {}
    for name in backends or known:
        answer = _in_a_process(
            {
                "source": source,
                "image_size": image_size,
                "device": str(place),
                "backend": name,
                "batch_sizes": list(batch_sizes),
                "seconds": seconds,
                "plugins": loaded_plugins(),
            }
        )
        speeds += [Speed(**row) for row in answer.get("rows", ())]
        if "error" in answer:
            complaints[name] = answer["error"]
        if advance:
            advance(1)
    return Profile(
        name=str(embedder.network.model.architecture.get("name", source)),
        image_size=embedder.image_size,
        embedding_size=embedder.embedding_size,
        parts=tuple(count_cost(embedder.network)),
        speeds=tuple(speeds),
        complaints=complaints,
    )


def _in_a_process(asked: Mapping[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "reid_core.profiling.worker"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return {"error": said[0]}
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer
