"""Several data sets as one, parts of them, and folds: in Python and as written after --data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_data import DatasetInfo, Records, list_datasets, load_dataset, register_dataset
from reid_data.datasets.options import split_name
from reid_data.datasets.selection import Selection, split_parts
from reid_data.joining import JOINED_IDS, join_tables, unique_names

Write = Callable[..., Path]


def records(root: str = "here", **columns: Any) -> Records:
    count = len(columns["pid"])
    table = {"path": [f"{n}.jpg" for n in range(count)], "split": "train", **columns}
    return Records(pd.DataFrame(table), Path(root))


def test_no_two_parts_share_an_id_and_the_old_ones_stay() -> None:
    first = records("a", pid=[7, 2, 7, -1], camid=[1, 3, 3, None], clothes_id=[0, 0, 1, None])
    second = records("b", pid=[7, 0], camid=[1, 1], tracklet=[5, 6], frame=[3, 4])
    both = Records.concatenate([first, second], names=["one", "two"])
    table = both.table
    assert table["pid"].tolist() == [1, 0, 1, -1, 3, 2]
    assert both.camids.tolist() == [0, 1, 1, -1, 2, 2]
    assert table["clothes_id"].tolist()[:3] == [0, 0, 1]
    assert table["tracklet"].tolist()[4:] == [0, 1]
    assert table[["clothes_id", "tracklet", "frame"]].isna().to_numpy().tolist() == [
        [False, True, True],
        [False, True, True],
        [False, True, True],
        [True, True, True],
        [True, False, False],
        [True, False, False],
    ]
    assert table["part"].tolist() == ["one"] * 4 + ["two"] * 2
    assert table["part_pid"].tolist() == [7, 2, 7, -1, 7, 0]
    assert table["part_tracklet"].tolist()[4:] == [5, 6]
    assert [path.relative_to(Path.cwd()).as_posix() for path in both.paths[3:5]] == [
        "a/3.jpg",
        "b/0.jpg",
    ]


def test_distractors_are_nobody_of_the_other_part() -> None:
    first = records("a", pid=[0, 3], split=["distractor", "query"])
    second = records("b", pid=[0, 0], split=["query", "gallery"])
    both = Records.concatenate([first, second])
    assert both.pids.tolist() == [0, 1, 2, 2]


def test_a_joined_set_joins_again_with_the_first_numbers() -> None:
    inner = Records.concatenate(
        [records("a", pid=[4], camid=[1]), records("b", pid=[4], camid=[1])], names=["x", "y"]
    )
    outer = Records.concatenate([records("c", pid=[9]), inner], names=["z", "w"]).table
    assert outer["part"].tolist() == ["z", "w/x", "w/y"]
    assert outer["pid"].tolist() == [0, 1, 2]
    assert outer["part_pid"].tolist() == [9, 4, 4]


@settings(max_examples=50)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(-2, 2**62), st.none() | st.integers(0, 3), st.none() | st.integers(0, 3)
            ),
            min_size=1,
            max_size=6,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_ids_are_disjoint_and_say_the_same_within_a_part(parts: list[list[Any]]) -> None:
    tables = [
        records(
            pid=[row[0] for row in rows],
            camid=[row[1] for row in rows],
            clothes_id=[row[2] for row in rows],
            tracklet=[row[2] for row in rows],
        ).table
        for rows in parts
    ]
    joined = join_tables(tables, names=[f"p{at}" for at in range(len(parts))])
    for name in JOINED_IDS:
        known = joined[joined[name].notna() & (joined[name] >= 0)]
        pairs = known.groupby(["part", f"part_{name}"])[name].unique()
        assert all(len(numbers) == 1 for numbers in pairs)
        assert sorted(int(numbers[0]) for numbers in pairs) == list(range(len(pairs)))
        rest = joined[~joined.index.isin(known.index)]
        assert rest[name].equals(rest[f"part_{name}"])


def test_what_cannot_be_joined_is_told() -> None:
    one = records(pid=[1])
    with pytest.raises(ValueError, match="expected one data set or more"):
        Records.concatenate([])
    with pytest.raises(ValueError, match="expected 2 different names, came a, a"):
        Records.concatenate([one, records("b", pid=[1])], names=["a", "a"])
    with pytest.raises(ValueError, match="a path may occur only once in a split"):
        Records.concatenate([one, one])


@given(st.lists(st.sampled_from(["a", "a-2", "a-3", "b"]), max_size=6))
def test_names_of_parts_differ(names: list[str]) -> None:
    unique = unique_names(names)
    assert len(set(unique)) == len(names)
    assert all(new.startswith(old) for new, old in zip(unique, names, strict=True))


def test_subsets() -> None:
    some = records(pid=[1, 1, 2, 3], camid=[1, 2, 2, None])
    assert some.subset(pids=[1, 2]).pids.tolist() == [1, 1, 2]
    assert some.subset(pids={1, 2}, camids=[2]).pids.tolist() == [1, 2]
    with pytest.raises(ValueError, match="1 of 2 pids asked for are not there, first 9"):
        some.subset(pids=[1, 9])
    with pytest.raises(ValueError, match="0 of 0 camids"):
        some.subset(camids=[])
    with pytest.raises(ValueError, match="none of these people was seen"):
        some.subset(pids=[3], camids=[1])


def test_people_are_drawn_whole_and_nobody_stays() -> None:
    split = ["train"] * 12 + ["distractor", "junk"]
    some = records(pid=[*np.repeat([3, 5, 8, 9], 3), 0, -1], split=split)
    drawn = [some.draw_identities(2, seed=seed) for seed in range(8)]
    for each in drawn:
        assert len(each.split("train")) == 6
        assert len(np.unique(each.split("train").pids)) == 2
        assert each.split("distractor", "junk").pids.tolist() == [0, -1]
    assert some.draw_identities(2, seed=3).table.equals(drawn[3].table)
    assert len({tuple(each.pids) for each in drawn}) > 2
    for count in (0, 5):
        with pytest.raises(ValueError, match=f"cannot draw {count} identities; there are 4"):
            some.draw_identities(count, seed=0)


@settings(max_examples=30)
@given(pids=st.lists(st.integers(0, 9), min_size=8, max_size=40), count=st.integers(2, 5))
def test_folds_hold_each_person_out_once(pids: list[int], count: int) -> None:
    some = records(pid=pids)
    people = set(pids)
    if len(people) < count:
        with pytest.raises(ValueError, match="cannot deal"):
            some.folds(count, seed=0)
        return
    folds = some.folds(count, seed=0)
    held = [set(fold.pids) for _, fold in folds]
    assert sum(map(len, held)) == len(people)
    assert set.union(*held) == people
    assert max(map(len, held)) - min(map(len, held)) <= 1
    for (rest, fold), out in zip(folds, held, strict=True):
        assert set(rest.pids) == people - out
        assert len(rest) + len(fold) == len(pids)
        assert set(fold.table["split"]) == {"val"}


@pytest.fixture
def two(tmp_path: Path, write_market: Write, write_image: Write) -> Path:
    """Market-1501 and LTCC, in the folders that they are published in, below one root."""
    write_market(tmp_path / "Market-1501")
    for name in ("000_1_c10_001003.png", "007_1_c2_000003.png", "007_2_c1_000004.png"):
        write_image(tmp_path / "LTCC_ReID" / "train" / name)
    write_image(tmp_path / "LTCC_ReID" / "query" / "001_1_c11_015833.png")
    write_image(tmp_path / "LTCC_ReID" / "test" / "001_1_c1_015822.png")
    return tmp_path


def test_two_sets_below_one_root(two: Path) -> None:
    both = load_dataset("market1501+ltcc", two)
    assert both.table["part"].value_counts().to_dict() == {"market1501": 10, "ltcc": 5}
    assert both.info is not None
    assert both.info.name == "market1501+ltcc"
    assert "ICCV 2015" in both.info.citation
    assert "ACCV 2020" in both.info.citation
    assert all(path.is_file() for path in both.paths)
    by_part = both.table.groupby("part")[["pid", "camid"]].agg(lambda ids: set(ids) - {-1})
    for column in ("pid", "camid"):
        assert not by_part[column].iloc[0] & by_part[column].iloc[1]
    assert both.split("train").table["part_pid"].tolist() == [2, 2, 7, 7, 0, 7, 7]


def test_parts_and_places_are_written_after_the_name(two: Path) -> None:
    (two / "Market-1501").rename(two / "here")
    (two / "LTCC_ReID").rename(two / "there")
    spelled = f"market1501:only=train,root=here+ltcc:only=query/gallery,root={two / 'there'}"
    both = load_dataset(spelled, two)
    assert both.table["split"].tolist() == ["train"] * 4 + ["query", "gallery"]
    twice = load_dataset("market1501:root=here,only=train+market1501:only=query,root=here", two)
    assert set(twice.table["part"]) == {"market1501", "market1501-2"}


def test_parts_of_one_set(two: Path) -> None:
    whole = load_dataset("market1501", two)
    train = load_dataset("market1501:only=train", two)
    assert train.table.equals(whole.split("train").table)
    assert train.info is not None
    assert train.info.counts == {}, "the published counts are those of the whole"
    assert len(np.unique(load_dataset("market1501:only=train,people=1", two).pids)) == 1
    folds = [load_dataset(f"market1501:fold={fold}/2,draw=4", two) for fold in (0, 1)]
    assert [len(np.unique(each.split("val").pids)) for each in folds] == [1, 1]
    assert set(folds[0].split("val").pids) == set(folds[1].split("train").pids) != set()
    assert folds[0].split("query", "gallery").paths == whole.split("query", "gallery").paths
    assert load_dataset("market1501", two, people=4).table.equals(whole.table)


@pytest.mark.parametrize(
    ("spelled", "reason"),
    [
        ("market1501+", r"joined as NAME\+NAME"),
        ("market1501+ltc", "did you mean ltcc"),
        ("market1501:root=nowhere+ltcc", "market1501 at .*nowhere; there is no such"),
        ("market1501:only=training", "split must be one of"),
        ("market1501:only=val", "no images in split val"),
        ("market1501:people=many", "people must be a whole number, came 'many'"),
        ("market1501:people=99", "cannot draw 99 identities; there are"),
        ("market1501:fold=2/2", "fold must be I/K"),
        ("market1501:fold=0/9", "cannot deal 2 identities to 9 folds"),
        ("market1501:only=query,fold=0/2", "people of split train out; there are none"),
        ("market1501:poeple=9", "no option 'poeple'; did you mean people"),
    ],
)
def test_wrong_parts_are_refused_in_one_line(two: Path, spelled: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        load_dataset(spelled, two)
    assert "\n" not in str(caught.value)


def test_options_of_several_stand_in_the_name(two: Path) -> None:
    with pytest.raises(ValueError, match="write the options of several data sets after their name"):
        load_dataset("market1501+ltcc", two, distractors=True)


def test_no_reader_may_take_the_common_options() -> None:
    with pytest.raises(ValueError, match="option fold of data set 'tests-fold' means something"):

        @register_dataset(DatasetInfo("tests-fold"))
        def read(root: Path, *, fold: int = 0) -> Records: ...

    assert "tests-fold" not in list_datasets()


@given(st.text("ab:=,+/ ١0", max_size=12))
def test_any_text_is_a_selection_or_refused(text: str) -> None:
    try:
        for part in split_parts(text):
            Selection.from_options(split_name(part)[1])
        Selection.from_options({"people": text, "fold": text})
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


def test_the_command_line(two: Path, script: Callable[..., tuple[int, str, str]]) -> None:
    def answer(*arguments: str) -> Any:
        code, out, err = script("reid-data", *arguments, "--root", two, "--json")
        assert code == 0, err
        return json.loads(out)

    data = ("--data", "market1501+ltcc")
    splits = {row["split"]: row for row in answer("info", *data)["splits"]}
    assert (splits["train"]["identities"], splits["train"]["images"]) == (4, 7)
    answer("manifest", *data, "--out", str(two / "all.csv"))
    again = load_dataset("csv", two / "all.csv")
    assert again.table["part_pid"].tolist() == load_dataset(data[1], two).table["part_pid"].tolist()
    assert answer("check", *data, "--no-counts")["ok"]
