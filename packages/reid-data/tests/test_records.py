"""Records: what they refuse, what they give, and how they are carved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reid_data import SPLITS, DatasetInfo, Records

ROOT = Path("somewhere")


def table(**columns: object) -> pd.DataFrame:
    rows = {
        "path": ["a.jpg", "b/c.jpg", "d.png"],
        "pid": [4, 4, 9],
        "camid": [1, None, 2],
        "split": ["train", "query", "gallery"],
    }
    return pd.DataFrame({**rows, **columns})


def many(pids: list[int], camids: list[int | None], split: str = "train") -> Records:
    names = [f"{row}.jpg" for row in range(len(pids))]
    return Records(
        pd.DataFrame({"path": names, "pid": pids, "camid": camids, "split": split}), ROOT
    )


def test_types_are_canonical_whatever_came() -> None:
    wide = table(
        pid=np.array([4, 4, 9], dtype=np.int32),
        camid=pd.array([1.0, np.nan, 2.0]),
        frame=[1, None, 3],
        timestamp=[0, 1, 2],
        mood=["glad", "sad", "glad"],
    )
    records = Records(wide, ROOT)
    assert records.table.dtypes[["pid", "camid", "frame", "timestamp"]].astype(str).tolist() == [
        "int64",
        "Int64",
        "Int64",
        "float64",
    ]
    assert records.pids.dtype == records.camids.dtype == np.int64
    assert records.camids.tolist() == [1, -1, 2]
    assert records.paths[1] == ROOT / "b" / "c.jpg"
    assert records.table["mood"].tolist() == ["glad", "sad", "glad"]


def test_the_given_table_is_left_alone() -> None:
    given = table().set_index(pd.Index([5, 6, 7]))
    before = given.copy()
    records = Records(given, ROOT)
    records.table.loc[0, "pid"] = 99
    pd.testing.assert_frame_equal(given, before)


def test_cameras_may_be_missing_altogether() -> None:
    assert Records(table().drop(columns="camid"), ROOT).camids.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"path": ["a.jpg", "/b.jpg", "c.jpg"]}, r"relative.*'/b.jpg' in row 1"),
        ({"path": ["a.jpg", "b\\c.jpg", "d.jpg"]}, "forward slashes"),
        ({"path": ["a.jpg", "x/../../b.jpg", "d.jpg"]}, r"without '\.\.'"),
        ({"path": ["a.jpg", "", "d.jpg"]}, "'' in row 1"),
        ({"path": ["a.jpg", None, "d.jpg"]}, "column path must hold strings"),
        ({"path": [1, 2, 3]}, "column path must hold strings.*integer"),
        ({"split": ["train", "test", "val"]}, "must be one of train, .* came test"),
        ({"pid": [1.0, 2.5, 3.0]}, r"column pid must hold integers; came 2.5 in row 1"),
        ({"pid": [1.0, np.inf, 3.0]}, "came inf in row 1"),
        ({"pid": [1, None, 3]}, "row 1 is empty"),
        ({"pid": ["1", "2", "3"]}, "column pid must hold integers, came string"),
        ({"pid": [True, False, True]}, "column pid must hold integers, came boolean"),
        ({"pid": np.array([1, 2, 2**63], dtype=np.uint64)}, "64-bit"),
        ({"camid": [1, -1, 2]}, "camid must be 0 or more.*leave unknown ones empty"),
        ({"camid": [1, "x", 2]}, "column camid must hold integers, came mixed"),
        ({"camid": [1, np.inf, 2]}, "came inf"),
        ({"clothes_id": ["a", "b", "c"]}, "column clothes_id must hold integers"),
        ({"timestamp": [0.0, np.inf, 1.0]}, "finite"),
        ({"timestamp": ["noon", "one", "two"]}, "seconds as numbers"),
    ],
)
def test_wrong_values_are_refused_in_one_line(columns: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Records(table(**columns), ROOT)
    assert "\n" not in str(caught.value)


def test_missing_columns_are_named_with_those_found() -> None:
    with pytest.raises(ValueError, match=r"missing: pid, split; found: path, who"):
        Records(pd.DataFrame({"path": ["a.jpg"], "who": [1]}), ROOT)


def test_shown_are_the_sizes_not_the_rows() -> None:
    assert repr(Records(table(), ROOT)) == "Records(train=1, query=1, gallery=1, root='somewhere')"
    named = Records(table(split="train"), ROOT, DatasetInfo(name="mine"))
    assert repr(named) == "Records(mine, train=3, root='somewhere')"


def test_a_path_may_be_in_two_splits_but_not_twice_in_one() -> None:
    twice = {"path": ["a.jpg", "a.jpg", "b.jpg"]}
    assert len(Records(table(**twice), ROOT)) == 3
    with pytest.raises(ValueError, match=r"1 rows repeat one, first 'a.jpg' in split train"):
        Records(table(**twice, split="train"), ROOT)


def test_split_keeps_order_and_names_what_there_is() -> None:
    records = Records(table(), ROOT, DatasetInfo("mine"))
    both = records.split("gallery", "train")
    assert both.table["path"].tolist() == ["a.jpg", "d.png"]
    assert both.info is records.info
    with pytest.raises(
        ValueError, match=r"no images in split val of somewhere; there are: train, q"
    ):
        records.split("val")
    with pytest.raises(ValueError, match=r"must be one of .* came tset"):
        records.split("tset")
    with pytest.raises(ValueError, match=r"came nothing"):
        records.split()


def test_take_accepts_positions_and_masks() -> None:
    records = Records(table(), ROOT)
    assert records.take([2, 0]).pids.tolist() == [9, 4]
    assert records.take(np.array([True, False, True])).pids.tolist() == [4, 9]
    assert len(records.take([])) == 0
    with pytest.raises(ValueError, match=r"repeat one"):
        records.take([0, 0])


def test_relabel_counts_identities_up_and_keeps_the_pid() -> None:
    records = many([30, 7, 30, 12], [1, 1, 2, 1]).relabel()
    assert records.labels.tolist() == [2, 0, 2, 1]
    assert records.pids.tolist() == [30, 7, 30, 12]
    with pytest.raises(ValueError, match=r"call relabel\(\) first"):
        _ = many([1], [1]).labels


def test_held_out_identities_share_nobody_with_the_rest() -> None:
    records = many([p for p in range(40) for _ in range(3)], [1, 2, 3] * 40)
    rest, held = records.split_identities(0.25, seed=3)
    assert not set(rest.pids) & set(held.pids)
    assert len(set(held.pids)) == 10
    assert len(rest) + len(held) == 120
    assert set(held.table["split"]) == {"val"}
    assert set(rest.table["split"]) == {"train"}
    again = records.split_identities(0.25, seed=3)[1]
    assert again.table["path"].tolist() == held.table["path"].tolist()
    assert set(records.split_identities(0.25, seed=4)[1].pids) != set(held.pids)


def test_holding_out_leaves_someone_on_each_side() -> None:
    two = many([1, 2], [1, 1])
    for fraction in (0.01, 0.99):
        assert [len(part) for part in two.split_identities(fraction, seed=0)] == [1, 1]
    with pytest.raises(ValueError, match=r"between 0 and 1, came 1.0"):
        two.split_identities(1.0, seed=0)
    with pytest.raises(ValueError, match=r"at least two, came 1"):
        many([1, 1], [1, 2]).split_identities(0.5, seed=0)


def matches_of_each_query(records: Records) -> list[int]:
    """Gallery images of the query's person from other cameras, by naive loops."""
    rows = list(zip(records.pids, records.camids, records.table["split"], strict=True))
    gallery = [(pid, camid) for pid, camid, split in rows if split == "gallery"]
    return [
        sum(p == pid and (c != camid or c == -1) for p, c in gallery)
        for pid, camid, split in rows
        if split == "query"
    ]


