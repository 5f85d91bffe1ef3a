"""VehicleID: three sizes, one gallery image a vehicle, drawn again by seed and split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset

Folder = Callable[..., Path]


def test_lists_have_names_with_and_without_ending(drawn: Folder) -> None:
    lists = drawn("vehicleid") / "train_test_split"
    train = (lists / "train_list.txt").read_text()
    assert train.startswith("0000001 1\n0000002 1\n0000003.jpg 1\n")
    assert (lists / "test_list_800.txt").read_bytes().endswith(b" \r\n")
    assert (lists / "test_list_2400.txt").read_bytes().endswith(b"\n\n")


def test_one_image_a_vehicle_answers(drawn: Folder) -> None:
    root = drawn("vehicleid")
    sizes = {
        size: load_dataset("vehicleid", root, size=size).split("query", "gallery")
        for size in (800, 1600, 2400)
    }
    for size, people in ((800, [5]), (1600, [5, 6]), (2400, [5, 6, 7])):
        assert sorted(sizes[size].split("gallery").pids) == people
        assert len(sizes[size].split("query")) == 11 * len(people)
        assert set(sizes[size].camids) == {-1}


def test_draws_differ_and_return(drawn: Folder) -> None:
    root = drawn("vehicleid")

    def gallery(**options: int) -> tuple[str, ...]:
        records = load_dataset("vehicleid", root, size=2400, **options)
        return tuple(sorted(records.split("gallery").table["path"]))

    assert gallery(split=3) == gallery(split=3)
    assert len({gallery(split=split) for split in range(8)}) > 3
    assert len({gallery(seed=seed) for seed in range(8)}) > 3


def test_published_counts_belong_to_the_size(drawn: Folder) -> None:
    root = drawn("vehicleid")
    for size, images in ((800, 6493), (1600, 13377), (2400, 19777)):
        info = load_dataset("vehicleid", root, size=size).info
        assert info is not None
        assert info.counts["gallery"] == (size, size)
        assert info.counts["query+gallery"] == (size, images)
    with pytest.raises(ValueError, match="vehicleid:size must be 800 or 1600 or 2400, came 801"):
        load_dataset("vehicleid", root, size=801)
