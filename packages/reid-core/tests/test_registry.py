"""Names: registering, finding, and being told the nearest."""

import contextlib
from pathlib import Path

import pytest
import torch

from reid_core._files import whole_file
from reid_core.keys import mismatch
from reid_core.registry import Registry, UnknownNameError, nearest


def test_a_registered_item_is_found_and_returned_unchanged() -> None:
    registry: Registry[type] = Registry("shape")
    item = registry.register("square")(int)
    assert item is int
    assert registry["square"] is int
    assert "square" in registry
    assert registry.names() == ["square"]


def test_a_duplicate_is_refused_and_the_first_stays() -> None:
    registry: Registry[type] = Registry("shape")
    registry.register("square")(int)
    with pytest.raises(ValueError, match="shape 'square' is already registered"):
        registry.register("square")(float)
    assert registry["square"] is int


def test_an_unknown_name_is_told_the_nearest_and_all() -> None:
    registry: Registry[type] = Registry("shape")
    for name in ("square", "circle", "squid"):
        registry.register(name)(int)
    with pytest.raises(UnknownNameError) as caught:
        registry["sqare"]
    assert str(caught.value) == (
        "unknown shape 'sqare'; nearest: square; known: circle, square, squid"
    )
    with pytest.raises(UnknownNameError, match=r"^unknown shape 'xyz'; known: circle"):
        registry["xyz"]


def test_nearest_puts_the_most_alike_first_and_leaves_strangers_out() -> None:
    assert nearest("resnt50", ["vgg16", "resnet101", "resnet50"])[0] == "resnet50"
    assert nearest("zzz", ["vgg16"]) == []


def test_mismatch_names_first_keys_and_counts_the_rest() -> None:
    expected = {name: torch.zeros(2) for name in "abcdef"}
    said = mismatch(expected, {"f": torch.zeros(3), "x": torch.zeros(1)})
    assert said == ("it lacks a, b, c (+2 more); it has no place for x; f is (3,), expected (2,)")
    assert mismatch(expected, dict(expected)) == ""


def test_mismatch_does_not_ask_for_counters_nor_for_what_may_lack() -> None:
    expected = {"bn.num_batches_tracked": torch.tensor(0), "head": torch.zeros(1)}
    assert mismatch(expected, {}, may_lack={"head"}) == ""


def test_a_file_that_is_not_finished_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "kept.txt"
    target.write_text("old")
    with contextlib.suppress(KeyboardInterrupt), whole_file(target) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
