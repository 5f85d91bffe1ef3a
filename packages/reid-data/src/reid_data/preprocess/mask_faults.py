"""Which masks cannot be trusted, and the lists of their images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reid_data.preprocess.masks import Kind, Labels, part_masks

__all__ = ["FAULT_LISTS", "MaskFault", "MaskReport", "find_faults"]

Reason = Literal["empty", "small", "everything", "size", "missing", "unreadable"]

FAULT_LISTS = ("pant", "shirt", "union")
"""The lists of faulty silhouettes that are published, as ``faulty_pant.csv`` and so on."""

_JUDGED: tuple[Kind, ...] = ("sil", "pant", "shirt")


@dataclass(frozen=True)
class MaskFault:
    """A mask that cannot be trusted.

    Attributes:
        image: the name of its image, as in the faulty lists.
        kind: which mask; ``sil`` where the parsing as a whole is at fault.
        reason: ``empty`` or ``small`` (too few pixels), ``everything`` (all of them), ``size`` (not
            that of the image), ``missing`` or ``unreadable`` (the parsing itself).
        share: of the image's pixels that the mask holds.
        detail: more for people.
    """

    image: str
    kind: Kind
    reason: Reason
    share: float = 0.0
    detail: str = ""


@dataclass(frozen=True)
class MaskReport:
    """What became of the parsings.

    Attributes:
        images: how many were turned into masks.
        faults: masks that cannot be trusted, by image.
    """

    images: int
    faults: tuple[MaskFault, ...]

    def faulty(self, of: Literal["pant", "shirt", "union"]) -> tuple[str, ...]:
        """Names of the images whose trousers, shirt or either cannot be trusted, sorted.

        A fault of the whole parsing counts for both.
        """
        kinds = ("pant", "shirt", "sil") if of == "union" else (of, "sil")
        return tuple(sorted({fault.image for fault in self.faults if fault.kind in kinds}))


def find_faults(labels: Labels, *, image: str, least_share: float = 0.005) -> list[MaskFault]:
    """Judge the silhouette, the trousers and the shirt of a parsing.

    Faulty lists are published without the script that made them; judged by their use (recolouring
    trousers and shirt), a mask is faulty that is empty or covers too little to be seen.

    Args:
        labels: a class for each pixel, ``(H, W)``.
        image: the name to report.
        least_share: of the pixels that a mask must hold.
    """
    shares = part_masks(labels, _JUDGED).mean(axis=(1, 2)) if labels.size else np.zeros(3)
    faults = []
    for kind, share in zip(_JUDGED, shares.tolist(), strict=True):
        reason: Reason | None = None
        if share < least_share:
            reason = "small" if share else "empty"
        elif kind == "sil" and share == 1:
            reason = "everything"
        if reason is not None:
            faults.append(MaskFault(image, kind, reason, round(share, 6)))
    return faults
