"""Market-1501's 500,000 further distractors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset

Write = Callable[..., Path]
SPELLED = ("market1501", "market1501:distractors=true")


@pytest.mark.parametrize("folder", ["images", "distractors_500k"])
def test_distractors_are_added_if_wanted(tmp_path: Path, write_market: Write, folder: str) -> None:
    further = ["0000_c4s1_000001_01.jpg", "-1_c2s1_000001_01.jpg", "00000017.jpg"]
    root = write_market(tmp_path, {folder: further})
    plain, more = (
        load_dataset("market1501", root),
        load_dataset("market1501:distractors=true", root),
    )
    assert len(more) == len(plain) + 3
    added = more.split("distractor").take([1, 2, 3])
    assert added.pids.tolist() == [0, 0, 0]
    assert added.camids.tolist() == [2, -1, 4]
    assert all(path.is_file() for path in more.paths)
    assert (
        more.split("train", "query", "gallery").paths
        == plain.split("train", "query", "gallery").paths
    )


def test_those_of_a_drawn_set_are_read(drawn: Write) -> None:
    root = drawn("market1501:further=true")
    assert (root / "images" / "00000001.jpg").is_file()
    assert {len(load_dataset(name, root).split("distractor")) for name in SPELLED} == {4, 8}
    cameras = load_dataset("market1501:distractors=true", root).split("distractor").camids
    assert sorted(set(cameras)) == [-1, 1, 3, 4]


def test_missing_distractors_are_told(tmp_path: Path, write_market: Write) -> None:
    root = write_market(tmp_path)
    with pytest.raises(ValueError, match=r"expected the further distractors in .*images or"):
        load_dataset("market1501", root, distractors=True)
