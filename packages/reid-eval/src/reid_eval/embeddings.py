"""Embeddings with the ids beside them, in memory and as a folder on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_data.console import one_line
from reid_eval._folders import whole_folder

__all__ = [
    "Embeddings",
    "check_comparable",
    "check_distinct",
    "check_same_making",
    "check_target",
    "is_embeddings_folder",
]

FORMAT = "reid-eval embeddings"
FORMAT_VERSION = 1
FEATURES, TABLE, META, PATHS = "embeddings.npy", "records.parquet", "meta.json", "paths.npy"
FILES = (FEATURES, TABLE, META, PATHS)
# What must agree before a query may be compared with a gallery, and how to say it.
_MUST_AGREE = {
    "fingerprint": "model",
    "image_size": "image size",
    "views": "test-time views",
    "normalised": "normalisation",
}
_CHECK_ROWS = 1 << 14


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Features (N, D) and the row of ids that belongs to each.

    On disk a folder of four files: ``embeddings.npy`` (float32, memory-mappable),
    ``records.parquet``, ``meta.json`` and, for other tools, ``paths.npy`` (unicode, absolute).

    Attributes:
        features: float32 (N, D), not normalised unless ``meta`` says so; may be a memory map.
        table: N rows with the columns ``path`` (relative to ``root``), ``pid``, ``camid``
            (nullable), ``split`` and whatever else the records had.
        root: folder that the paths are relative to.
        meta: facts about the model and the pass; ``fingerprint`` says which model it was.

    Raises:
        ValueError: the features are not float32 (N, D), the table lacks a column or has another
            number of rows.
    """

    features: NDArray[np.float32]
    table: pd.DataFrame
    root: Path
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or self.features.dtype != np.float32:
            came = f"{self.features.dtype} {self.features.shape}"
            raise ValueError(f"features must be float32 (N, D), got {came}")
        missing = [name for name in ("path", "pid", "camid") if name not in self.table.columns]
        if missing:
            came = ", ".join(map(str, self.table.columns))
            raise ValueError(f"the table lacks the column(s) {', '.join(missing)}; it has {came}")
        if len(self.table) != len(self.features):
            raise ValueError(f"{len(self.features)} features for {len(self.table)} table rows")

    def __len__(self) -> int:
        return len(self.features)

    def __repr__(self) -> str:
        size = f"{len(self)} x {self.dimension}, {self.table['pid'].nunique()} identities"
        return f"Embeddings({size}, root={str(self.root)!r})"

    @property
    def dimension(self) -> int:
        """D, the length of one embedding."""
        return int(self.features.shape[1])

    @property
    def pids(self) -> NDArray[np.int64]:
        """Identities (N,); negative means nobody's."""
        return self.table["pid"].to_numpy(np.int64)

    @property
    def camids(self) -> NDArray[np.int64]:
        """Cameras (N,); -1 where unknown, and an unknown camera equals no other."""
        cameras = self.table["camid"].astype("Int64")
        return np.asarray(cameras.to_numpy(dtype=np.int64, na_value=-1), np.int64)

    @property
    def paths(self) -> list[Path]:
        """Absolute paths of the N images."""
        return [self.root / path for path in self.table["path"]]

    def take(self, indices: ArrayLike) -> Embeddings:
        """The rows at ``indices`` (integers, in that order, or a boolean mask of N)."""
        chosen = np.asarray(indices)
        rows = chosen.nonzero()[0] if chosen.dtype == np.bool_ else chosen.reshape(-1)
        rows = rows if len(rows) else np.empty(0, np.int64)
        table = self.table.iloc[rows].reset_index(drop=True)
        return Embeddings(np.asarray(self.features[rows]), table, self.root, self.meta)

    def split(self, *names: str) -> Embeddings:
        """The rows of one or several splits, in their order.

        Raises:
            ValueError: no row belongs to them; the message names the splits that exist.
        """
        column = self.table["split"] if "split" in self.table.columns else None
        chosen = np.zeros(len(self), bool) if column is None else column.isin(names).to_numpy()
        if not chosen.any():
            there = "none" if column is None else ", ".join(sorted(map(str, column.unique())))
            raise ValueError(f"no embedding belongs to {' or '.join(names)}; splits here: {there}")
        return self.take(chosen)

    def save(self, folder: str | Path) -> Path:
        """Write the folder, whole or not at all; an older embeddings folder is replaced.

        Raises:
            ValueError: ``folder`` exists and is not an embeddings folder.
        """
        target = check_target(folder)
        meta = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            **self.meta,
            "root": str(self.root),
            "count": len(self),
            "embedding_size": self.dimension,
        }
        with whole_folder(target) as temporary:
            np.save(temporary / FEATURES, self.features, allow_pickle=False)
            np.save(temporary / PATHS, np.asarray([str(path) for path in self.paths], np.str_))
            self.table.to_parquet(temporary / TABLE, index=False)
            (temporary / META).write_text(json.dumps(meta, indent=2) + "\n")
        return target

    @classmethod
    def load(cls, folder: str | Path, *, mmap: bool = True) -> Embeddings:
        """Read a folder that [`save`][reid_eval.embeddings.Embeddings.save] wrote.

        Args:
            folder: the embeddings folder.
            mmap: leave the features on disk and read them as they are used.

        Raises:
            ValueError: a file is missing or damaged, or the files do not belong together.
        """
        source = Path(folder)
        meta = _read_meta(source)
        missing = [name for name in (FEATURES, TABLE) if not (source / name).is_file()]
        if missing:
            raise ValueError(f"{source} is incomplete: it lacks {', '.join(missing)}; embed again")
        try:
            # A copy-on-write map is writable, in memory only, which is what torch asks for.
            features = np.load(
                source / FEATURES, mmap_mode="c" if mmap else None, allow_pickle=False
            )
            table = pd.read_parquet(source / TABLE)
        except (ValueError, OSError, EOFError) as error:
            raise ValueError(f"{source} is damaged, embed again: {one_line(error)}") from error
        try:
            embeddings = cls(features, table, Path(meta["root"]), meta)
            _check_contents(embeddings)
        except ValueError as error:
            raise ValueError(f"{source} is damaged, embed again: {error}") from error
        return embeddings


