"""What training images are labelled with beside their identities."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Target"]


@dataclass(frozen=True)
class Target:
    """One kind of further labels, such as outfits, found in `reid_data.Batch.targets` by its name.

    Attributes:
        classes: C, the labels being 0 .. C-1, and -1 for unknown.
        people: identity label of each class where each belongs to one person, C of them.
    """

    classes: int
    people: tuple[int, ...] = ()
