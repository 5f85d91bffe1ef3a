"""VehicleID: three sizes, one gallery image a vehicle, drawn again by seed and split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset

Write = Callable[..., Path]


def test_one_image_a_vehicle_answers(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.vehicleid(tmp_path, write_image)
    small, large = load_dataset("vehicleid", root), load_dataset("vehicleid:size=2400", root)
    assert small.split("train").pids.tolist() == [1, 1, 2]
    assert sorted(small.split("gallery").pids) == [101, 102]
    assert sorted(large.split("gallery").pids) == [101, 102, 103]
    assert len(small.split("query")) == 6
    assert len(large.split("query")) == 9
    assert set(small.camids) == {-1}


def test_draws_differ_and_return(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.vehicleid(tmp_path, write_image)

    def gallery(**options: int) -> tuple[str, ...]:
        records = load_dataset("vehicleid", root, size=2400, **options)
        return tuple(sorted(records.split("gallery").table["path"]))

    assert gallery(split=3) == gallery(split=3)
    assert len({gallery(split=split) for split in range(8)}) > 3
    assert len({gallery(seed=seed) for seed in range(8)}) > 3


def test_published_counts_belong_to_the_size(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.vehicleid(tmp_path, write_image)
    for size, images in ((800, 6493), (1600, 13377), (2400, 19777)):
        info = load_dataset("vehicleid", root, size=size).info
        assert info is not None
        assert info.counts["gallery"] == (size, size)
        assert info.counts["query+gallery"] == (size, images)
    with pytest.raises(ValueError, match="vehicleid:size must be 800 or 1600 or 2400, came 801"):
        load_dataset("vehicleid", root, size=801)
