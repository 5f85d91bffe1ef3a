"""Market-1501's grammar, layout and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid_data import dataset_info, load_dataset
from reid_data.datasets.market1501 import MarketName, parse_market_name

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("0002_c1s1_000451_03.jpg", MarketName(2, 1, 1, 451, 3)),
        ("-1_c6s3_096467_00.jpg", MarketName(-1, 6, 3, 96467, 0)),
        ("0000_c1s1_000151_01.jpg", MarketName(0, 1, 1, 151, 1)),
        ("0005_c12s10_000007_00.JPEG", MarketName(5, 12, 10, 7, 0)),
        ("843_c1s4_054211.jpg", MarketName(843, 1, 4, 54211, None)),  # a query of PRW
        ("-2_c3s1_000001_04.png", MarketName(-2, 3, 1, 1, 4)),  # nobody in particular, in PRW
    ],
)
def test_names_mean_what_they_say(name: str, meaning: MarketName) -> None:
    assert parse_market_name(name) == meaning


@pytest.mark.parametrize(
    "name",
    [
        "",
        "0002.jpg",
        "0002_c1_000451_03.jpg",
        "0002_c1s1_000451_03",
        "0002_c1s1_000451_03.jpg.txt",
        "x0002_c1s1_000451_03.jpg",
        "-3_c1s1_000451_03.jpg",
        "٣_c1s1_000451_03.jpg",  # a digit, but not of ASCII
        "0002_c1s1_000451_03.jpg\n",
        "99999999999999999999_c1s1_000451_03.jpg",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected a name like 0002_c1s1_000451_03.jpg"):
        parse_market_name(name)


@given(st.one_of(st.text(), st.from_regex(r"-?\d*_?c\d*s\d*_\d*(_\d*)?\.(jpg|png|gif)")))
def test_any_string_is_read_or_refused_with_a_reason(name: str) -> None:
    try:
        meaning = parse_market_name(name)
    except ValueError as error:
        assert repr(name) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert meaning.pid >= -2
        assert min(meaning.camid, meaning.sequence, meaning.frame, meaning.box or 0) >= 0


@given(
    pid=st.integers(-2, 99999),
    camid=st.integers(0, 999),
    sequence=st.integers(0, 99),
    frame=st.integers(0, 10**9),
    box=st.none() | st.integers(0, 99),
)
def test_reading_undoes_writing(
    pid: int, camid: int, sequence: int, frame: int, box: int | None
) -> None:
    who = f"{pid:04d}" if pid >= 0 else str(pid)
    tail = "" if box is None else f"_{box:02d}"
    name = f"{who}_c{camid}s{sequence}_{frame:06d}{tail}.jpg"
    assert parse_market_name(name) == MarketName(pid, camid, sequence, frame, box)


def test_the_layout_becomes_splits(tmp_path: Path, write_market: Write) -> None:
    root = write_market(tmp_path, {"bounding_box_train": ["0007_c2s5_000009_00.jpg"]})
    (root / "query" / "Thumbs.db").write_bytes(b"as in the published archive")
    (root / "query" / "._0003_c1s1_000151_00.jpg").write_bytes(b"as macOS leaves behind")
    records = load_dataset("market1501", root)
    assert records.table["split"].value_counts().to_dict() == {
        "train": 5,
        "query": 2,
        "gallery": 2,
        "distractor": 1,
        "junk": 1,
    }
    assert all(path.is_file() for path in records.paths)
    train = records.split("train").table
    last = train.iloc[-1]
    assert last["path"] == "bounding_box_train/0007_c3s1_000021_00.jpg"
    columns = ["pid", "camid", "sequence", "frame", "box"]
    ours = train[train["path"].str.contains("_c2s5_")]
    assert ours[columns].to_numpy().tolist() == [[7, 2, 5, 9, 0]]
    assert records.split("gallery", "distractor").pids.tolist() == [0, 3, 5]
    assert records.split("query").camids.tolist() == [1, 12]
    assert records.info == dataset_info("market1501")


@pytest.mark.parametrize("folder", ["Market-1501-v15.09.15", "market1501"])
def test_the_folder_above_will_do(tmp_path: Path, write_market: Write, folder: str) -> None:
    write_market(tmp_path / folder)
    assert load_dataset("market1501", tmp_path).root == tmp_path / folder


def test_prw_names_and_people_without_identity(tmp_path: Path, write_market: Write) -> None:
    write_market(
        tmp_path / "PRW_reid",
        {
            "query": ["843_c1s4_054211.jpg"],
            "bounding_box_test": ["-2_c1s4_054211_03.jpg", "0843_c2s4_054299_00.jpg"],
            "bounding_box_train": ["-2_c1s4_054211_03.jpg"],
        },
    )
    records = load_dataset("prw", tmp_path)
    assert -2 not in records.pids
    query = records.split("query").table.set_index("path")
    assert query.loc["query/843_c1s4_054211.jpg", "pid"] == 843
    assert query["box"].isna().tolist() == [False, False, True]


def test_foreign_names_are_listed(tmp_path: Path, write_market: Write) -> None:
    strangers = [f"holiday{number}.jpg" for number in range(7)]
    write_market(tmp_path, {"query": strangers})
    with pytest.raises(
        ValueError,
        match=r"7 of 9 images in .*query are not named .*: holiday0.jpg, .*holiday4.jpg and 2 more",
    ):
        load_dataset("market1501", tmp_path)


def test_a_missing_folder_is_told_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(
        ValueError,
        match=r"expected bounding_box_train, query, bounding_box_test .*"
        r"found there: notes.txt, train/",
    ):
        load_dataset("market1501", tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path, write_market: Write) -> None:
    root = write_market(tmp_path)
    for image in (root / "query").iterdir():
        image.unlink()
    with pytest.raises(ValueError, match=r"expected images in .*query; found: nothing"):
        load_dataset("market1501", root)


def test_distractors_cannot_train(tmp_path: Path, write_market: Write) -> None:
    root = write_market(tmp_path, {"bounding_box_train": ["0000_c1s1_000001_00.jpg"]})
    with pytest.raises(ValueError, match=r"pid 0 means distractor .* number the identities from 1"):
        load_dataset("market1501", root)


def test_published_counts_add_up() -> None:
    counts = dataset_info("market1501").counts
    assert counts["train"] == (751, 12936)
    assert counts["query"] == (750, 3368)
    assert counts["gallery+distractor+junk"][1] == 19732
    assert counts["gallery+distractor"][1] == 15913
