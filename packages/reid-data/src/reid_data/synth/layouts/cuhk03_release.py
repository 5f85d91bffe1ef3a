"""``cuhk-03.mat``: CUHK03 as its authors give it out, one file that holds the images themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_data.console import require

__all__ = ["Person", "write_release"]

Person = Mapping[int, Path]
"""The images of one person by their number, from 1 to 10."""

_NUMBERS = 10
_HEADER = b"MATLAB 7.3 MAT-file, synthetic people"
_VERSION_AND_ORDER = b"\x00\x02IM"
_USER_BLOCK = 512


def write_release(
    path: Path,
    boxes: Mapping[str, Sequence[Sequence[Person]]],
    tests: Sequence[Sequence[tuple[int, int]]],
) -> None:
    """Write a MATLAB file of version 7.3, which is HDF5 behind a header.

    Args:
        path: the file.
        boxes: for ``detected`` and ``labeled`` the people of each pair of cameras.
        tests: the people that each classic division tests: pair and person, from 1.

    Raises:
        MissingExtraError: h5py is not installed.
    """
    require("h5py", extra="reid-data[mat]", for_what="writing cuhk-03.mat")
    h5py = import_module("h5py")
    with h5py.File(path, "w", userblock_size=_USER_BLOCK) as file:
        writer = _Writer(h5py, file)
        for name, pairs in boxes.items():
            writer.cells(file, name, [[writer.people(pair)] for pair in pairs])
        sets = [[writer.numbers(np.array(each, dtype=np.float64))] for each in tests]
        writer.cells(file, "testsets", sets)
    with path.open("r+b") as raw:
        raw.write(_HEADER.ljust(124) + _VERSION_AND_ORDER)


class _Writer:
    """Numbers what cells refer to; HDF5 keeps the sides of MATLAB's arrays in reverse."""

    def __init__(self, h5py: Any, file: Any) -> None:
        self._references = h5py.ref_dtype
        self._group = file.create_group("#refs#", track_order=True)
        self._count = 0

    def people(self, people: Sequence[Person]) -> Any:
        """A cell array of images, a row a person; empty where there is no image."""
        rows = [
            [self.image(person[at]) if at in person else self.nothing()
             for at in range(1, _NUMBERS + 1)]
            for person in people
        ]  # fmt: skip
        return self.cells(self._group, self._name(), rows)

    def image(self, path: Path) -> Any:
        from PIL import Image

        with Image.open(path) as image:
            return self.numbers(np.asarray(image.convert("RGB")))

    def numbers(self, values: npt.NDArray[Any]) -> Any:
        data = self._group.create_dataset(self._name(), data=values.T)
        kind = b"uint8" if values.dtype == np.uint8 else b"double"
        data.attrs["MATLAB_class"] = np.bytes_(kind)
        return data.ref

    def nothing(self) -> Any:
        data = self._group.create_dataset(self._name(), data=np.zeros(2, dtype=np.uint64))
        data.attrs["MATLAB_class"] = np.bytes_(b"double")
        data.attrs["MATLAB_empty"] = np.uint8(1)
        return data.ref

    def cells(self, group: Any, name: str, rows: Sequence[Sequence[Any]]) -> Any:
        count = len(rows[0]) if rows else 0
        data = group.create_dataset(name, (count, len(rows)), dtype=self._references)
        for row, values in enumerate(rows):
            for column, reference in enumerate(values):
                data[column, row] = reference
        data.attrs["MATLAB_class"] = np.bytes_(b"cell")
        return data.ref

    def _name(self) -> str:
        self._count += 1
        return f"r{self._count}"
