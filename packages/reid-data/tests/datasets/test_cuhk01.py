"""CUHK01: cameras by number, and draws that training and testing share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset

Folder = Callable[..., Path]


@pytest.fixture(scope="module")
def root(outlined: Folder) -> Path:
    return outlined("cuhk01")


@pytest.mark.parametrize("test", [100, 485, 486])
def test_so_many_people_are_tested(root: Path, test: int) -> None:
    records = load_dataset("cuhk01", root, test=test)
    query, gallery, train = (records.split(name) for name in ("query", "gallery", "train"))
    assert set(query.camids) == {1}
    assert set(gallery.camids) == {2}
    assert len(query) == len(gallery) == 2 * test
    assert set(query.pids) == set(gallery.pids)
    assert len(set(train.pids)) == 971 - test
    assert not set(train.pids) & set(query.pids)
    assert records.info is not None
    assert records.info.counts["train"] == (971 - test, len(train))


def test_draws_return_and_differ(root: Path) -> None:
    def tested(name: str) -> frozenset[int]:
        return frozenset(load_dataset(name, root).split("query").pids.tolist())

    assert tested("cuhk01:split=3") == tested("cuhk01:split=3")
    assert len({tested(f"cuhk01:split={split}") for split in range(5)}) == 5
    assert tested("cuhk01:seed=1") != tested("cuhk01")
    with pytest.raises(ValueError, match="seed and split must be 0 or more, came 0 and -1"):
        tested("cuhk01:split=-1")


def test_too_few_people_are_told(copied: Folder) -> None:
    root = copied("cuhk01")
    with pytest.raises(ValueError, match="cannot draw 100 of 7 identities"):
        load_dataset("cuhk01", root)
    (root / "campus" / "0001005.png").touch()
    with pytest.raises(ValueError, match=r"images 1 to 4 .* came 0001005.png"):
        load_dataset("cuhk01", root)