def is_embeddings_folder(folder: str | Path) -> bool:
    """Whether ``folder`` holds embeddings rather than images (whole or damaged)."""
    return (Path(folder) / META).is_file()


def check_target(folder: str | Path) -> Path:
    """Refuse to write embeddings over something else, before the work is done.

    Raises:
        ValueError: ``folder`` is a file, or a folder that holds anything but embeddings.
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise ValueError(f"{target} is a file; embeddings are a folder, choose another --out")
    there = {path.name for path in target.iterdir()} if target.exists() else set()
    if there:
        others = sorted(there - set(FILES)) or sorted(there - {META})
        if set(others) - set(FILES) or not is_embeddings_folder(target):
            raise ValueError(
                f"{target} holds other files ({_some(others)}) and would be replaced; "
                "choose another --out"
            )
        _read_meta(target)
    return target


def check_comparable(query: Embeddings, gallery: Embeddings) -> None:
    """Refuse to compare embeddings of different models, or made in different ways.

    Raises:
        ValueError: the sizes, fingerprints or settings differ; the message names both.
    """
    if query.dimension != gallery.dimension:
        raise ValueError(
            f"the query embeddings have {query.dimension} dimensions, the gallery's "
            f"{gallery.dimension}; embed both with one model"
        )
    check_same_making(query.meta, gallery.meta, names=("query", "gallery"))


def check_distinct(side: Embeddings, name: str) -> None:
    """Refuse an image that is there twice: it would count twice in every metric.

    Rows of one path are told apart by ``frame`` and ``box``.

    Args:
        side: the embeddings.
        name: what the message calls them.

    Raises:
        ValueError: says how many rows, and the first one's path.
    """
    columns = [column for column in ("path", "frame", "box") if column in side.table.columns]
    again = side.table.duplicated(columns).to_numpy()
    if again.any():
        path = side.table["path"].iloc[int(again.argmax())]
        raise ValueError(
            f"{int(again.sum())} of {len(side)} {name} rows are there twice, first {path}; "
            "each image may be in it once"
        )


def check_same_making(
    first: Mapping[str, Any], second: Mapping[str, Any], *, names: tuple[str, str]
) -> None:
    """Refuse two sets of facts (``Embeddings.meta``) that make embeddings incomparable.

    Raises:
        ValueError: model, image size, views or normalisation differ.
    """
    for key, what in _MUST_AGREE.items():
        ours, theirs = first.get(key), second.get(key)
        if ours != theirs:
            raise ValueError(
                f"{names[0]} and {names[1]} differ in their {what} "
                f"({_short(ours)} and {_short(theirs)}); embed both in one way"
            )


def _read_meta(folder: Path) -> dict[str, Any]:
    try:
        meta = json.loads((folder / META).read_text())
    except FileNotFoundError as error:
        raise ValueError(f"{folder} is no embeddings folder: it has no {META}") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder / META} cannot be read: {one_line(error)}") from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT or "root" not in meta:
        raise ValueError(f"{folder / META} does not say format={FORMAT!r}: no embeddings folder")
    if meta.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"{folder} has format version {meta.get('format_version')}, this software reads "
            f"{FORMAT_VERSION}; embed again, or update reid-eval"
        )
    return meta


def _check_contents(embeddings: Embeddings) -> None:
    expected = embeddings.meta.get("embedding_size"), embeddings.meta.get("count")
    if expected != (embeddings.dimension, len(embeddings)):
        raise ValueError(
            f"{META} promises {expected[1]} x {expected[0]}, {FEATURES} holds "
            f"{len(embeddings)} x {embeddings.dimension}"
        )
    for start in range(0, len(embeddings), _CHECK_ROWS):
        finite = np.isfinite(embeddings.features[start : start + _CHECK_ROWS]).all(axis=1)
        if not finite.all():
            row = start + int(finite.argmin())
            raise ValueError(f"the embedding of {embeddings.table['path'].iloc[row]} is not finite")


def _short(value: object) -> str:
    text = "unknown" if value is None else str(value)
    return text if len(text) <= 16 else f"{text[:12]}..."


def _some(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
