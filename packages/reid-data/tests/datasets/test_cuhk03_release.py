"""CUHK03 as it is given out: a MATLAB file of version 7.3 with the images in it."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from reid_data import console, load_dataset
from reid_data.datasets.cuhk03_release import find_release, unpack_cuhk03

PEOPLE = {1: 3, 2: 1, 3: 0, 4: 0, 5: 1}
"""How many people each pair of cameras sees here; the real ones see 843, 440, 77, 58 and 49."""


def image_of(pair: int, person: int, number: int, boxes: str) -> np.ndarray[Any, Any]:
    dice = np.random.default_rng((pair, person, number, len(boxes)))
    return dice.integers(0, 256, (12 + number, 5, 3), dtype=np.uint8)


def write_release(
    path: Path, change: Callable[[h5py.File], None] = lambda file: None
) -> dict[str, np.ndarray[Any, Any]]:
    """Write a release; gives the images by folder and name. Numbers 3 and 7 are never there."""
    images = {}
    with h5py.File(path, "w", userblock_size=512) as file:
        refs = file.create_group("#refs#")

        def put(values: Any, dtype: Any = None) -> h5py.Reference:
            data = refs.create_dataset(str(len(refs)), data=np.asarray(values, dtype).T)
            return data.ref

        def cells(group: h5py.Group, name: str, rows: list[list[Any]]) -> h5py.Reference:
            shape = (len(rows[0]) if rows else 10, len(rows))
            data = group.create_dataset(name, shape, dtype=h5py.ref_dtype)
            for place in np.ndindex(shape):
                data[place] = rows[place[1]][place[0]]
            return data.ref

        for boxes in ("detected", "labeled"):
            pairs = []
            for pair, count in PEOPLE.items():
                rows = []
                for person in range(1, count + 1):
                    row = []
                    for number in range(1, 11):
                        if number in (3, 7):
                            row.append(put(np.zeros(2, np.uint64)))
                            continue
                        pixels = image_of(pair, person, number, boxes)
                        view = 1 if number <= 5 else 2
                        name = f"{pair}_{person:03d}_{view}_{number:02d}.png"
                        images[f"images_{boxes}/{name}"] = pixels
                        row.append(put(pixels))
                    rows.append(row)
                pairs.append([cells(refs, str(len(refs)), rows)])
            cells(file, boxes, pairs)
        tests = [[put([[1, 2], [5, 1]], float)], [put([[1, 3]], float)]]
        cells(file, "testsets", tests)
        change(file)
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return images


def test_every_image_comes_out_upright_under_its_name(tmp_path: Path) -> None:
    images = write_release(tmp_path / "cuhk-03.mat")
    done = unpack_cuhk03(tmp_path / "cuhk-03.mat", tmp_path / "out", workers=2)
    assert done.images == {"detected": 40, "labeled": 40}
    assert (done.divisions, done.configurations) == (2, ())
    found = {
        path.relative_to(tmp_path / "out").as_posix(): np.asarray(Image.open(path))
        for path in (tmp_path / "out").rglob("*.png")
    }
    assert found.keys() == images.keys()
    assert all((found[name] == images[name]).all() for name in images)


def test_the_reader_takes_it_from_there(tmp_path: Path) -> None:
    write_release(tmp_path / "cuhk-03.mat")
    names = np.empty((3, 1), dtype=object)
    names[:, 0] = ["1_001_1_01.png", "1_002_1_01.png", "1_002_2_06.png"]
    rows = {f"{split}_idx": [[at]] for at, split in enumerate(("train", "query", "gallery"), 1)}
    savemat(tmp_path / "cuhk03_new_protocol_config_labeled.mat", {"filelist": names, **rows})
    done = unpack_cuhk03(tmp_path / "cuhk-03.mat", tmp_path / "out")
    assert done.configurations == ("cuhk03_new_protocol_config_labeled.mat",)
    new = load_dataset("cuhk03:boxes=labeled", tmp_path / "out")
    assert new.pids.tolist() == [10001, 10002, 10002]
    first, second = (
        load_dataset("cuhk03", tmp_path / "out", protocol="classic", split=at) for at in (0, 1)
    )
    assert set(first.split("query").pids) == {10002, 50001}
    assert set(first.split("train").pids) == {10001, 10003, 20001}
    assert set(second.split("gallery").pids) == {10003}
    assert first.split("query").paths == first.split("gallery").paths
    assert first.split("query").camids.tolist() == [1, 1, 1, 1, 2, 2, 2, 2] * 2
    assert all(path.is_file() for path in first.paths)


def test_the_reader_says_how_to_take_them_out(tmp_path: Path) -> None:
    (tmp_path / "cuhk03_release").mkdir()
    write_release(tmp_path / "cuhk03_release" / "cuhk-03.mat")
    with pytest.raises(ValueError, match=r"unpack --root .*cuhk-03\.mat --out FOLDER"):
        load_dataset("cuhk03", tmp_path)
    assert find_release(tmp_path) == tmp_path / "cuhk03_release" / "cuhk-03.mat"


def _replace(file: h5py.File, name: str, **content: Any) -> None:
    del file[name]
    file.create_dataset(name, **content)


def _spoil_image(pixels: Any) -> Callable[[h5py.File], None]:
    def spoil(file: h5py.File) -> None:
        pair = file[file["detected"][0, 0]]
        other = file["#refs#"].create_dataset("other", data=pixels)
        pair[0, 0] = other.ref

    return spoil


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda file: file.pop("testsets"), "expected a variable testsets"),
        (lambda file: file.pop("labeled"), "expected a variable labeled in .*found: #refs#, dete"),
        (lambda file: _replace(file, "detected", data=[1, 2]), "expected a cell array as detected"),
        (
            lambda file: _replace(file, "detected", shape=(1, 5), dtype=h5py.ref_dtype),
            "damaged or of another form",
        ),
        (_spoil_image(np.zeros((3, 5, 7))), r"1_001_1_01\.png of detected .*float64 \(7, 5, 3\)"),
        (_spoil_image(np.zeros((1, 5, 7), np.uint8)), r"came uint8 \(7, 5, 1\)"),
        (_spoil_image(np.zeros((3, 5, 5000), np.uint8)), r"came uint8 \(5000, 5, 3\)"),
        (lambda file: file[file["testsets"][0, 1]].write_direct(np.array([[0.5], [1]])), "rows of"),
    ],
)
def test_another_form_is_told_and_leaves_nothing(
    tmp_path: Path, change: Callable[[h5py.File], None], reason: str
) -> None:
    write_release(tmp_path / "cuhk-03.mat", change)
    with pytest.raises(ValueError, match=reason):
        unpack_cuhk03(tmp_path / "cuhk-03.mat", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["cuhk-03.mat"]


def test_what_is_no_release_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cuhk-03.mat"
    with pytest.raises(ValueError, match="there is no such file"):
        unpack_cuhk03(path, tmp_path / "out")
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(200))
    with pytest.raises(ValueError, match=r"not a MATLAB file of version 7\.3"):
        unpack_cuhk03(path, tmp_path / "out")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(console.MissingExtraError, match=r"pip install 'reid-data\[mat\]'"):
        unpack_cuhk03(path, tmp_path / "out")


def test_cut_off_files_are_refused(tmp_path: Path) -> None:
    good = tmp_path / "cuhk-03.mat"
    write_release(good)
    content = good.read_bytes()
    dice = random.Random(0)
    for at in range(12):
        path = tmp_path / f"{at}.mat"
        path.write_bytes(content[: dice.randrange(len(content))])
        with pytest.raises(ValueError, match=r"damaged|version 7\.3"):
            unpack_cuhk03(path, tmp_path / "out")


def test_the_verb(tmp_path: Path, script: Callable[..., tuple[int, str, str]]) -> None:
    call = partial(script, "reid-data", "unpack")
    out = ("--out", tmp_path / "out")
    code, _, err = call("--root", tmp_path, *out)
    assert code == 2
    assert f"error: expected cuhk-03.mat in {tmp_path}" in err
    write_release(tmp_path / "cuhk-03.mat")
    code, stdout, err = call("--root", tmp_path, *out, "--json")
    assert code == 0
    assert json.loads(stdout)[0]["detected"] == 40
    assert "put cuhk03_new_protocol_config_detected.mat" in err
    code, _, err = call("--root", tmp_path, *out)
    assert code == 2
    assert "not an empty folder" in err
