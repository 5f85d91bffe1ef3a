"""Records as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from reid_data import DatasetInfo, Records
from reid_data.files import replacing

INFO = DatasetInfo("mine", licence="ours", counts={"train": (2, 3), "gallery+junk": (1, 4)})


def records(root: Path) -> Records:
    table = pd.DataFrame(
        {
            "path": ["a, b.jpg", 'quo"te.jpg', "NA"],
            "pid": [4, 2**60 + 1, -1],
            "camid": [1, None, 2],
            "split": ["train", "train", "junk"],
            "timestamp": [0.5, None, 1e9],
            "mood": ["glad", "", "NA"],
            "score": [0.25, 1.0, 2.0],
        }
    )
    return Records(table, root, INFO)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_round_trip_changes_nothing(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / "new" / f"records.{suffix}"
    before = records(file.parent)
    (before.to_csv if suffix == "csv" else before.to_parquet)(file)
    after = (Records.from_csv if suffix == "csv" else Records.from_parquet)(file)
    pd.testing.assert_frame_equal(after.table, before.table)
    assert after.paths == before.paths
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_parquet_remembers_the_licence(tmp_path: Path) -> None:
    records(tmp_path).to_parquet(tmp_path / "r.parquet")
    assert Records.from_parquet(tmp_path / "r.parquet").info == INFO


def test_the_root_may_be_elsewhere(tmp_path: Path) -> None:
    records(tmp_path).to_csv(tmp_path / "r.csv")
    assert Records.from_csv(tmp_path / "r.csv", root=Path("/data")).root == Path("/data")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,pid,split\na.jpg,4,train\nb.jpg,x7,train\n", "line 3: pid must be a number.*'x7'"),
        ("path,pid,split\na.jpg,,train\n", "line 2: pid must be a number, came ''"),
        ("path,pid,split\na.jpg,1.5,train\n", "line 2: pid must be a number, came '1.5'"),
        ("path,pid,camid,split\na.jpg,1,one,train\n", "line 2: camid must be a number"),
        ("path,pid,split,timestamp\na.jpg,1,train,noon\n", "line 2: timestamp must be a number"),
        ("path,pid\na.jpg,1\n", "missing: split; found: path, pid"),
        ("path,pid,split\na.jpg,1,train,more,and more\n", "not a CSV table with a header"),
        ("", "not a CSV table"),
        ('path,pid,split\n"a.jpg,1,train\n', "not a CSV table"),
    ],
)
def test_a_bad_csv_says_where(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        Records.from_csv(tmp_path / "r.csv")


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    for read in (Records.from_csv, Records.from_parquet):
        with pytest.raises(ValueError, match="there is no such file"):
            read(tmp_path / "r")
    (tmp_path / "r").write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(ValueError, match="not a Parquet file"):
        Records.from_parquet(tmp_path / "r")
    with pytest.raises(ValueError, match="not a CSV table"):
        Records.from_csv(tmp_path / "r")


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "result.txt"
    file.write_text("old")

    def write_and_be_stopped() -> None:
        with replacing(file) as temporary:
            temporary.write_text("half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_be_stopped()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
