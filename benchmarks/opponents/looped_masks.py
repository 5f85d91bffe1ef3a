"""Masks as the published preparation scripts make them: pixel by pixel, in Python.

For each image and each kind of mask the parsing is read again, and for each pixel the class of the
highest logit is looked for and compared with the classes of the part.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["masks_of"]


def masks_of(path: Path, parts: Sequence[Sequence[int]]) -> list[npt.NDArray[np.bool_]]:
    """A mask of each part from one file of logits ``(H, W, 20)``."""
    masks = []
    for classes in parts:
        logits = np.load(path)
        height, width, count = logits.shape
        mask = np.zeros((height, width), dtype=bool)
        for row in range(height):
            for column in range(width):
                best = 0
                for number in range(1, count):
                    if logits[row, column, number] > logits[row, column, best]:
                        best = number
                if best in classes:
                    mask[row, column] = True
        masks.append(mask)
    return masks


def argmax_masks_of(path: Path, parts: Sequence[Sequence[int]]) -> list[npt.NDArray[np.bool_]]:
    """The kinder loop: the highest logits are found by NumPy, only the pixels are gone through."""
    masks = []
    for classes in parts:
        labels = np.load(path).argmax(axis=2)
        mask = np.zeros(labels.shape, dtype=bool)
        for row in range(labels.shape[0]):
            for column in range(labels.shape[1]):
                if labels[row, column] in classes:
                    mask[row, column] = True
        masks.append(mask)
    return masks
