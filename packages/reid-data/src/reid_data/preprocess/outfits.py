"""Outfit ids, real and made by recolouring, held without a matrix of all people by all outfits.

A recoloured image gets an outfit of its own, ``N + person * C**2 + shirt * C + trousers`` for N
real outfits and C colours. With 9 colours LTCC's 256 outfits become 6,493. A dense table of people
by outfits (Celeb-reID: 632 x 71,400) would be nearly all zeros, so only the real pairs are kept;
the rest is arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from reid_data.preprocess.published import Style, read_raw, write_raw
from reid_data.records import Ids, Records

__all__ = ["HEADER", "Outfits", "outfit_rows", "outfits_of", "read_outfits", "write_outfits"]

HEADER = ("Category", "ID", "Clothes")


@dataclass(frozen=True, eq=False)
class Outfits:
    """Which outfits each person has.

    People and real outfits are labels 0 .. P-1 and 0 .. N-1.

    Attributes:
        starts: where each person's outfits begin in `real`, ``(P + 1,)`` int64.
        real: the real outfits, grouped by person and ascending, ``(R,)`` int64.
        real_count: number of real outfits N.
        colours: colours of recolouring; 0 for none.

    Examples:
        >>> outfits = Outfits.from_pairs([(0, 0), (0, 1), (1, 2)], colours=9)
        >>> len(outfits), outfits.recoloured_id(1, shirt=2, pant=3)
        (165, 105)
        >>> outfits.of(0)[:4].tolist()
        [0, 1, 3, 4]
    """

    starts: Ids
    real: Ids
    real_count: int
    colours: int = 0

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[int, int]], *, colours: int = 0) -> Self:
        """Make them from (person, outfit) pairs, in any order and repeated at will.

        Raises:
            ValueError: there is no pair, a label is negative, or the people's labels have a gap.
        """
        array = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
        if not len(array) or array.min() < 0:
            raise ValueError("expected pairs of person and outfit, numbered from 0")
        unique = np.unique(array, axis=0)
        counts = np.bincount(unique[:, 0])
        if not counts.all():
            raise ValueError(f"person {int(counts.argmin())} has no outfit; number people from 0")
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(starts, unique[:, 1], int(unique[:, 1].max()) + 1, colours)

    def __len__(self) -> int:
        """Number of outfits, real and recoloured."""
        return self.real_count + self.people * self.colours**2

    @property
    def people(self) -> int:
        """Number of people P."""
        return len(self.starts) - 1

    def recoloured_id(self, person: int, *, shirt: int, pant: int) -> int:
        """The outfit of a recoloured image; a single colour over all clothes counts as both.

        Raises:
            ValueError: the person or a colour does not exist.
        """
        if not 0 <= person < self.people:
            raise ValueError(f"person must be 0 .. {self.people - 1}, came {person}")
        if not (0 <= shirt < self.colours and 0 <= pant < self.colours):
            raise ValueError(f"colours must be 0 .. {self.colours - 1}, came {shirt} and {pant}")
        return self.real_count + person * self.colours**2 + shirt * self.colours + pant

    def of(self, person: int) -> Ids:
        """All outfits of a person, ascending: the real ones, then the recoloured ones."""
        first = self.real_count + person * self.colours**2
        recoloured = np.arange(first, first + self.colours**2)
        real = self.real[self.starts[person] : self.starts[person + 1]]
        return np.concatenate([real, recoloured])

    def positives(self, people: Ids) -> npt.NDArray[np.bool_]:
        """For each person of a batch, which outfits are theirs.

        Args:
            people: labels, ``(B,)``.

        Returns:
            ``(B, len(self))`` bool: the rows that a clothes-based adversarial loss needs, made for
            one batch at a time.
        """
        people = np.asarray(people, dtype=np.int64)
        mask = np.zeros((len(people), len(self)), dtype=bool)
        counts = self.starts[people + 1] - self.starts[people]
        rows = np.repeat(np.arange(len(people)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        mask[rows, self.real[np.repeat(self.starts[people], counts) + within]] = True
        made = mask[:, self.real_count :].reshape(len(people), self.people, self.colours**2)
        made[np.arange(len(people)), people] = True
        return mask


def outfits_of(records: Records, *, colours: int = 0) -> tuple[Outfits, Ids]:
    """The outfits of a data set's people.

    Args:
        records: with a column ``clothes_id``; people and outfits are labelled in ascending order.
        colours: colours of recolouring.

    Returns:
        The outfits, and the outfit label of each record, ``(N,)``.

    Raises:
        ValueError: the records have no outfits, or not everywhere.
    """
    if "clothes_id" not in records.table or records.table["clothes_id"].isna().any():
        raise ValueError(
            "expected records with a clothes_id in each row; recolouring needs the real outfits"
        )
    people = records.relabel().labels
    ids = records.table["clothes_id"].to_numpy(dtype=np.int64)
    # An outfit belongs to one person even where data sets number them anew for each.
    pairs, labels = np.unique(np.stack([people, ids], 1), axis=0, return_inverse=True)
    labels = labels.reshape(-1).astype(np.int64)
    owners = zip(pairs[:, 0].tolist(), range(len(pairs)), strict=True)
    return Outfits.from_pairs(owners, colours=colours), labels


def outfit_rows(records: Records, *, category: str, digits: int = 3) -> list[tuple[str, str, str]]:
    """Who has which outfits, for `write_outfits`: each pair of pid and clothes_id once, ascending.

    Args:
        records: with a column ``clothes_id``; rows where it is unknown are left out.
        category: what the first column says.
        digits: to how many an identity is filled with zeros.

    Raises:
        ValueError: the records have no outfits.
    """
    if "clothes_id" not in records.table or records.table["clothes_id"].isna().all():
        raise ValueError("expected records with a column clothes_id; these have no outfits")
    known = records.table[["pid", "clothes_id"]].dropna().drop_duplicates().astype("int64")
    pairs = known.sort_values(["pid", "clothes_id"]).to_numpy().tolist()
    return [(category, f"{pid:0{digits}d}", str(outfit)) for pid, outfit in pairs]


def write_outfits(
    path: Path | str, rows: Iterable[tuple[str, str, str]], *, header: bool = True
) -> None:
    """Write who has which outfits: category, identity and outfit, one pair a line.

    No such table is published; the form follows the gender tables.
    """
    write_raw(path, rows, style=Style(HEADER if header else None))


def read_outfits(path: Path | str) -> list[tuple[str, str, str]]:
    """Read a table of outfits, with or without its header.

    Raises:
        ValueError: the file is missing or malformed.
    """
    raw = read_raw(path, headers=[HEADER], columns=3)
    return [(row[0], row[1], row[2]) for row in raw.rows]
