"""The closed choices of a retrieval protocol, each with what it means."""

from __future__ import annotations

from typing import Any, Literal, get_args

__all__ = [
    "AveragePrecision",
    "Backend",
    "CameraFilter",
    "Metric",
    "Precision",
    "Ties",
    "check_option",
]

Metric = Literal["cosine", "euclidean"]
"""What ranks the gallery: cosine similarity, or Euclidean distance."""

CameraFilter = Literal["cross-camera", "none"]
"""``"cross-camera"`` leaves out gallery items of the query's identity *and* camera."""

AveragePrecision = Literal["mean", "trapezoid"]
"""``"mean"`` averages the precision at the hits; ``"trapezoid"`` is Market-1501's own area."""

Ties = Literal["gallery-order", "optimistic", "pessimistic"]
"""Who comes first among equal scores: the smaller gallery index, the match, the non-match."""

Backend = Literal["auto", "numba", "torch"]
"""What counts: compiled kernels (CPU), torch operations (any device); results are equal."""

Precision = Literal["auto", "fp32", "bf16"]
"""What decides most pairs: float32 or bfloat16 products (CPU); results are equal."""


def check_option(name: str, value: Any, choices: Any) -> None:
    """Refuse a value that is not among the ``Literal`` type ``choices``.

    Raises:
        ValueError: names the argument, the value and the choices.
    """
    allowed = get_args(choices)
    if value not in allowed:
        expected = " or ".join(repr(choice) for choice in allowed)
        raise ValueError(f"{name} must be {expected}, got {value!r}")
