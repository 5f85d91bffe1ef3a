"""Readers of other people: what their annotations may be, and what is said about broken ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reid_data import Records, dataset_options, register_dataset
from reid_data.datasets import registry
from reid_data.datasets.options import check_options, describe_options
from reid_data.records import DatasetInfo

if TYPE_CHECKING:
    from somewhere import Version  # type: ignore[import-not-found]


def read_unresolvable(root: Path, *, version: Version = "v1") -> Records: ...


def read_without_options(root: Version) -> Version: ...


def read_bare(root, *, split=0): ...  # type: ignore[no-untyped-def]


def test_an_annotation_that_names_nothing_is_told_not_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_READERS", dict(registry._READERS))
    register_dataset(DatasetInfo("tests-unresolvable"))(read_unresolvable)
    reason = r"annotations of reader read_unresolvable cannot be resolved .*'Version'"
    for ask in (dataset_options, lambda name: registry.load_dataset(name, Path())):
        with pytest.raises(ValueError, match=reason):
            ask("tests-unresolvable")


def test_a_broken_expression_is_told_too() -> None:
    def read(root: Path, *, size: int = 0) -> None: ...

    read.__annotations__["size"] = "1 / 0"
    with pytest.raises(ValueError, match="division by zero"):
        check_options("people", read, {})


def test_what_is_no_option_may_be_anything() -> None:
    assert describe_options(read_without_options) == {}


def test_options_without_annotations_are_texts() -> None:
    assert check_options("people", read_bare, {"split": "3"}) == {"split": "3"}
