"""What the owners of a data set say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["DatasetInfo", "joined_info"]


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


def joined_info(infos: Sequence[DatasetInfo], *, name: str) -> DatasetInfo:
    """What holds of several data sets together: all their licences and all their citations."""
    return DatasetInfo(
        name=name,
        licence="; ".join(dict.fromkeys(info.licence for info in infos if info.licence)),
        citation="; ".join(dict.fromkeys(info.citation for info in infos if info.citation)),
    )
