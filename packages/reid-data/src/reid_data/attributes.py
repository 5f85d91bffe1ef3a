"""A table of attributes beside the records: who wears what, by image or by person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import numpy.typing as npt

from reid_data.records import Ids, Records

__all__ = ["UNKNOWN", "Attributes", "Values"]

Values = npt.NDArray[np.int8]
"""1 for yes, 0 for no, -1 for unknown."""

UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Attributes:
    """Binary attributes of images or of people.

    Attributes:
        names: of the attributes, ``A`` of them, each once.
        values: ``(N, A)`` int8: 1 yes, 0 no, -1 unknown.
        keys: what each row is about, ``N`` of them, each once.
        key: what the keys are: ``path`` relative to the data set's root, ``stem`` (the file's name
            without its ending), or ``pid`` in decimal.
        partitions: rows of the published splits by name, for example ``train``.
        notes: further columns of ``N`` texts by name, for example ``quality``.

    Raises:
        ValueError: the parts do not fit each other.

    Examples:
        >>> values = np.array([[1, 0], [0, -1]], dtype=np.int8)
        >>> hats = Attributes(("hat", "bag"), values, ("7", "9"), key="pid")
        >>> hats.select(["bag"]).values.tolist()
        [[0], [-1]]
    """

    names: tuple[str, ...]
    values: Values
    keys: tuple[str, ...]
    key: Literal["path", "stem", "pid"] = "path"
    partitions: Mapping[str, Ids] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        expected = (len(self.keys), len(self.names))
        if values.shape != expected or values.dtype.kind not in "biuf":
            raise ValueError(f"expected values {expected}, came {values.dtype} {values.shape}")
        if not np.isin(values, (UNKNOWN, 0, 1)).all():
            row, column = np.argwhere(~np.isin(values, (UNKNOWN, 0, 1)))[0]
            raise ValueError(
                f"attribute {self.names[column]} of {self.keys[row]} must be 0, 1 or -1 (unknown), "
                f"came {values[row, column]}"
            )
        for what, texts in (("attribute", self.names), ("key", self.keys)):
            repeated = _repeated(texts)
            if repeated is not None:
                raise ValueError(f"expected each {what} once; {repeated!r} comes twice")
        for name, rows in self.partitions.items():
            if len(rows) and (np.min(rows) < 0 or np.max(rows) >= len(self.keys)):
                raise ValueError(
                    f"partition {name} names the rows {np.min(rows)} to {np.max(rows)}; there are "
                    f"{len(self.keys)}"
                )
        for name, column in self.notes.items():
            if len(column) != len(self.keys):
                raise ValueError(f"expected {len(self.keys)} notes {name}, came {len(column)}")
        object.__setattr__(self, "values", values.astype(np.int8))

    def __len__(self) -> int:
        return len(self.keys)

    def select(self, names: Iterable[str]) -> Attributes:
        """These attributes in this order.

        Raises:
            ValueError: one of them is not there.
        """
        wanted = tuple(names)
        missing = [name for name in wanted if name not in self.names]
        if missing:
            raise ValueError(f"no attribute {missing[0]!r}; there are: {', '.join(self.names)}")
        columns = [self.names.index(name) for name in wanted]
        return Attributes(
            wanted, self.values[:, columns], self.keys, self.key, self.partitions, self.notes
        )

    def take(self, rows: Sequence[int] | Ids) -> Attributes:
        """These rows in this order, without the partitions."""
        indices = np.asarray(rows, dtype=np.int64)
        return Attributes(
            self.names,
            self.values[indices],
            tuple(self.keys[row] for row in indices),
            self.key,
            notes={
                name: tuple(texts[row] for row in indices) for name, texts in self.notes.items()
            },
        )

    def partition(self, name: str) -> Attributes:
        """The rows of one published split.

        Raises:
            ValueError: there is no such split.
        """
        if name not in self.partitions:
            known = ", ".join(self.partitions) or "none"
            raise ValueError(f"no partition {name!r}; there are: {known}")
        return self.take(self.partitions[name])

    def of(self, records: Records, *, missing: Literal["error", "unknown"] = "error") -> Values:
        """The attributes of each image of a data set, ``(len(records), A)``.

        Args:
            records: matched by path, by file name without ending, or by pid, as the keys are.
            missing: what to do for an image without attributes: refuse, or give -1 throughout.

        Raises:
            ValueError: an image has no attributes.
        """
        rows = {key: row for row, key in enumerate(self.keys)}
        if self.key == "pid":
            asked = [str(pid) for pid in records.pids]
        else:
            asked = records.table["path"].tolist()
            if self.key == "stem":
                asked = [PurePosixPath(path).stem for path in asked]
        found = np.array([rows.get(key, -1) for key in asked], dtype=np.int64)
        if missing == "error" and (found < 0).any():
            first = asked[int((found < 0).argmax())]
            raise ValueError(
                f"{int((found < 0).sum())} of {len(asked)} images have no attributes, first "
                f'{self.key} {first}; leave them out, or take missing="unknown"'
            )
        values = np.full((len(asked), len(self.names)), UNKNOWN, dtype=np.int8)
        values[found >= 0] = self.values[found[found >= 0]]
        return values


def _repeated(texts: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            return text
        seen.add(text)
    return None
