"""Which part of a data set to take, and several data sets at once, as it is written after --data.

Any data set understands these options besides its own::

    only=train           the images of a split; several are joined by /: only=query/gallery
    people=100           so many people, drawn at random
    fold=0/5             the first of five folds of the training people goes to split val
    draw=7               the seed of people and fold, 0 by default
    root=another/place   where it lies, below --root or anywhere

Several data sets are written with + between and become one: ``market1501:only=train+ltcc`` (see
`Records.concatenate`). Each looks for itself in the same root, below the names that its folder
usually has, or in the ``root`` that is written after it. A folder whose name holds ``+`` or a comma
can be given in Python only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reid_data.records import Records

__all__ = ["SELECTION_OPTIONS", "Selection", "split_parts"]

SELECTION_OPTIONS = {
    "only": "splits with / between",
    "people": "so many, drawn at random",
    "fold": "I/K: fold I (from 0) of K of the training people becomes val",
    "draw": "seed of people and fold, default 0",
    "root": "where it lies, below --root or anywhere",
}
"""The options that every data set has, and what they are, for people."""

_FOLD = re.compile(r"(\d{1,9})/(\d{1,9})", re.ASCII)
_COUNT = re.compile(r"\d{1,18}", re.ASCII)


def split_parts(spelled: str) -> list[str]:
    """Take the data sets that are joined by ``+`` apart.

    Raises:
        ValueError: there is nothing before or after a ``+``.

    Examples:
        >>> split_parts("market1501:only=train+ltcc")
        ['market1501:only=train', 'ltcc']
    """
    parts = [part.strip() for part in spelled.split("+")]
    if len(parts) > 1 and not all(parts):
        raise ValueError(f"data sets are joined as NAME+NAME; came {spelled!r}")
    return parts if len(parts) > 1 else [spelled]


@dataclass(frozen=True)
class Selection:
    """What to take of a data set, see the module.

    Attributes:
        only: the splits to keep; empty for all.
        people: how many people to keep.
        fold: which fold of how many becomes split val.
        draw: the seed of both.
        root: where the data set lies, relative to what is given elsewhere.
    """

    only: tuple[str, ...] = ()
    people: int | None = None
    fold: tuple[int, int] | None = None
    draw: int = 0
    root: Path | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Selection:
        """Read the options named in `SELECTION_OPTIONS`; others are passed over.

        Raises:
            ValueError: one of them is not what it should be.
        """
        only = str(options["only"]) if "only" in options else ""
        return cls(
            only=tuple(only.split("/")) if only else (),
            people=_count(options, "people"),
            fold=_fold(options),
            draw=_count(options, "draw") or 0,
            root=Path(str(options["root"])).expanduser() if "root" in options else None,
        )

    @property
    def takes_all(self) -> bool:
        """Whether `apply` leaves a data set as it is."""
        return not self.only and self.people is None and self.fold is None

    def apply(self, records: Records) -> Records:
        """What was selected of a data set.

        Raises:
            ValueError: it has no such split, or not enough people.
        """
        taken = records.split(*self.only) if self.only else records
        if self.people is not None:
            taken = taken.draw_identities(self.people, seed=self.draw)
        return taken if self.fold is None else _hold_out(taken, *self.fold, seed=self.draw)


def _hold_out(records: Records, fold: int, count: int, *, seed: int) -> Records:
    training = (records.table["split"] == "train").to_numpy(dtype=bool)
    if not training.any():
        raise ValueError("fold deals the people of split train out; there are none")
    rest, held = records.take(training).folds(count, seed=seed)[fold]
    table = pd.concat([rest.table, held.table, records.table[~training]], ignore_index=True)
    return Records(table, records.root, records.info)


def _count(options: Mapping[str, Any], key: str) -> int | None:
    if key not in options:
        return None
    if not _COUNT.fullmatch(str(options[key])):
        raise ValueError(f"{key} must be a whole number, came {options[key]!r}")
    return int(str(options[key]))


def _fold(options: Mapping[str, Any]) -> tuple[int, int] | None:
    if "fold" not in options:
        return None
    match = _FOLD.fullmatch(str(options["fold"]))
    if match is None or not int(match[1]) < int(match[2]):
        raise ValueError(
            f"fold must be I/K, fold I of K counted from 0, such as 0/5; came {options['fold']!r}"
        )
    return int(match[1]), int(match[2])
