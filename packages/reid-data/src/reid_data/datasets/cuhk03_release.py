"""``cuhk-03.mat``, the one file in which CUHK03 is given out: take the images out of it.

The file is of MATLAB's version 7.3, which is HDF5 (read by h5py, extra ``mat``). Its variables are
``detected`` and ``labeled``, cells of five pairs of cameras; each pair is a matrix of cells, a row
a person and a column an image: 1 to 5 of the first view, 6 to 10 of the second, empty where there
is none. ``testsets`` is a cell of 20 matrices whose rows (pair, person), from 1, are the 100 people
that a classic division tests; all others train.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from reid_data.console import Advance, require
from reid_data.preprocess.outputs import do_each, new_folder

__all__ = ["RELEASE", "Unpacked", "find_release", "unpack_cuhk03"]

RELEASE = "cuhk-03.mat"
"""The name of the file."""

_BOXES = ("detected", "labeled")
_NUMBERS, _NUMBERS_OF_A_VIEW = 10, 5
_LARGEST_SIDE = 4096
_ALIASES = ("", "cuhk03_release", "cuhk03", "CUHK03")


@dataclass(frozen=True)
class Unpacked:
    """What was taken out.

    Attributes:
        images: how many, for ``detected`` and ``labeled``.
        divisions: how many classic divisions.
        configurations: the files of the new protocol that lay beside the release, by name.
    """

    images: Mapping[str, int]
    divisions: int
    configurations: tuple[str, ...]


@dataclass(frozen=True)
class _Shot:
    pair: int
    person: int
    number: int
    reference: Any

    @property
    def view(self) -> int:
        return (self.number - 1) // _NUMBERS_OF_A_VIEW + 1

    @property
    def name(self) -> str:
        return f"{self.pair}_{self.person:03d}_{self.view}_{self.number:02d}.png"


def find_release(root: Path) -> Path | None:
    """Where ``cuhk-03.mat`` is: this file, or in this folder or one that people make in it."""
    if root.is_file():
        return root
    places = (root / alias / RELEASE for alias in _ALIASES)
    return next((place for place in places if place.is_file()), None)


def unpack_cuhk03(
    path: Path, out: Path, *, workers: int = 0, advance: Advance | None = None
) -> Unpacked:
    """Write the images and the classic divisions as `reid_data.datasets.read_cuhk03` reads them.

    The files of the new protocol, ``cuhk03_new_protocol_config_*.mat``, are copied if they lie
    beside the release.

    Args:
        path: ``cuhk-03.mat``.
        out: a new folder, which appears whole or not at all.
        workers: threads that write PNG files.
        advance: called with the number of images just written.

    Raises:
        ValueError: the file is missing, broken or of another form, or `out` is not empty.
        MissingExtraError: h5py is not installed.
    """
    with new_folder(out) as folder, _opened(path) as file:
        tests = _tests(file)
        counts = {}
        for boxes in _BOXES:
            shots = list(_shots(file, boxes))
            place = folder / f"images_{boxes}"
            place.mkdir()

            def save(shot: _Shot, place: Path = place) -> None:
                pixels = np.asarray(file[shot.reference]).T
                Image.fromarray(np.ascontiguousarray(pixels)).save(place / shot.name)

            do_each(save, shots, workers=workers, advance=advance)
            counts[boxes] = len(shots)
            divisions = [_division(shots, tested) for tested in tests]
            (folder / f"splits_classic_{boxes}.json").write_text(json.dumps(divisions))
        beside = sorted(path.parent.glob("cuhk03_new_protocol_config_*.mat"))
        for configuration in beside:
            shutil.copyfile(configuration, folder / configuration.name)
    return Unpacked(counts, len(tests), tuple(each.name for each in beside))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    require("h5py", extra="reid-data[mat]", for_what=f"reading {RELEASE}")
    if not path.is_file():
        raise ValueError(f"expected {RELEASE} at {path}; there is no such file")
    h5py = import_module("h5py")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"{path} is not a MATLAB file of version 7.3 ({error})") from error
    with file:
        try:
            yield file
        # What is wrong in a damaged file comes out wherever HDF5 happens to be.
        except (ValueError, LookupError, TypeError, RuntimeError, AttributeError) as error:
            if isinstance(error, ValueError) and str(path) in str(error):
                raise
            raise ValueError(f"{path} is damaged or of another form ({error!r:.200})") from error
        except OSError as error:
            if error.errno is not None:  # of the disk
                raise
            raise ValueError(f"{path} is damaged ({error})") from error


def _cells(file: Any, dataset: Any, what: str) -> Any:
    """The references of a cell array; HDF5 keeps the sides in reverse."""
    h5py = import_module("h5py")
    if not isinstance(dataset, h5py.Dataset) or h5py.check_ref_dtype(dataset.dtype) is None:
        raise ValueError(f"expected a cell array as {what} in {file.filename}")
    return dataset[()].T


def _shots(file: Any, boxes: str) -> Iterator[_Shot]:
    if boxes not in file:
        raise ValueError(
            f"expected a variable {boxes} in {file.filename}; found: {', '.join(file)}"
        )
    for pair, of_pair in enumerate(_cells(file, file[boxes], boxes).ravel(), start=1):
        people = _cells(file, file[of_pair], f"pair {pair} of {boxes}")
        if people.ndim != 2 or people.shape[1] != _NUMBERS:
            raise ValueError(
                f"expected {_NUMBERS} images a person in pair {pair} of {boxes} in "
                f"{file.filename}; came cells {people.shape}"
            )
        for (person, number), reference in np.ndenumerate(people):
            shape = file[reference].shape
            if len(shape) < 3 or "MATLAB_empty" in file[reference].attrs:
                continue
            shot = _Shot(pair, person + 1, number + 1, reference)
            _check_picture(file, shot, boxes)
            yield shot


def _check_picture(file: Any, shot: _Shot, boxes: str) -> None:
    data = file[shot.reference]
    if data.dtype != np.uint8 or len(data.shape) != 3 or data.shape[0] != 3:
        fits = False
    else:
        fits = all(0 < side <= _LARGEST_SIDE for side in data.shape)
    if not fits:
        raise ValueError(
            f"expected bytes (height, width, 3) as {shot.name} of {boxes} in {file.filename}; "
            f"came {data.dtype} {data.shape[::-1]}"
        )


def _tests(file: Any) -> list[set[tuple[int, int]]]:
    """Who is tested in each division: pair and person."""
    if "testsets" not in file:
        raise ValueError(f"expected a variable testsets in {file.filename}")
    tests = []
    for reference in _cells(file, file["testsets"], "testsets").ravel():
        rows = np.asarray(file[reference]).T
        whole = rows.ndim == 2 and rows.shape[1] == 2 and rows.dtype.kind in "iuf"
        if not whole or not np.isfinite(rows).all() or (rows != np.rint(rows)).any():
            raise ValueError(
                f"expected rows of pair and person in testsets of {file.filename}; came "
                f"{rows.dtype} {rows.shape}"
            )
        tests.append({(int(pair), int(person)) for pair, person in rows})
    return tests


def _division(shots: list[_Shot], tested: set[tuple[int, int]]) -> dict[str, Any]:
    """One classic division: files with person and view, which are query and gallery at once."""
    rows: dict[bool, list[list[Any]]] = {True: [], False: []}
    for shot in shots:
        row = [shot.name, shot.pair * 10_000 + shot.person, shot.view]
        rows[(shot.pair, shot.person) in tested].append(row)
    return {"train": rows[False], "query": rows[True], "gallery": rows[True]}
