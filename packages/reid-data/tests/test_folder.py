"""Folders of pictures, and the registry by which all data sets are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import (
    DatasetInfo,
    Records,
    dataset_info,
    from_folder,
    from_images,
    list_datasets,
    load_dataset,
    register_dataset,
)

Write = Callable[..., Path]


def test_folder_names_are_pids(tmp_path: Path, write_image: Write) -> None:
    for name in ("0012/a.jpg", "0012/deep/er/b.PNG", "7/c.jpeg"):
        write_image(tmp_path / name)
    (tmp_path / "7" / "notes.txt").touch()
    records = from_folder(tmp_path, split="query")
    assert dict(zip(records.table["path"], records.pids, strict=True)) == {
        "0012/a.jpg": 12,
        "0012/deep/er/b.PNG": 12,
        "7/c.jpeg": 7,
    }
    assert set(records.camids) == {-1}
    assert set(records.table["split"]) == {"query"}


def test_folder_names_may_be_words(tmp_path: Path, write_image: Write) -> None:
    for name in ("zoe/a.jpg", "ann/b.jpg", "ann/c.jpg"):
        write_image(tmp_path / name)
    records = from_folder(tmp_path, identities="sorted")
    assert records.table["identity"].tolist() == ["ann", "ann", "zoe"]
    assert records.pids.tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match=r'named by a number .* came ann, zoe; .*"sorted"'):
        from_folder(tmp_path)


def test_folders_that_are_none(tmp_path: Path, write_image: Write) -> None:
    with pytest.raises(ValueError, match=r"expected a folder at .*there is none"):
        from_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"expected one folder an identity with images .* nothing"):
        from_folder(tmp_path)
    write_image(tmp_path / "3" / "a.jpg")
    write_image(tmp_path / "stray.jpg")
    with pytest.raises(ValueError, match=r"images beside them: stray.jpg"):
        from_folder(tmp_path)


def test_flat_names_give_pid_and_camera(tmp_path: Path, write_image: Write) -> None:
    expected = {
        "0002_c1s1_000451_03.jpg": (2, 1),
        "0002_c12s1_000451_03.jpg": (2, 12),
        "-1_c1s1_000401_03.jpg": (-1, 1),
        "7_holiday.jpg": (7, -1),
        "8.jpg": (8, -1),
        "9_c.jpg": (9, -1),
        "9_c3.jpg": (9, 3),
        "9_c3_more.jpg": (9, 3),
        "9_c4lculator.jpg": (9, -1),
    }
    for name in expected:
        write_image(tmp_path / name)
    records = from_images(tmp_path)
    found = zip(records.pids.tolist(), records.camids.tolist(), strict=True)
    assert dict(zip(records.table["path"], found, strict=True)) == expected


def test_nobody_is_allowed_only_on_request(tmp_path: Path, write_image: Write) -> None:
    for name in ("0002_a.jpg", "visitor.jpg", "12monkeys.jpg"):
        write_image(tmp_path / name)
    with pytest.raises(ValueError, match=r"2 of 3 images .* 12monkeys.jpg, visitor.jpg; rename"):
        from_images(tmp_path)
    assert from_images(tmp_path, pids="optional").pids.tolist() == [2, -1, -1]


def test_identity_folders_do_for_a_search_too(tmp_path: Path, write_image: Write) -> None:
    write_image(tmp_path / "0002" / "a.jpg")
    assert from_images(tmp_path).pids.tolist() == [2]
    write_image(tmp_path / "people" / "in" / "b.jpg")
    with pytest.raises(ValueError, match=r"came people"):
        from_images(tmp_path)
    records = from_images(tmp_path, split="query", pids="optional")
    assert records.table["path"].tolist() == ["0002/a.jpg", "people/in/b.jpg"]
    assert records.pids.tolist() == [2, -1]


def test_a_mixed_or_empty_folder_is_refused(tmp_path: Path, write_image: Write) -> None:
    for pids in ("required", "optional"):
        with pytest.raises(ValueError, match=r"expected .*images in .*found: nothing"):
            from_images(tmp_path, pids=pids)
    write_image(tmp_path / "0002_a.jpg")
    (tmp_path / "empty").mkdir()
    assert len(from_images(tmp_path)) == 1
    write_image(tmp_path / "0003" / "a.jpg")
    with pytest.raises(ValueError, match=r"holds images and folders with images \(0003\)"):
        from_images(tmp_path)


def test_registered_folder_reads_splits(tmp_path: Path, write_image: Write) -> None:
    write_image(tmp_path / "one" / "4" / "a.jpg")
    assert load_dataset("folder", tmp_path / "one").table["split"].tolist() == ["gallery"]
    for name in ("train/1/a.jpg", "query/2/a.jpg", "gallery/2/a.jpg", "other/x.jpg"):
        write_image(tmp_path / "several" / name)
    records = load_dataset("folder", str(tmp_path / "several"))
    assert dict(zip(records.table["path"], records.table["split"], strict=True)) == {
        "train/1/a.jpg": "train",
        "query/2/a.jpg": "query",
        "gallery/2/a.jpg": "gallery",
    }
    assert all(path.is_file() for path in records.paths)


def test_registered_table_reads_csv_and_parquet(tmp_path: Path, write_image: Write) -> None:
    write_image(tmp_path / "4" / "a.jpg")
    records = from_folder(tmp_path)
    records.to_csv(tmp_path / "r.csv")
    records.to_parquet(tmp_path / "r.parquet")
    for name in ("r.csv", "r.parquet"):
        assert load_dataset("csv", tmp_path / name).paths == records.paths
    with pytest.raises(ValueError, match=r"expected a .csv or .parquet file"):
        load_dataset("csv", tmp_path)


def test_an_unknown_name_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'Market-1501'; did you mean market1501"):
        load_dataset("Market-1501", tmp_path)
    with pytest.raises(ValueError, match=r"no data set is called 'qqq'; known: .*csv, "):
        dataset_info("qqq")
    with pytest.raises(ValueError, match=r"expected data set market1501 at .*no such folder"):
        load_dataset("market1501", tmp_path / "nowhere")


def test_readers_of_others_can_be_registered(tmp_path: Path, write_image: Write) -> None:
    write_image(tmp_path / "4" / "a.jpg")
    info = DatasetInfo("tests-own", licence="ours")

    @register_dataset(info)
    def read(root: Path) -> Records:
        return from_folder(root)

    assert "tests-own" in list_datasets()
    assert load_dataset("tests-own", tmp_path).info == info
    with pytest.raises(ValueError, match=r"registered already"):
        register_dataset(info)


def test_every_data_set_says_under_which_terms() -> None:
    for name in ("csv", "folder", "market1501", "prw"):
        assert dataset_info(name).licence
