"""What an embedded gallery holds at one moment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_eval.gallery.embedded.catalog import ROW, Catalog
from reid_eval.gallery.embedded.segments import Segment
from reid_eval.gallery.filters import Filter

__all__ = ["View", "load_view", "segment_file"]


@dataclass(frozen=True, eq=False)
class View:
    """One state of the gallery. A position counts all rows since the last compaction.

    Attributes:
        version: of the catalogue.
        generation: how many compactions there were.
        last: numbers of the last addition and the last deletion.
        columns: (N,) of `ROW`, ids ascending.
        alive: (N,) whether the row was not deleted.
        segments: the files by their numbers, in order.
    """

    version: int
    generation: int
    last: tuple[int, int]
    columns: NDArray[Any]
    alive: NDArray[np.bool_]
    segments: dict[int, Segment]

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Positions of the rows that were not deleted, ascending."""
        return np.flatnonzero(self.alive)

    @cached_property
    def squares(self) -> NDArray[np.float64]:
        """Squared norms (N,)."""
        return np.ascontiguousarray(self.columns["square"])

    def positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of ids, -1 for those that are not there."""
        if not len(self.columns):
            return np.full(len(ids), -1, np.int64)
        places = np.searchsorted(self._ids, ids).clip(max=len(self.columns) - 1)
        good = (self._ids[places] == ids) & self.alive[places]
        return np.where(good, places, -1)

    def ids(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ids of positions of any shape, -1 for -1."""
        ids = np.full(positions.shape, -1, np.int64)
        ids[positions >= 0] = self._ids[positions[positions >= 0]]
        return ids

    def passing(self, where: Filter | None, catalog: Catalog) -> NDArray[np.int64]:
        """Positions of the rows that pass, ascending."""
        if where is None or where.is_empty:
            return self.rows
        good = self.alive.copy()
        if where.cameras is not None:
            good &= np.isin(self.columns["camid"], [each for each in where.cameras if each >= 0])
        if where.pids is not None:
            good &= np.isin(self.columns["pid"], where.pids)
        # Times that are not known are NaN, which compares false.
        if where.after is not None:
            good &= self.columns["timestamp"] >= where.after
        if where.before is not None:
            good &= self.columns["timestamp"] < where.before
        for name in where.attributes:
            codes = catalog.codes_with(name, where.allowed(name))
            good &= np.isin(self.columns["attributes"], codes)
        return np.flatnonzero(good)

    @cached_property
    def _ids(self) -> NDArray[np.int64]:
        return np.ascontiguousarray(self.columns["id"])


def segment_file(folder: Path, generation: int, number: int) -> Path:
    """Where a segment lies; no name is ever used again."""
    return folder / "segments" / f"{generation:04d}-{number:06d}.features"


def load_view(
    catalog: Catalog, folder: Path, *, dimension: int, dtype: np.dtype[Any], old: View | None
) -> View:
    """The present state; reads only what changed since ``old``."""
    with catalog.reading():
        version, generation = catalog.number("version"), catalog.number("generation")
        if old is not None and old.version == version:
            return old
        if old is None or old.generation != generation:
            old = View(0, generation, (0, 0), np.empty(0, ROW), np.empty(0, bool), {})
        added = catalog.additions(old.last[0])
        number, gone = catalog.deleted(old.last[1])
    columns, segments = old.columns, dict(old.segments)
    if added:
        columns = np.concatenate([columns, *(addition.columns for addition in added)])
    pieces = defaultdict(list)
    for addition in added:
        pieces[addition.segment].append(addition.piece)
    for index, new in pieces.items():
        known = segments[index].pieces if index in segments else ()
        file = segment_file(folder, generation, index)
        segments[index] = Segment(file, dimension, dtype, (*known, *new))
    alive = np.ones(len(columns), bool)
    alive[: len(old.alive)] = old.alive
    alive[np.searchsorted(columns["id"], gone)] = False
    last = (added[-1].number if added else old.last[0], number)
    return View(version, generation, last, columns, alive, segments)
