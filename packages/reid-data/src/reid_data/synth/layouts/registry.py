"""The names by which one asks for a layout, and what each layout can hold.

A layout is a function from a `Plan` to an `Arrangement`: which crop is written under which name,
and what the lists and tables beside them say. Its keyword-only arguments are options, spelled after
its name as those of data sets are: ``msmt17:version=v2``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reid_data.datasets.options import check_options, describe_options, split_name

if TYPE_CHECKING:
    from ..plan import Shot
    from ..studio import Studio

__all__ = [
    "Amount",
    "Arrangement",
    "Layout",
    "Plan",
    "Recorder",
    "find_layout",
    "layout",
    "list_layouts",
]


@dataclass(frozen=True)
class Amount:
    """How many of something a layout holds: by default, at least and at most."""

    default: int
    least: int
    most: int


_AMOUNTS = {
    "identities": Amount(150, 1, 9999),
    "test_identities": Amount(60, 1, 9999),
    "cameras": Amount(6, 2, 99),
    "images_per_camera": Amount(3, 1, 9999),
    "distractors": Amount(0, 0, 0),
    "outfits": Amount(1, 1, 99),
    "tracklet_length": Amount(0, 0, 9999),
}


@dataclass(frozen=True)
class Plan:
    """What is to be written.

    Attributes:
        shots: every crop.
        amounts: how many identities, cameras and so on, by the names of `Layout.amounts`.
        seed: seed of the data set.
        studio: knows who wears what.
    """

    shots: list[Shot]
    amounts: Mapping[str, int]
    seed: int
    studio: Studio


class Recorder(Protocol):
    """Several full frames that are drawn and written together: a sequence, a video."""

    @property
    def split(self) -> str:
        """Under which its frames are counted."""

    def __len__(self) -> int:
        """The number of its frames."""

    def write(self, folder: Path) -> None:
        """Draw and write all of it below a folder."""


@dataclass(frozen=True)
class Arrangement:
    """What a layout makes of a plan.

    Attributes:
        images: path below the root, and what is drawn there; the path's ending is the format.
        files: the content of every other file, by its path.
        finish: called with the root when all is written, for files that are made of images.
        recordings: what is not made of crops; each is written by one process.
        hidden: splits in which something is in the way of everybody.
        hint: a line that tells people what to do with it, where ``{out}`` is the root; empty where
            a reader reads it.
    """

    images: list[tuple[str, Shot]]
    files: Mapping[str, bytes] = field(default_factory=dict)
    finish: Callable[[Path], None] | None = None
    recordings: Sequence[Recorder] = ()
    hidden: frozenset[str] = frozenset()
    hint: str = ""


@dataclass(frozen=True)
class Layout:
    """One layout.

    Attributes:
        name: what it is asked for by.
        reader: the name of the data set that reads it, empty where a function reads it.
        summary: what it is, in a line.
        amounts: what it can hold.
        people: how many identities at most, train and test together.
        arrange: the function.
    """

    name: str
    reader: str
    summary: str
    amounts: Mapping[str, Amount]
    people: int
    arrange: Callable[..., Arrangement]

    @property
    def options(self) -> dict[str, str]:
        """What each option may be, and what it is by default."""
        return describe_options(self.arrange)

    def resolve(self, asked: Mapping[str, int | None]) -> dict[str, int]:
        """The amounts to write: what is asked for, or the layout's default where that is None.

        Raises:
            ValueError: the layout cannot hold as many, or as few.
        """
        chosen = {}
        for name, amount in self.amounts.items():
            value = asked.get(name)
            chosen[name] = amount.default if value is None else value
            if amount.least <= chosen[name] <= amount.most:
                continue
            expected = f"{amount.least} to {amount.most}"
            if amount.least == amount.most:
                expected = f"{amount.least} in layout {self.name}"
            raise ValueError(f"{name}: expected {expected}, got {value}")
        people = chosen["identities"] + chosen["test_identities"]
        if people > self.people:
            raise ValueError(
                f"identities and test_identities: expected at most {self.people} together in "
                f"layout {self.name}, which numbers them so, got {people}"
            )
        return chosen


_LAYOUTS: dict[str, Layout] = {}


def layout(
    name: str, *, reader: str | None = None, people: int = 9999, **amounts: int | tuple[int, ...]
) -> Callable[[Callable[..., Arrangement]], Callable[..., Arrangement]]:
    """Decorate a function from a `Plan` to an `Arrangement` to make it a layout.

    Args:
        name: what it is asked for by.
        reader: the data set that reads it, by default the one of the same name; empty for none.
        people: how many identities its names can number, train and test together.
        **amounts: what it holds where that differs from most layouts: a number where it is always
            the same, or the default, the least and the most.

    Raises:
        ValueError: another layout has that name.
    """
    if name in _LAYOUTS:
        raise ValueError(f"layout {name!r} is registered already; choose another name")
    own = {
        key: Amount(*value) if isinstance(value, tuple) else Amount(value, value, value)
        for key, value in amounts.items()
    }

    def register(arrange: Callable[..., Arrangement]) -> Callable[..., Arrangement]:
        summary = (arrange.__doc__ or "").partition("\n")[0].strip()
        read_by = name if reader is None else reader
        _LAYOUTS[name] = Layout(name, read_by, summary, {**_AMOUNTS, **own}, people, arrange)
        return arrange

    return register


def list_layouts() -> list[Layout]:
    """All layouts by name."""
    return [_LAYOUTS[name] for name in sorted(_LAYOUTS)]


def find_layout(spelled: str) -> tuple[Layout, dict[str, Any]]:
    """A layout and the options that follow its name, as in ``msmt17:version=v2``.

    Raises:
        ValueError: no layout has this name (the nearest is named), or an option does not fit.
    """
    name, options = split_name(spelled)
    key = name.lower().replace("-", "_")
    if key not in _LAYOUTS:
        near = difflib.get_close_matches(key, _LAYOUTS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(
            f"no layout is called {name!r}; {hint}known: {', '.join(sorted(_LAYOUTS))}"
        )
    found = _LAYOUTS[key]
    return found, check_options(key, found.arrange, options)
