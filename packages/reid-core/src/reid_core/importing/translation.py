"""What a published checkpoint says in our words, and the projects that we understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

__all__ = ["Source", "Translation"]


@dataclass(frozen=True)
class Translation:
    """A published network as ours.

    Attributes:
        name: the backbone.
        arguments: more of `create_model`.
        weights: by the names of that model.
        heads: what only training needs, such as the classifier.
        left_out: keys for which a model has no use.
        mean: of each RGB channel in [0, 1], where the file says it; none: ImageNet's.
        std: likewise.
    """

    name: str
    arguments: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    heads: Mapping[str, Tensor] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None


class Source(Protocol):
    """A project whose checkpoints we read."""

    def claims(self, weights: Mapping[str, Tensor]) -> bool:
        """Whether the names look like this project's."""
        ...

    def translate(self, weights: Mapping[str, Tensor]) -> Translation:
        """Its network as ours; ValueError where it is one that we do not have."""
        ...
