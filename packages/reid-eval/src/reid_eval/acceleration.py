"""The fastest way to run an embedder on this CPU, among those that agree with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from reid_data.console import one_line
from reid_eval.agreement import Agreement, measure_agreement
from reid_eval.embedders import Embedder
from reid_eval.runtimes import CompiledRunner, OpenVinoRunner, Runner

__all__ = [
    "AcceleratedEmbedder",
    "Backend",
    "TorchEmbedder",
    "accelerate",
    "list_backends",
]

Backend = Literal["auto", "torch", "openvino", "compiled"]
"""``"torch"`` runs the embedder as it is; ``"auto"`` looks for the fastest that agrees with it."""

_log = logging.getLogger(__name__)
_WORTH = 1.1
"""How many times faster than torch a backend must be to be taken."""


@runtime_checkable
class TorchEmbedder(Embedder, Protocol):
    """An embedder that is one torch network, which other runtimes can take over.

    Attributes:
        network: uint8 images (B, 3, H, W) to float32 embeddings (B, D), in evaluation mode.
    """

    network: nn.Module


@dataclass(frozen=True)
class _Candidate:
    """A way to run a network.

    Attributes:
        backend: its name on the command line.
        precision: in what it computes.
        setup: seconds that making it costs, more or less.
        build: makes it.
    """

    backend: Backend
    precision: str
    setup: float
    build: Callable[[nn.Module, tuple[int, int]], Runner]


def _openvino(precision: Literal["f32", "bf16"]) -> Callable[[nn.Module, tuple[int, int]], Runner]:
    return lambda network, size: OpenVinoRunner(network, image_size=size, precision=precision)


_CANDIDATES = (
    _Candidate("openvino", "bf16", 5, _openvino("bf16")),
    _Candidate("openvino", "fp32", 5, _openvino("f32")),
    _Candidate("compiled", "bf16", 40, lambda net, size: CompiledRunner(net, image_size=size)),
)


class AcceleratedEmbedder:
    """An embedder whose network another runtime runs.

    Args:
        embedder: the original, which lends its name, sizes and fingerprint.
        runner: what runs instead.
        facts: how it was chosen, for people.
    """

    def __init__(self, embedder: Embedder, runner: Runner, facts: dict[str, Any]) -> None:
        self.image_size = embedder.image_size
        self.embedding_size = embedder.embedding_size
        self.fingerprint = embedder.fingerprint
        self.device = embedder.device
        self.facts = facts
        self._embedder = embedder
        self._runner = runner

    def describe(self) -> dict[str, Any]:
        """Facts of the original, and which backend runs it."""
        return {**self._embedder.describe(), "backend": self.facts}

    def __call__(self, images: Tensor) -> Tensor:
        """Embed uint8 RGB images (B, 3, H, W) as float32 (B, D)."""
        return self._runner(images)


def list_backends() -> list[Backend]:
    """The backends that can run here.

    Examples:
        >>> "torch" in list_backends()
        True
    """
    found: list[Backend] = ["torch"]
    if find_spec("openvino") is not None:
        found.append("openvino")
    return [*found, "compiled"]


def accelerate(
    embedder: Embedder, sample: Tensor, *, images: int, backend: Backend = "auto"
) -> Embedder:
    """Choose the fastest backend whose embeddings agree with the embedder's own.

    Candidates embed the sample beside the embedder. Those count whose mean-centred cosine to it
    is at least 0.999 on average and 0.995 at worst. With ``"auto"`` only those are tried whose
    setting up is short beside the pass that is to come, so that a small pass stays as it is.

    Args:
        embedder: runs in torch; one on a GPU, or without a ``network``, stays as it is.
        sample: uint8 images (B, 3, H, W) such as those that will come.
        images: how many will come.
        backend: ``"auto"``, or the one to take.

    Returns:
        The embedder itself, or one with its fingerprint that runs elsewhere.

    Raises:
        ValueError: ``backend`` was named, and cannot run here, or does not agree.
    """
    if backend == "torch":
        return embedder
    if embedder.device.type != "cpu" or not isinstance(embedder, TorchEmbedder) or len(sample) < 2:
        if backend != "auto":
            raise ValueError(
                f"backend {backend} needs a torch network on the CPU and two images or more; "
                "use --backend torch"
            )
        return embedder
    reference, speed = _measure(embedder, sample)
    found: list[tuple[float, Runner, dict[str, Any]]] = []
    complaints: list[str] = []
    for candidate in _wanted(backend, seconds=images / speed):
        name = f"{candidate.backend} in {candidate.precision}"
        if any(facts["backend"] == candidate.backend for _, _, facts in found):
            continue  # the lower precision agrees, and is the faster one
        try:
            runner = candidate.build(embedder.network, embedder.image_size)
            output, rate = _measure(runner, sample)
        except Exception as error:  # a compiler or a converter may fail in any way
            complaints.append(f"{name} failed: {one_line(error)[:200]}")
            continue
        agreement = measure_agreement(output, reference)
        facts = _facts(candidate, agreement, rate / speed)
        _log.info("%s: %s", name, facts)
        if agreement.holds():
            found.append((rate, runner, facts))
        else:
            complaints.append(f"{name} agrees to {agreement.mean:.4f} only")
    if backend != "auto" and not found:
        raise ValueError(f"backend {backend}: {'; '.join(complaints)}; use --backend torch")
    best = max(found, key=lambda entry: entry[0], default=None)
    if best is None or (backend == "auto" and best[0] < _WORTH * speed):
        return embedder
    return AcceleratedEmbedder(embedder, best[1], best[2])


def _wanted(backend: Backend, *, seconds: float) -> Iterator[_Candidate]:
    """Candidates for a pass that torch would take so many seconds for."""
    installed = list_backends()
    if backend != "auto" and backend not in installed:
        raise ValueError(
            f"backend {backend} is not installed; "
            f"install it with: pip install 'reid-eval[{backend}]'"
        )
    for candidate in _CANDIDATES:
        chosen = backend == candidate.backend
        worthwhile = candidate.backend in installed and seconds > 3 * candidate.setup
        if chosen or (backend == "auto" and worthwhile):
            yield candidate


def _measure(run: Callable[[Tensor], Tensor], sample: Tensor) -> tuple[Tensor, float]:
    """Embeddings of the sample, and images per second of the fastest of three further passes."""
    with torch.inference_mode():
        output = run(sample).float()
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            run(sample)
            seconds.append(time.perf_counter() - started)
    return output, len(sample) / min(seconds)


def _facts(candidate: _Candidate, agreement: Agreement, speedup: float) -> dict[str, Any]:
    return {
        "backend": candidate.backend,
        "precision": candidate.precision,
        "speedup": round(speedup, 2),
        "agreement": {
            name: round(value, 6) if name != "images" else value
            for name, value in asdict(agreement).items()
        },
    }
