"""MATLAB files: as SciPy reads them, and refused where SciPy would crash."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from reid_data.datasets.mat5 import is_mat5, loads_mat5
from reid_data.datasets.mat_files import read_mat


def saved(content: dict[str, Any], *, compressed: bool = False) -> bytes:
    file = io.BytesIO()
    savemat(file, content, do_compression=compressed)
    return file.getvalue()


def cells(*values: Any) -> np.ndarray[Any, Any]:
    column = np.empty((len(values), 1), dtype=object)
    column[:, 0] = values
    return column


CONTENT: dict[str, Any] = {
    "numbers": np.arange(6, dtype=np.float64).reshape(2, 3),
    "cube": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
    "large": np.array([[2**62, -1]]),
    "flags": np.array([[True, False, True]]),
    "complex": np.array([[1 + 2j, 3]]),
    "one": 7,
    "nothing": np.zeros((0, 3)),
    "text": "0001_c1s1.jpg",
    "accents": "Größe",
    "lines": np.array(["ab ", "cde"]),
    "files": cells("a.jpg", "b.jpg", ""),
    "mixed": cells(np.array([[1, 2]]), "x", cells("inner", 3.5)),
    "record": {"ids": [1, 2, 3], "name": "someone", "inner": {"deep": 1}},
}


def same(ours: Any, theirs: Any) -> None:
    if isinstance(ours, dict):
        assert list(ours) == theirs._fieldnames
        for name, value in ours.items():
            same(value, getattr(theirs, name))
    elif isinstance(ours, np.ndarray) and ours.dtype == object:
        assert ours.shape == theirs.shape
        for one, other in zip(ours.ravel(), theirs.ravel(), strict=True):
            same(one, other)
    elif np.size(ours) == 0 or (isinstance(ours, str) and not ours):
        assert not np.size(theirs) or not str(theirs)
    else:
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", CONTENT)
def test_it_reads_what_scipy_reads(name: str, compressed: bool) -> None:
    data = saved({name: CONTENT[name], "other": 1}, compressed=compressed)
    theirs = loadmat(io.BytesIO(data), squeeze_me=True, struct_as_record=False)
    ours = loads_mat5(data)
    assert set(ours) == {name, "other"}
    same(ours[name], theirs[name])


def test_several_structures_are_an_array_of_dicts() -> None:
    records = np.array([(1, "a"), (2, "b")], dtype=[("pid", object), ("name", object)])
    value = loads_mat5(saved({"people": records}))["people"]
    assert [dict(one) for one in value] == [{"pid": 1, "name": "a"}, {"pid": 2, "name": "b"}]


def test_other_files_are_refused() -> None:
    assert not is_mat5(b"MATLAB 7.3 MAT-file".ljust(512))
    for data in (b"", b"x" * 200, saved(CONTENT)[:100]):
        with pytest.raises(ValueError, match="not a MATLAB file"):
            loads_mat5(data)


@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_files_are_read_or_refused(compressed: bool) -> None:
    good = saved(CONTENT, compressed=compressed)
    dice = random.Random(0)
    refused = 0
    for _ in range(1500):
        data = bytearray(good)
        for _ in range(dice.choice((1, 1, 2, 8))):
            data[dice.randrange(128, len(data))] = dice.randrange(256)
        if dice.random() < 0.2:
            del data[dice.randrange(128, len(data)) :]
        try:
            loads_mat5(bytes(data))
        except ValueError:
            refused += 1
    assert refused > 300


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    header = saved({"a": 1})[:128]
    for content in (data, header + data):
        try:
            assert isinstance(loads_mat5(content), dict)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - either outcome is right


def test_files_of_version_4_are_read_and_of_7_3_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.mat"
    savemat(path, {"numbers": np.arange(6.0).reshape(2, 3)}, format="4")
    np.testing.assert_array_equal(read_mat(path)["numbers"], np.arange(6.0).reshape(2, 3))
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF".ljust(400))
    with pytest.raises(ValueError, match=r"version 7\.3; save it anew with -v7"):
        read_mat(path)


@pytest.mark.parametrize("at", [124, 125, 126, 127])
def test_a_damaged_header_is_refused(tmp_path: Path, at: int) -> None:
    data = bytearray(saved(CONTENT))
    data[at] ^= 0x55
    path = tmp_path / "broken.mat"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"broken\.mat is "):
        read_mat(path)
