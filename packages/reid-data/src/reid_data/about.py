"""What the owners of a data set say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["DatasetInfo"]


@dataclass(frozen=True)
class DatasetInfo:
    """Where a data set comes from and what its authors publish about it.

    Attributes:
        name: the name by which `load_dataset` knows it.
        url: the authors' page.
        licence: the terms of use in one line.
        citation: the paper to cite, in one line.
        counts: published numbers, from a split (or several joined by ``+``) to
            ``(identities, images)``; None where the number of images is not published.
        note: what else one must know before using it, for example that it was withdrawn.
    """

    name: str
    url: str = ""
    licence: str = ""
    citation: str = ""
    counts: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    note: str = ""
