"""Embeddings on their way to disk, so that a killed pass can go on."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_data.records import Records
from reid_eval._folders import whole_folder

__all__ = ["Journal"]

_FEATURES, _DONE, _STATE = "embeddings.npy", "done.npy", "state.json"
_SECONDS = 2.0
"""Embeddings of at most so many seconds are lost with the machine."""


class Journal:
    """A hidden folder beside the embeddings folder to come: features, and which rows are done.

    Both are memory maps: what a killed process wrote stays. Several processes write rows of their
    own. A row is marked only after its features were flushed, so a mark is never wrong.

    Attributes:
        features: (N, D) float32.
        done: (N,) uint8, 1 where the row of ``features`` is written.
    """

    def __init__(self, folder: Path, batch_size: int) -> None:
        self._folder = folder
        self._batch_size = batch_size
        self.features: NDArray[np.float32] = np.load(folder / _FEATURES, mmap_mode="r+")
        self.done: NDArray[np.uint8] = np.load(folder / _DONE, mmap_mode="r+")
        self._unmarked = list[NDArray[np.int64]]()
        self._committed = time.monotonic()

    @staticmethod
    def prepare(
        target: Path,
        records: Records,
        facts: dict[str, Any],
        *,
        batch_size: int,
        dimension: int,
    ) -> None:
        """Make the folder, unless it is there for the same pass already.

        Args:
            target: the embeddings folder to come.
            records: N images.
            facts: the model and how it embeds.
            batch_size: images in one forward pass; rows are shared out and redone by batches.
            dimension: D.
        """
        folder = _folder(target)
        state = {"pass": _digest(records, facts, batch_size), "batch_size": batch_size}
        if _read(folder) == state:
            return
        shutil.rmtree(folder, ignore_errors=True)
        with whole_folder(folder) as fresh:
            shape = (len(records), dimension)
            np.lib.format.open_memmap(fresh / _FEATURES, "w+", np.float32, shape).flush()
            np.lib.format.open_memmap(fresh / _DONE, "w+", np.uint8, shape[:1]).flush()
            (fresh / _STATE).write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def open(cls, target: Path) -> Journal:
        """The journal that `prepare` made, perhaps in another process."""
        folder = _folder(target)
        return cls(folder, json.loads((folder / _STATE).read_text())["batch_size"])

    def share(self, rank: int, world_size: int) -> NDArray[np.int64]:
        """Rows of one process, in whole batches, without those of batches that are done."""
        rows = np.arange(len(self.done))
        batches = rows // self._batch_size
        pending = np.zeros(int(batches[-1]) + 1, bool)
        pending[batches[self.done == 0]] = True
        mine: NDArray[np.int64] = rows[batches % world_size == rank]
        # A batch that is begun is embedded whole, so that its rounding is that of a single pass.
        self.done[mine[pending[batches[mine]]]] = 0
        return mine

    def put(self, rows: NDArray[np.int64], values: NDArray[np.float32]) -> None:
        """Write features (B, D) of rows (B,)."""
        self.features[rows] = values
        self._unmarked.append(rows)
        if time.monotonic() - self._committed > _SECONDS:
            self.commit()

    def commit(self) -> None:
        """Mark what was put as done."""
        _flush(self.features)
        for rows in self._unmarked:
            self.done[rows] = 1
        _flush(self.done)
        self._unmarked = []
        self._committed = time.monotonic()

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _folder(target: Path) -> Path:
    return target.absolute().with_name(f".{target.name}.embedding")


def _flush(array: NDArray[Any]) -> None:
    if isinstance(array, np.memmap):
        array.flush()


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state


def _digest(records: Records, facts: dict[str, Any], batch_size: int) -> str:
    """Of all that decides about the embeddings; a file that changes its size or time counts."""
    digest = hashlib.sha256()
    digest.update(json.dumps([facts, batch_size, str(records.root.absolute())]).encode())
    for path in records.paths:
        try:
            seen = path.stat()
            digest.update(f"{path}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(f"{path}\0missing\n".encode())
    return digest.hexdigest()
