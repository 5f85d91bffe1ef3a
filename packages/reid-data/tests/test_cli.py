"""The console script: what it prints, what it refuses, and what it does not import."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reid_data import Records, load_dataset

Write = Callable[..., Path]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(script: Call) -> Call:
    """Run ``reid-data`` with arguments; gives exit code, stdout and stderr."""

    return partial(script, "reid-data")


def answer(call: Call, *arguments: object, code: int = 0) -> Any:
    found, out, err = call(*arguments, "--json")
    assert found == code, err
    return json.loads(out)


def test_list_names_data_sets_and_licences(call: Call) -> None:
    listed = {row["name"]: row for row in answer(call, "list")}
    assert {"csv", "folder", "market1501", "prw"} <= set(listed)
    assert listed["market1501"]["counts"]["train"] == [751, 12936]
    assert "research" in listed["market1501"]["licence"]
    code, out, _ = call("list")
    assert code == 0
    assert "market1501" in out


def test_info_counts_each_split(call: Call, tmp_path: Path, write_market: Write) -> None:
    root = write_market(tmp_path)
    payload = answer(call, "info", "--data", "market1501", "--root", root)
    assert payload["splits"][0] == {
        "split": "train",
        "identities": 2,
        "images": 4,
        "cameras": 2,
        "images_per_identity": 2.0,
        "single_image_identities": 0,
    }
    assert [row["split"] for row in payload["splits"]] == [
        "train",
        "query",
        "gallery",
        "distractor",
        "junk",
    ]
    assert "Zheng" in payload["citation"]
    assert "distractor" in call("info", "--data", "market1501", "--root", root)[1]


def test_check_compares_with_what_was_published(
    call: Call, tmp_path: Path, write_market: Write
) -> None:
    where = ("--data", "market1501", "--root", write_market(tmp_path))
    payload = answer(call, "check", *where, code=2)
    assert payload["mismatches"][0] == (
        "train: expected 751 identities and 12936 images as published, found 2 and 4 (749 "
        "identities too few, 12932 images too few); nobody is number 4, 6"
    )
    assert payload["unreadable"] == []
    code, _, err = call("check", *where)
    assert code == 2
    assert "error: train: expected 751" in err
    assert "--no-counts" in err
    code, _, err = call("check", *where, "--no-counts")
    assert code == 0
    assert "10 images are readable" in err


def test_check_lists_every_unreadable_image(
    call: Call, tmp_path: Path, write_market: Write
) -> None:
    root = write_market(tmp_path)
    files = sorted(root.glob("*/*.jpg"))
    files[2].write_bytes(b"")
    files[5].write_bytes(files[5].read_bytes()[:-30])
    where = ("check", "--data", "market1501", "--root", root, "--no-counts")
    payload = answer(call, *where, code=2)
    assert {item["path"] for item in payload["unreadable"]} == {str(files[2]), str(files[5])}
    code, _, err = call(*where)
    assert code == 2
    assert "error: 2 images cannot be read" in err
    assert f"{files[2]}: empty file" in err
    assert str(files[5]) in err
    glance = answer(call, *where, "--no-decode", code=2)
    assert [item["path"] for item in glance["unreadable"]] == [str(files[2])]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_manifest_is_a_data_set_again(
    call: Call, tmp_path: Path, write_market: Write, suffix: str
) -> None:
    root = write_market(tmp_path / "data" / "market1501")
    table = tmp_path / "data" / f"all.{suffix}"
    row = answer(call, "manifest", "--data", "market1501", "--root", root, "--out", table)[0]
    assert row["rows"] == 10
    again = load_dataset("csv", table)
    assert sorted(again.paths) == sorted(load_dataset("market1501", root).paths)
    assert answer(call, "info", "--data", "csv", "--root", table)["splits"][0]["images"] == 4


def test_a_manifest_elsewhere_says_where_it_belongs(
    call: Call, tmp_path: Path, write_market: Write
) -> None:
    root = write_market(tmp_path / "data")
    table = tmp_path / "else" / "where.csv"
    code, _, err = call("manifest", "--data", "market1501", "--root", root, "--out", table)
    assert code == 0
    assert f"move where.csv to {root}" in err
    assert Records.from_csv(table, root=root).paths[0].is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("info", "--data", "markt1501", "--root", "."), "did you mean market1501"),
        (("info", "--data", "market1501", "--root", "nowhere"), "there is no such folder"),
        (
            ("info", "--data", "market1501", "--root", "."),
            "expected bounding_box_train",
        ),
        (("manifest", "--data", "folder", "--root", ".", "--out", "x.txt"), ".csv or .parquet"),
        (("info", "--data", "market1501"), "--root"),
        (("chekc",), "chekc"),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