@pytest.mark.parametrize("unknown", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(8))
def test_every_query_finds_its_person_and_no_camera_asks_twice(seed: int, unknown: float) -> None:
    generator = np.random.default_rng(seed)
    pids = generator.integers(1, 15, 60).tolist()
    camids = [
        None if generator.random() < unknown else int(camera)
        for camera in generator.integers(0, 4, 60)
    ]
    records = many(pids, camids).as_query_gallery(seed=seed)
    assert min(matches_of_each_query(records)) >= 1
    queries = records.split("query")
    assert not pd.Series(zip(queries.pids, queries.camids, strict=True)).duplicated().any()
    assert records.table["path"].tolist() == [f"{row}.jpg" for row in range(60)]


@pytest.mark.parametrize(
    ("camids", "queries"),
    [
        ([1, 1, 2, 2], 2),  # each camera asks and answers
        ([1, 1, 2, 2, 3], 3),  # a lone image asks too: two other cameras answer everyone
        ([1, 1, 2], 1),  # the lone image has to answer
        ([1, 2, 3], 2),  # one of three lone images answers the others
        ([1, 1, 1], 0),  # one camera only
        ([1], 0),
        ([None, None, None], 1),  # unknown cameras differ from each other
        ([None], 0),
        ([None, 1], 1),
    ],
)
def test_as_many_queries_as_can_be_answered(camids: list[int | None], queries: int) -> None:
    # A second person keeps the test from being empty.
    records = many([5] * len(camids) + [6, 6], [*camids, 1, 2]).as_query_gallery(seed=0)
    asked = records.table[(records.table["split"] == "query") & (records.table["pid"] == 5)]
    assert len(asked) == queries


def test_junk_and_distractors_stay_what_they_are() -> None:
    records = many([1, 1, 0, 0], [1, 2, 1, 2])
    marked = records.table.assign(split=["val", "val", "distractor", "distractor"])
    split = Records(marked, ROOT).as_query_gallery(seed=0).table["split"]
    assert sorted(split) == ["distractor", "distractor", "gallery", "query"]


def test_a_test_without_questions_is_refused() -> None:
    with pytest.raises(ValueError, match=r"nothing can be asked for"):
        many([1, 2, 3], [1, 1, 1]).as_query_gallery(seed=0)


def test_relative_to_rebases_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in" / "set").mkdir(parents=True)
    records = Records(table(), tmp_path / "in" / "set").relative_to(tmp_path)
    assert records.table["path"].iloc[1] == "in/set/b/c.jpg"
    assert records.paths[1] == tmp_path / "in" / "set" / "b" / "c.jpg"
    with pytest.raises(ValueError, match=r"subpath"):
        records.relative_to(tmp_path / "in")


def test_split_order_is_part_of_the_interface() -> None:
    assert SPLITS == ("train", "val", "query", "gallery", "distractor", "junk")
