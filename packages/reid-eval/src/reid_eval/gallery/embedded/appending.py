"""New features behind the last ones, in files of bounded size; they do not count yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_eval.gallery.embedded.segments import Piece, Segment
from reid_eval.gallery.embedded.view import segment_file

__all__ = ["Appender"]

_SEGMENT_BYTES = 1 << 26


@dataclass(frozen=True)
class Appender:
    """Writes to the segments of one generation.

    Attributes:
        folder: the gallery's.
        generation: how many compactions there were.
        dimension: D.
        dtype: of a number.
    """

    folder: Path
    generation: int
    dimension: int
    dtype: np.dtype[Any]

    def append(
        self, segments: Mapping[int, Segment], features: NDArray[Any]
    ) -> tuple[list[tuple[int, Piece]], int]:
        """Write features (N, D) behind those that count, and wait until the disk has them.

        Args:
            segments: those that there are, by their numbers.
            features: of the gallery's type.

        Returns:
            Where they lie: numbers of segments and their new pieces; the last segment's number.

        Raises:
            OSError: the disk is full or fails; nothing of it counts.
        """
        number = max(segments, default=0)
        most = max(1, _SEGMENT_BYTES // (self.dimension * self.dtype.itemsize))
        pieces = []
        while len(features):
            segment = segments.get(number) or self._segment(number)
            room = most - segment.rows
            part, features = features[:room], features[room:]
            if len(part):
                pieces.append((number, segment.append(part, twice=not len(features))))
            if len(features):
                number += 1
        return pieces, number

    def grown(self, segments: Mapping[int, Segment], number: int, piece: Piece) -> Segment:
        """A segment of those, or a new one, with one more piece."""
        known = segments.get(number) or self._segment(number)
        return Segment(known.file, self.dimension, self.dtype, (*known.pieces, piece))

    def drop_copies(self, *, keep: int) -> None:
        """Remove the second copies of all segments but one."""
        wanted = self._segment(keep).copy
        for file in (self.folder / "segments").glob("*.copy"):
            if file != wanted:
                file.unlink(missing_ok=True)

    def _segment(self, number: int) -> Segment:
        file = segment_file(self.folder, self.generation, number)
        return Segment(file, self.dimension, self.dtype)
