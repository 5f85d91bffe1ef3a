"""One clock for all cameras, and the file that keeps it with the transitions measured on it."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_data.files import replacing
from reid_eval.rerank import Transitions

__all__ = ["Clock", "ClockKind", "TimedTransitions", "clock_of", "known_clock", "published_clock"]

ClockKind = Literal["frames", "cumulative", "timestamps", "names"]
"""``"frames"``: the frame number. ``"cumulative"``: the frame number within a sequence, plus the
lengths of the camera's earlier sequences. ``"timestamps"``: seconds. ``"names"``: the last number
in the file's name."""

_PUBLISHED: dict[str, ClockKind] = {
    "market1501": "cumulative",
    "prw": "cumulative",
    "dukemtmc_reid": "frames",
    "occluded_duke": "frames",
    "veri776": "frames",
    "cuhk03": "names",
    "vric": "frames",
}
_FORMAT = "reid-eval timed transitions 1"
_LAST_NUMBER = re.compile(r"(\d+)\D*\Z", re.ASCII)


def known_clock(text: str) -> ClockKind:
    """The clock of this name.

    Raises:
        ValueError: there is none.
    """
    for kind in get_args(ClockKind):
        if text == kind:
            known: ClockKind = kind
            return known
    raise ValueError(f"no clock is called {text!r}; known: {', '.join(get_args(ClockKind))}")


def published_clock(data: str) -> ClockKind | None:
    """The clock by which a data set is published to be measured; None: nothing is published.

    Market-1501 numbers the frames of each sequence anew, so sequences are strung together. CUHK03
    has no frames: the number of the image among the ten of a person stands for the time, which
    says little more than the view does.
    """
    return _PUBLISHED.get(data)


@dataclass(frozen=True)
class Clock:
    """Turns what a table says about time into numbers that can be compared across cameras.

    Attributes:
        kind: see `ClockKind`.
        offsets: for ``"cumulative"``: what is added to the frames of a (camera, sequence).
    """

    kind: ClockKind
    offsets: dict[tuple[int, int], int]

    def read(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Times ``(N,)`` of the images of a table.

        Raises:
            ValueError: an image has none, or is of a sequence that the clock does not know.
        """
        column = {"timestamps": "timestamp", "names": "path"}.get(self.kind, "frame")
        if self.kind == "names":
            return _numbers_in_names(table["path"])
        if column not in table or table[column].isna().any():
            lacking = len(table) if column not in table else int(table[column].isna().sum())
            raise ValueError(
                f"spatial-temporal fusion needs a {column} for every image; {lacking:,} of "
                f"{len(table):,} have none"
            )
        times = table[column].to_numpy(np.float64)
        if self.kind != "cumulative":
            return times
        places = _places(table)
        unknown = sorted(set(places) - set(self.offsets))
        if unknown:
            raise ValueError(
                f"the clock was set without camera {unknown[0][0]}, sequence {unknown[0][1]}; run "
                "reid-eval fit-st on the data set that these images come from"
            )
        return times + np.array([self.offsets[place] for place in places], np.float64)


def clock_of(table: pd.DataFrame, kind: ClockKind) -> Clock:
    """Set a clock by all images of a data set; of their identities nothing is used.

    For ``"cumulative"`` a sequence is as long as the highest frame number seen in it, so a frame
    of camera c and sequence s counts from the sum of these lengths over c's sequences before s.
    """
    if kind != "cumulative":
        return Clock(kind, {})
    _require(table, ("frame", "sequence", "camid"))
    known = table[["camid", "sequence", "frame"]].dropna().astype(np.int64)
    lengths = known.groupby(["camid", "sequence"])["frame"].max()
    before = lengths.groupby(level="camid").cumsum() - lengths
    keys = before.index.to_frame().to_numpy(np.int64).tolist()
    found = {(c, s): n for (c, s), n in zip(keys, before.to_numpy(np.int64).tolist(), strict=True)}
    return Clock(kind, found)


@dataclass(frozen=True, eq=False)
class TimedTransitions:
    """What ``reid-eval fit-st`` writes: transitions, and the clock on which they were measured.

    Attributes:
        transitions: see [`Transitions`][reid_eval.rerank.Transitions].
        clock: of the data set.
        data: the data set's name.
    """

    transitions: Transitions
    clock: Clock
    data: str = ""

    def save(self, path: str | Path) -> Path:
        """Write one ``.npz`` file of plain arrays, whole or not at all."""
        target = Path(path)
        keys = np.array(sorted(self.clock.offsets), np.int64).reshape(-1, 2)
        offsets = np.array([self.clock.offsets[int(c), int(s)] for c, s in keys], np.int64)
        with replacing(target) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                format=np.array(_FORMAT),
                data=np.array(self.data),
                clock=np.array(self.clock.kind),
                clock_keys=keys,
                clock_offsets=offsets,
                cameras=self.transitions.cameras,
                same=self.transitions.same,
                other=self.transitions.other,
                bin_width=np.array(self.transitions.bin_width),
            )
        return target

    @classmethod
    def load(cls, path: str | Path) -> TimedTransitions:
        """Read what `save` wrote; nothing in the file is executed.

        Raises:
            FileNotFoundError: no such file.
            ValueError: another kind of file, or a damaged one.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                if str(arrays["format"]) != _FORMAT:
                    raise ValueError(f"its format is {str(arrays['format'])!r}")
                pairs = zip(arrays["clock_keys"], arrays["clock_offsets"], strict=True)
                offsets = {(int(key[0]), int(key[1])): int(offset) for key, offset in pairs}
                clock = Clock(known_clock(str(arrays["clock"])), offsets)
                transitions = Transitions(
                    arrays["cameras"], arrays["same"], arrays["other"], float(arrays["bin_width"])
                )
                return cls(transitions, clock, str(arrays["data"]))
        except (EOFError, KeyError, TypeError, IndexError, ValueError, zipfile.BadZipFile) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise ValueError(
                f"{path} is no file of camera transitions as `reid-eval fit-st` writes: {error}"
            ) from error


def _places(table: pd.DataFrame) -> list[tuple[int, int]]:
    _require(table, ("sequence", "camid"))
    missing = table[["camid", "sequence"]].isna().any(axis=1)
    if missing.any():
        raise ValueError(
            f"the clock needs camera and sequence of every image; {int(missing.sum()):,} of "
            f"{len(table):,} lack one"
        )
    return list(zip(table["camid"].astype(int), table["sequence"].astype(int), strict=True))


def _require(table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    lacking = [name for name in columns if name not in table]
    if lacking:
        raise ValueError(
            f"a cumulative clock needs {' and '.join(lacking)}; these images have none"
        )


def _numbers_in_names(paths: pd.Series) -> NDArray[np.float64]:
    found = [_LAST_NUMBER.search(Path(path).stem) for path in paths]
    lacking = [path for path, match in zip(paths, found, strict=True) if match is None]
    if lacking:
        raise ValueError(f"expected a number at the end of every image's name, came {lacking[0]}")
    return np.array([float(match[1]) for match in found if match is not None])
