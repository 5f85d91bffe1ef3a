"""The folder of an embedded gallery: what is in it, and how it changes.

The order of writing is what makes it durable: first the features, which do not count yet, then one
transaction of the catalogue, which makes them count. A process that dies in between leaves bytes
that do not count, and the next writer cuts them off.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reid_eval.gallery.embedded.appending import Appender
from reid_eval.gallery.embedded.catalog import FILE, ROW, Catalog
from reid_eval.gallery.embedded.exact import squared_norms
from reid_eval.gallery.embedded.lock import WriterLock
from reid_eval.gallery.embedded.mapped import MappedSegments, damage
from reid_eval.gallery.embedded.segments import Segment, sync_folder
from reid_eval.gallery.embedded.view import View, load_view
from reid_eval.gallery.incoming import NewRows
from reid_eval.gallery.interface import Advance

__all__ = ["TRIES", "Store"]

TRIES = 10
"""How often a reader looks again when a writer changed things under its hands."""


class Store:
    """An open folder.

    Args:
        folder: the gallery's.
        mode: ``"write"`` takes the lock and repairs what a dying writer left.

    Attributes:
        folder: the gallery's.
        catalog: what is known of the rows.

    Raises:
        ValueError: there is no gallery, it is damaged, or another process writes to it.
    """

    def __init__(self, folder: Path, mode: Literal["read", "write"]) -> None:
        if not (folder / FILE).is_file():
            raise ValueError(f"{folder} is no gallery: it has no {FILE}; create one first")
        self.folder = folder
        self._lock = threading.RLock()
        self._writer = WriterLock(folder) if mode == "write" else None
        self._mapped = MappedSegments()
        self._view: View | None = None
        try:
            self.catalog = Catalog(folder)
            self.dimension = self.catalog.number("dimension")
            self.dtype = np.dtype(self.catalog.fact("dtype"))
            if self._writer is not None:
                self._recover()
            self._check_last(self.view())
        except BaseException:
            self.close()
            raise

    @staticmethod
    def create(folder: Path, facts: dict[str, Any]) -> None:
        """Make a folder with an empty catalogue.

        Raises:
            ValueError: there is something already.
        """
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ValueError(f"{folder} exists already; open it, or choose another folder")
        (folder / "segments").mkdir(parents=True)
        lock = WriterLock(folder)
        try:
            catalog = Catalog(folder, create=True)
            with catalog.writing():
                for name, value in facts.items():
                    catalog.state(name, value)
            catalog.close()
            for place in (folder, folder.parent):
                sync_folder(place)
        finally:
            lock.release()

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            if hasattr(self, "catalog"):
                self.catalog.close()
            if self._writer is not None:
                self._writer.release()
                self._writer = None

    def view(self) -> View:
        """The present state."""
        with self._lock:
            self._view = load_view(
                self.catalog,
                self.folder,
                dimension=self.dimension,
                dtype=self.dtype,
                old=self._view,
            )
            return self._view

    def open_view(self) -> tuple[View, list[NDArray[Any]]]:
        """The present state and its mapped files, compared with their checksums when first used.

        Raises:
            ValueError: a file is damaged, or missing.
        """
        with self._lock:
            for _ in range(TRIES):
                view = self.view()
                segments = view.segments.values()
                self._mapped.keep(segments)
                try:
                    return view, [self._mapped.matrix(segment) for segment in segments]
                except FileNotFoundError as error:
                    missing = error.filename  # unless a compaction replaced it just now
            raise ValueError(f"{self.folder} is damaged: {missing} is missing")

    def check_writable(self) -> None:
        """Refuse to change a gallery that is open for reading."""
        if self._writer is None:
            raise ValueError(f"{self.folder} is open for reading; open it with mode 'write'")

    def add(self, rows: NewRows, model: dict[str, Any]) -> NDArray[np.int64]:
        """Add rows and wait until they are on disk.

        Raises:
            OSError: the disk is full or fails; nothing was added.
        """
        with self._lock:
            view = self.view()
            first = self.catalog.number("next_id")
            ids = np.arange(first, first + len(rows), dtype=np.int64)
            columns, appender = _columns(rows, ids), self._appender(view.generation)
            try:
                pieces, last = appender.append(view.segments, rows.features)
                with self.catalog.writing():
                    columns["attributes"] = self.catalog.codes(rows.attributes)
                    start = 0
                    for number, piece in pieces:
                        self.catalog.add(number, piece, columns[start : start + piece.rows])
                        start += piece.rows
                    self.catalog.describe(ids.tolist(), rows.paths, rows.images)
                    self.catalog.state("next_id", first + len(rows))
                    self.catalog.state("model", model)
            except BaseException:
                self._recover()
                raise
            appender.drop_copies(keep=last)
            return ids

    def delete(self, ids: NDArray[np.int64]) -> int:
        """Delete rows, of which those that are gone already do not count."""
        with self._lock:
            view = self.view()
            there = np.unique(ids[view.positions(ids) >= 0])
            if len(there):
                with self.catalog.writing():
                    self.catalog.delete(there.tolist())
            return len(there)

    def use_index(self, facts: dict[str, Any] | None) -> None:
        """Let searches use an index that was written, or none; the old one is removed."""
        with self._lock:
            with self.catalog.writing():
                self.catalog.state("index", facts)
            self._recover()

    def rewrite(self, advance: Advance | None = None) -> int:
        """Write all living rows anew and remove the old files.

        An index that holds deleted rows is removed as well.

        Returns:
            Bytes that were given back.
        """
        with self._lock:
            view, matrices = self.open_view()
            before = self.size()
            appender = self._appender(view.generation + 1)
            segments: dict[int, Segment] = {}
            starts = np.cumsum([0, *(len(matrix) for matrix in matrices)])
            try:
                with self.catalog.writing():
                    columns = view.columns[view.rows]
                    self.catalog.forget(np.unique(columns["attributes"]))
                    for matrix, start in zip(matrices, starts[:-1], strict=True):
                        alive = view.alive[start : start + len(matrix)]
                        if not alive.any():
                            continue
                        pieces, _ = appender.append(segments, matrix[alive])
                        for number, piece in pieces:
                            self.catalog.add(number, piece, columns[: piece.rows])
                            columns = columns[piece.rows :]
                            segments[number] = appender.grown(segments, number, piece)
                        if advance is not None:
                            advance(int(alive.sum()))
                    self.catalog.state("generation", appender.generation)
                    if not view.alive.all():
                        self.catalog.state("index", None)
            except BaseException:
                self._recover()
                raise
            self._recover()
            self.catalog.shrink()
            return max(0, before - self.size())

    def size(self) -> int:
        """Bytes on disk."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        return sum(file.stat().st_size for file in files)

    def verify(self) -> None:
        """Compare everything with its checksums.

        Raises:
            ValueError: something is damaged; says what.
        """
        self.catalog.verify()
        for segment in self.view().segments.values():
            if faults := segment.faults():
                raise ValueError(damage(segment, faults))

    def _appender(self, generation: int) -> Appender:
        return Appender(self.folder, generation, self.dimension, self.dtype)

    def _check_last(self, view: View) -> None:
        """The newest file, where a dying machine leaves its damage, is looked at at once."""
        for segment in list(view.segments.values())[:-1]:
            if (
                segment.file.exists()
                and segment.file.stat().st_size < segment.rows * segment.row_bytes
            ):
                raise ValueError(f"{segment.file} is damaged: it is shorter than it was written")
        if view.segments:
            self.open_last()

    def open_last(self) -> None:
        """Compare the newest file with its checksums."""
        with self._lock:
            for _ in range(TRIES):
                segments = list(self.view().segments.values())
                try:
                    self._mapped.matrix(segments[-1])
                    return
                except FileNotFoundError as error:
                    missing = error.filename
            raise ValueError(f"{self.folder} is damaged: {missing} is missing")

    def _recover(self) -> None:
        """Cut off and remove what does not count, and make the newest file whole."""
        self._view = None
        self._mapped.clear()
        view = self.view()
        known = {segment.file.name for segment in view.segments.values()}
        last = view.segments[max(view.segments)] if view.segments else None
        if last is not None:
            known.add(last.copy.name)
        for file in (self.folder / "segments").iterdir():
            if file.name not in known:
                file.unlink()
        index = self.catalog.fact("index")
        for file in (self.folder / "index").glob("*"):
            if index is None or file.name != index["file"]:
                file.unlink()
        if last is not None and (lost := last.repair()):
            raise ValueError(damage(last, lost))


def _columns(rows: NewRows, ids: NDArray[np.int64]) -> NDArray[Any]:
    columns = np.empty(len(rows), ROW)
    columns["id"], columns["timestamp"] = ids, rows.timestamps
    for name, values in rows.ids.items():
        columns[name] = values
    columns["square"] = squared_norms(rows.features)
    return columns
