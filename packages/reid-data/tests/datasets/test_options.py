"""Options of data sets: spelled after the name, typed, and refused when wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid_data import cli, load_dataset
from reid_data.console import run
from reid_data.datasets import dataset_info, dataset_options
from reid_data.datasets.options import check_options, describe_options, split_name


def read(
    root: Path,
    *,
    version: Literal["v1", "v2"] | None = None,
    size: Literal[800, 1600] = 800,
    split: int = 0,
    mirrored: bool = False,
) -> None: ...


def test_texts_become_what_the_reader_takes() -> None:
    spelled = {"version": "v2", "size": "1600", "split": "3", "mirrored": "true"}
    typed = {"version": "v2", "size": 1600, "split": 3, "mirrored": True}
    assert check_options("people", read, spelled) == typed
    assert check_options("people", read, typed) == typed
    assert describe_options(read) == {
        "version": "v1 or v2",
        "size": "800 or 1600, default 800",
        "split": "int, default 0",
        "mirrored": "true or false, default False",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"versoin": "v1"}, r"no option 'versoin'; did you mean version\? valid: version \(v1 or"),
        ({"version": "v3"}, r"people:version must be v1 or v2, came 'v3'"),
        ({"size": 5}, r"people:size must be 800 or 1600, came 5"),
        ({"split": "first"}, r"people:split must be a whole number, came 'first'"),
        ({"mirrored": "maybe"}, r"people:mirrored must be true or false, came 'maybe'"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        check_options("people", read, options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "spelled", ["ltcc:", "ltcc:split", "ltcc:=3", "ltcc:a=1,,b=2", "ltcc:a=1,a=2"]
)
def test_malformed_options_are_refused(spelled: str) -> None:
    with pytest.raises(ValueError, match=r"NAME:KEY=VALUE|given twice"):
        split_name(spelled)


@given(st.text())
def test_any_name_is_taken_apart_or_refused(spelled: str) -> None:
    try:
        name, options = split_name(spelled)
    except ValueError as error:
        assert repr(spelled) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert spelled.startswith(name)
        assert all(options.values())


def test_names_carry_options_everywhere(drawn: Callable[..., Path]) -> None:
    root = drawn("prcc")
    spelled = load_dataset("prcc:query=same", root)
    assert spelled.table.equals(load_dataset("prcc", root, query="same").table)
    assert dataset_info("prcc:query=same").name == "prcc"
    assert dataset_options("prcc") == {"query": "changed or same or both, default changed"}
    with pytest.raises(ValueError, match="option query of data set prcc is given twice"):
        load_dataset("prcc:query=same", root, query="same")
    with pytest.raises(ValueError, match=r"market1501 has no option 'split'; .*valid"):
        load_dataset("market1501:split=1", root)
    with pytest.raises(ValueError, match="did you mean prcc"):
        load_dataset("prc:query=same", root)


def test_the_command_line_spells_them_the_same(
    drawn: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = drawn("prcc")
    arguments = ["info", "--data", "prcc:query=both", "--root", str(root), "--json"]
    monkeypatch.setattr(sys, "argv", ["reid-data", *arguments])
    with pytest.raises(SystemExit):
        run(cli.app)
    splits = {row["split"]: row["images"] for row in json.loads(capsys.readouterr().out)["splits"]}
    assert splits["query"] == 18
    monkeypatch.setattr(sys, "argv", ["reid-data", "list", "--json"])
    with pytest.raises(SystemExit):
        run(cli.app)
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed["msmt17"]["options"]["version"] == "v1 or v2"
