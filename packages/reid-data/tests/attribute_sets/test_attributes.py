"""The table of attributes: what it refuses, and how it finds the rows of records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_data import Records
from reid_data.attributes import Attributes

VALUES = np.array([[1, 0], [0, -1], [1, 1]], dtype=np.int8)


def table(**changes: Any) -> Attributes:
    parts = {"names": ("hat", "bag"), "values": VALUES, "keys": ("a/1.jpg", "a/2.jpg", "b/3.png")}
    return Attributes(**(parts | changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"values": VALUES[:2]}, r"expected values \(3, 2\), came int8 \(2, 2\)"),
        ({"values": VALUES.astype(object)}, "expected values"),
        ({"values": VALUES * 2}, "attribute hat of a/1.jpg must be 0, 1 or -1 .* came 2"),
        ({"values": VALUES * 0.5}, "attribute hat of a/1.jpg"),
        ({"names": ("hat", "hat")}, "each attribute once; 'hat' comes twice"),
        ({"keys": ("x", "y", "x")}, "each key once; 'x' comes twice"),
        ({"partitions": {"train": np.array([0, 3])}}, "partition train names the rows 0 to 3"),
        ({"notes": {"quality": ("high",)}}, "expected 3 notes quality, came 1"),
    ],
)
def test_parts_must_fit(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        table(**changes)


def test_selecting_rows_and_columns() -> None:
    whole = table(partitions={"test": np.array([2, 0])}, notes={"quality": ("x", "y", "z")})
    part = whole.select(["bag"]).partition("test")
    assert part.keys == ("b/3.png", "a/1.jpg")
    assert part.values.tolist() == [[1], [0]]
    assert part.notes == {"quality": ("z", "x")}
    with pytest.raises(ValueError, match="no attribute 'shoes'; there are: hat, bag"):
        whole.select(["shoes"])
    with pytest.raises(ValueError, match="no partition 'train'; there are: test"):
        whole.partition("train")


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        ("path", ("a/1.jpg", "a/2.jpg", "b/3.png")),
        ("stem", ("1", "2", "3")),
        ("pid", ("10", "20", "30")),
    ],
)
def test_records_find_their_attributes(key: Any, keys: tuple[str, ...]) -> None:
    rows = {"path": ["b/3.png", "a/1.jpg", "c/4.jpg"], "pid": [30, 10, 40], "split": "train"}
    records = Records(pd.DataFrame(rows), Path("photos"))
    attributes = table(keys=keys, key=key)
    values = attributes.of(records, missing="unknown")
    assert values.tolist() == [[1, 1], [1, 0], [-1, -1]]
    assert values.dtype == np.int8
    with pytest.raises(ValueError, match=f"1 of 3 images have no attributes, first {key}"):
        attributes.of(records)
