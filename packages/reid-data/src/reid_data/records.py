"""The table that travels between the rooms: one row an image, and where it came from."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from reid_data import carving, manifest
from reid_data.about import DatasetInfo, joined_info
from reid_data.columns import SPLITS, check_table
from reid_data.joining import join_tables, unique_names

__all__ = ["SPLITS", "DatasetInfo", "Ids", "Records"]

Ids = npt.NDArray[np.int64]
"""Identities, cameras or labels, ``(N,)``."""


@dataclass(frozen=True, eq=False)
class Records:
    """A checked table of images with the folder that holds them.

    Attributes:
        table: one row an image, see `reid_data.columns.check_table` for the columns. It is a
            checked copy of what was given; treat it as read-only.
        root: the folder to which the paths are relative.
        info: licence, citation and published counts, where they are known.

    Raises:
        ValueError: the table is not a table of records.

    Examples:
        >>> table = pd.DataFrame(
        ...     {"path": ["a.jpg", "b.jpg"], "pid": [7, 9], "camid": [1, None], "split": "train"}
        ... )
        >>> records = Records(table, Path("photos"))
        >>> records.camids.tolist(), records.relabel().labels.tolist()
        ([1, -1], [0, 1])
    """

    table: pd.DataFrame
    root: Path
    info: DatasetInfo | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", check_table(self.table))
        object.__setattr__(self, "root", Path(self.root))

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        sizes = self.table["split"].value_counts(sort=False).to_dict()
        name = [self.info.name] if self.info else []
        counts = [f"{split}={count}" for split, count in sizes.items() if count]
        return f"Records({', '.join([*name, *counts, f'root={str(self.root)!r}'])})"

    @property
    def paths(self) -> list[Path]:
        """The files, below `root`."""
        return [self.root / path for path in self.table["path"]]

    @property
    def pids(self) -> Ids:
        """Identities, ``(N,)``."""
        return self.table["pid"].to_numpy(dtype=np.int64)

    @property
    def camids(self) -> Ids:
        """Cameras, ``(N,)``; -1 where unknown. An unknown camera never equals another one."""
        return self.table["camid"].to_numpy(dtype=np.int64, na_value=-1)

    @property
    def labels(self) -> Ids:
        """Training labels 0 .. C-1, ``(N,)``.

        Raises:
            ValueError: the records were not relabelled.
        """
        if "label" not in self.table:
            raise ValueError("records have no training labels yet; call relabel() first")
        return self.table["label"].to_numpy(dtype=np.int64)

    def split(self, *names: str) -> Records:
        """Keep the rows of one or several splits, in the order of the table.

        Raises:
            ValueError: a name is not a split, or no row is left.
        """
        unknown = [name for name in names if name not in SPLITS]
        if unknown or not names:
            raise ValueError(
                f"split must be one of {', '.join(SPLITS)}; came {', '.join(unknown) or 'nothing'}"
            )
        kept = self.table[self.table["split"].isin(names)]
        if kept.empty:
            there = [name for name in SPLITS if (self.table["split"] == name).any()]
            raise ValueError(
                f"no images in split {' or '.join(names)} of {self.root}; "
                f"there are: {', '.join(there) or 'none at all'}"
            )
        return self._with(kept)

    def take(self, indices: Sequence[int] | npt.NDArray[np.integer | np.bool_]) -> Records:
        """Keep the rows at these positions (or where a mask is true), in the given order."""
        return self._with(self.table.iloc[np.asarray(indices, dtype=None if len(indices) else int)])

    def relabel(self) -> Records:
        """Number the identities 0 .. C-1 by ascending pid, in a column ``label`` beside the pid."""
        labels = np.unique(self.pids, return_inverse=True)[1].reshape(-1)
        return self._with(self.table.assign(label=labels.astype(np.int64)))

    def split_identities(self, fraction: float, *, seed: int) -> tuple[Records, Records]:
        """Carve out a random share of the identities, with all their images.

        Args:
            fraction: share of identities to hold out, between 0 and 1; rounded, but at least one
                identity stays on each side.
            seed: which identities.

        Returns:
            The rest as it was, and what was held out with its split renamed to ``val``.

        Raises:
            ValueError: the fraction is not between 0 and 1, or there are fewer than two identities.
        """
        held = carving.held_out(self.pids, fraction=fraction, seed=seed)
        carved = self.table[held].assign(split="val")
        return self._with(self.table[~held]), self._with(carved)

    def folds(self, count: int, *, seed: int) -> list[tuple[Records, Records]]:
        """Divide the identities, with all their images, into folds that each are held out once.

        Args:
            count: how many folds; their sizes differ by one identity at most.
            seed: who is in which.

        Returns:
            For each fold what `split_identities` gives: the rest, and the fold in split ``val``.

        Raises:
            ValueError: there are fewer than two folds, or fewer identities than folds.
        """
        folds = carving.fold_numbers(self.pids, count=count, seed=seed)
        return [
            (
                self._with(self.table[folds != fold]),
                self._with(self.table[folds == fold].assign(split="val")),
            )
            for fold in range(count)
        ]

    def draw_identities(self, count: int, *, seed: int) -> Records:
        """Keep the images of so many people, drawn at random.

        Distractors, junk and images of nobody (a negative pid) stay.

        Raises:
            ValueError: there are not so many people.
        """
        aside = self.table["split"].isin(("distractor", "junk")).to_numpy(dtype=bool)
        nobody = aside | (self.pids < 0)
        kept = nobody.copy()
        kept[~nobody] = carving.drawn(self.pids[~nobody], count=count, seed=seed)
        return self._with(self.table[kept])

    def subset(
        self, *, pids: Collection[int] | None = None, camids: Collection[int] | None = None
    ) -> Records:
        """Keep the images of these people by these cameras; see also `split` and `take`.

        Args:
            pids: who; everybody by default.
            camids: by which cameras; all, and unknown ones, by default.

        Raises:
            ValueError: one of them is not there, or no image is left.
        """
        kept = np.ones(len(self), dtype=bool)
        for what, ids, wanted in (("pid", self.pids, pids), ("camid", self.camids, camids)):
            if wanted is not None:
                kept &= carving.chosen(ids, wanted, what=what)
        if not kept.any():
            raise ValueError("none of these people was seen by these cameras")
        return self._with(self.table[kept])

    @classmethod
    def concatenate(cls, parts: Sequence[Records], *, names: Sequence[str] | None = None) -> Self:
        """Several data sets as one, with disjoint identities, cameras, outfits and tracklets.

        See `reid_data.joining.join_tables` for the numbers, and for the columns ``part``,
        ``part_pid``, ``part_camid`` ... in which the old ones stay.

        Args:
            parts: the data sets; the root becomes the folder that holds all of theirs.
            names: of the parts in column ``part``, each once; by default the data sets' own, with
                ``-2`` and so on where one comes twice.

        Raises:
            ValueError: there are no parts, names repeat or are not as many, or one file is in the
                same split of two parts.

        Examples:
            >>> table = pd.DataFrame({"path": ["a.jpg"], "pid": 7, "camid": 3, "split": "train"})
            >>> both = Records.concatenate([Records(table, Path("x")), Records(table, Path("y"))])
            >>> both.pids.tolist(), both.camids.tolist(), both.table["path"].tolist()
            ([0, 1], [0, 1], ['x/a.jpg', 'y/a.jpg'])
        """
        if not parts:
            raise ValueError("expected one data set or more to concatenate, came none")
        infos = [part.info or DatasetInfo("records") for part in parts]
        if names is None:
            names = unique_names([info.name for info in infos])
        if len(set(names)) != len(parts) or len(names) != len(parts):
            raise ValueError(f"expected {len(parts)} different names, came {', '.join(names)}")
        root = Path(os.path.commonpath([part.root.resolve() for part in parts]))
        table = join_tables([part.relative_to(root).table for part in parts], names=names)
        info = joined_info(infos, name="+".join(names))
        return cls(table, root, info)

    def as_query_gallery(self, *, seed: int) -> Records:
        """Turn the rows into a retrieval test: one image per (pid, camera) asks, the rest answer.

        An image becomes a query only if an image of the same person from another camera (an
        unknown camera counts as another) stays in the gallery; identities that could never match
        are gallery only. Distractors and junk keep their split.

        Args:
            seed: which images ask.

        Raises:
            ValueError: no identity could be asked for.
        """
        people = ~self.table["split"].isin(("distractor", "junk")).to_numpy(dtype=bool)
        asks = carving.queries(self.pids, self.camids, eligible=people, seed=seed)
        if not asks.any():
            raise ValueError(
                "no identity was seen by two cameras (or twice by unknown ones), so nothing can be "
                "asked for; use more identities or cameras"
            )
        role = np.where(people, np.where(asks, "query", "gallery"), self.table["split"])
        return self._with(self.table.assign(split=role))

    def relative_to(self, folder: Path) -> Records:
        """The same files with `folder`, which must hold the root, as their root.

        Raises:
            ValueError: the root is not below that folder.
        """
        inner = self.root.resolve().relative_to(folder.resolve()).as_posix()
        if inner == ".":
            return Records(self.table, folder, self.info)
        return Records(self.table.assign(path=inner + "/" + self.table["path"]), folder, self.info)

    def to_csv(self, path: Path) -> None:
        """Write the table as CSV; the paths stay relative to `root`."""
        manifest.write_csv(self.table, path)

    def to_parquet(self, path: Path) -> None:
        """Write the table as Parquet, with what is known about the data set in its metadata."""
        manifest.write_parquet(self.table, path, about=self.info)

    @classmethod
    def from_csv(cls, path: Path, root: Path | None = None) -> Records:
        """Read a CSV file with at least the columns path, pid and split.

        Args:
            path: the file.
            root: the folder to which its paths are relative; the file's own folder by default.

        Raises:
            ValueError: the file is missing or empty, lacks a column, or holds something that is not
                a number where one must be; the message names the line.
        """
        return cls(manifest.read_csv(Path(path)), Path(path).parent if root is None else root)

    @classmethod
    def from_parquet(cls, path: Path, root: Path | None = None) -> Records:
        """Read a Parquet file with at least the columns path, pid and split.

        Args:
            path: the file.
            root: the folder to which its paths are relative; the file's own folder by default.

        Raises:
            ValueError: the file is missing or not Parquet, or its table is not one of records.
        """
        table, about = manifest.read_parquet(Path(path))
        try:
            info = DatasetInfo(**about) if about else None
        except TypeError as error:
            raise ValueError(f"{path} was written by another version: {error}") from error
        return cls(table, Path(path).parent if root is None else root, info)

    def _with(self, table: pd.DataFrame) -> Records:
        return Records(table, self.root, self.info)
