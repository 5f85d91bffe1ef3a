r"""File names that say who is in the picture: read them all, or say which ones do not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from reid_data.datasets.listing import IMAGE_SUFFIXES, contents, image_names, quoted

__all__ = ["NameGrammar"]

_SUFFIX = "(?:" + "|".join(map(re.escape, IMAGE_SUFFIXES)) + ")"


@dataclass(frozen=True)
class NameGrammar:
    r"""How a data set names its images.

    Attributes:
        pattern: regular expression of a whole name without its ending (``.jpg`` or another one of
            `IMAGE_SUFFIXES`), in any case. Its named groups are the fields. Number groups take at
            most 18 digits, so that they fit 64 bits.
        example: a name that fits, with its ending.
        meaning: the fields in words, in the order of the name.
        texts: the fields that are texts; all others are whole numbers.

    Examples:
        >>> grammar = NameGrammar(r"(?P<pid>\d{1,9})_c(?P<camid>\d{1,9})", "7_c2.jpg", "who, where")
        >>> grammar.parse("0007_c12.png")
        {'pid': 7, 'camid': 12}
    """

    pattern: str
    example: str
    meaning: str
    texts: tuple[str, ...] = ()

    def parse(self, name: str) -> dict[str, Any]:
        """The fields of one name; a group that took no part in the match is None.

        Raises:
            ValueError: the name does not fit.
        """
        match = self._regex.fullmatch(name)
        if match is None:
            raise ValueError(f"expected a name like {self.example} ({self.meaning}), came {name!r}")
        return self._fields(match)

    def table(self, home: Path, names: list[str], *, folder: str = "") -> pd.DataFrame:
        """A table with ``path`` (below `home`) and a column a field.

        Args:
            home: the folder to which paths are relative.
            names: file names in `folder`, or relative paths below it where names say more.
            folder: the folder of the names, relative to `home`.

        Raises:
            ValueError: some names do not fit; the message lists them.
        """
        matches = [self._regex.fullmatch(name) for name in names]
        foreign = [name for name, match in zip(names, matches, strict=True) if match is None]
        if foreign:
            raise ValueError(
                f"{len(foreign)} of {len(names)} images in {home / folder} are not named like "
                f"{self.example} ({self.meaning}): {quoted(foreign)}; rename or remove them"
            )
        rows = [self._fields(match) for match in matches if match is not None]
        table = pd.DataFrame({"path": [f"{folder}/{name}" if folder else name for name in names]})
        for field in self._regex.groupindex:
            kind = "object" if field in self.texts else "Int64"
            table[field] = pd.Series([row[field] for row in rows], dtype=kind)
        return table

    def read(self, home: Path, folder: str, *, below: bool = False) -> pd.DataFrame:
        """The table of a folder's images; with `below`, names are paths below the folder.

        Raises:
            ValueError: the folder is missing or empty, or some names do not fit.
        """
        names = image_names(home / folder, below=below)
        if not names:
            raise ValueError(
                f"expected images in {home / folder}; found: {contents(home / folder)}"
            )
        return self.table(home, names, folder=folder)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self.pattern}){_SUFFIX}", re.IGNORECASE | re.ASCII)

    def _fields(self, match: re.Match[str]) -> dict[str, Any]:
        return {
            field: text if text is None or field in self.texts else int(text)
            for field, text in match.groupdict().items()
        }
