"""Files of features as mapped matrices, compared with their checksums when first used."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from reid_eval.gallery.embedded.segments import Piece, Segment

__all__ = ["MappedSegments", "damage"]


class MappedSegments:
    """The matrices of segments; where a file grew it is mapped again and its new rows checked."""

    def __init__(self) -> None:
        self._matrices: dict[Path, NDArray[Any]] = {}
        self._checked: dict[Path, int] = {}

    def matrix(self, segment: Segment) -> NDArray[Any]:
        """The rows of a segment, from its second copy where the first is damaged.

        Raises:
            FileNotFoundError: both are missing, perhaps because a compaction replaced them.
            ValueError: both are damaged.
        """
        known = self._matrices.get(segment.file)
        if known is not None and len(known) == segment.rows:
            return known
        since = self._checked.get(segment.file, 0)
        faults = segment.faults(since=since)
        from_copy = bool(faults)
        if from_copy and segment.faults(from_copy=True):
            segment.file.stat()  # a file that is missing was perhaps replaced
            raise ValueError(damage(segment, faults))
        matrix = segment.matrix(from_copy=from_copy)
        self._matrices[segment.file], self._checked[segment.file] = matrix, segment.rows
        return matrix

    def keep(self, segments: Iterable[Segment]) -> None:
        """Let go of all other files."""
        for file in self._matrices.keys() - {segment.file for segment in segments}:
            del self._matrices[file]

    def clear(self) -> None:
        """Let go of everything, and forget what was checked."""
        self._matrices.clear()
        self._checked.clear()


def damage(segment: Segment, faults: list[Piece]) -> str:
    """What to tell people about a segment's lost pieces."""
    rows = sum(piece.rows for piece in faults)
    return (
        f"{segment.file} is damaged: {rows} of {segment.rows} rows are not what was written, first "
        f"row {faults[0].start}; restore the folder from a backup"
    )
