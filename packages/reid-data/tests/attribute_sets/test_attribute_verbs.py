"""Tables of attributes by name: in Python, and in the verbs list, info and check."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from reid_data import (
    Attributes,
    AttributeSetInfo,
    attribute_set_info,
    attribute_set_options,
    list_attribute_sets,
    list_datasets,
    load_attributes,
    register_attributes,
)
from reid_data.attribute_sets import registry
from reid_data.attribute_sets.command import attribute_mismatches

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(script: Call) -> Call:
    return partial(script, "reid-data")


@pytest.fixture
def pa100k(tmp_path: Path) -> Path:
    def cells(texts: list[str]) -> np.ndarray[Any, Any]:
        column = np.empty((len(texts), 1), dtype=object)
        column[:, 0] = texts
        return column

    content: dict[str, Any] = {"attributes": cells(["Female", "Hat"])}
    (tmp_path / "data").mkdir()
    for at, split in enumerate(("train", "val", "test")):
        content[f"{split}_images_name"] = cells([f"{at}.jpg", f"{at}b.jpg"])
        content[f"{split}_label"] = np.array([[1, 0], [at % 2, 0]], dtype=np.uint8)
        for name in (f"{at}.jpg", f"{at}b.jpg"):
            Image.new("RGB", (4, 8)).save(tmp_path / "data" / name)
    savemat(tmp_path / "annotation.mat", content)
    return tmp_path


def test_every_set_says_where_it_comes_from() -> None:
    names = list_attribute_sets()
    assert {"pa100k", "peta", "rap1", "rap2", "upar", "native", "dataset_all"} <= set(names)
    assert {"market_attributes", "duke_attributes"} <= set(names)
    assert not set(names) & set(list_datasets()), "one name, one meaning"
    assert all(attribute_set_info(name).licence for name in names)
    assert sum(attribute_set_info("pa100k").rows.values()) == 100_000
    assert sum(attribute_set_info("peta").rows.values()) == 19_000
    assert sum(attribute_set_info("rap1").rows.values()) == 41_585
    assert sum(attribute_set_info("rap2").rows.values()) == 84_928
    assert attribute_set_options("peta") == {
        "attributes": "eval or all, default eval",
        "split": "int, default 0",
    }


def test_options_are_checked_before_the_file(tmp_path: Path) -> None:
    for spelled, reason in (
        ("petta", "did you mean peta"),
        ("peta:splt=1", r"attribute set peta has no option 'splt'; did you mean split\?"),
        ("peta:attributes=some", "peta:attributes must be eval or all"),
        ("peta", "expected a MATLAB file at .*PETA.mat"),
        ("market_attributes", "expected market_attribute.mat in"),
        ("upar", "expected phase1/train/train.csv or train/train.csv"),
        ("native", "expected refined_Native_dataset.xlsx or"),
        ("dataset_all", "expected dataset_all.pkl in"),
    ):
        with pytest.raises(ValueError, match=reason):
            load_attributes(spelled, tmp_path)
    with pytest.raises(ValueError, match="option split of attribute set peta is given twice"):
        load_attributes("peta:split=1", tmp_path, split=1)
    with pytest.raises(ValueError, match="there is no such folder or file"):
        load_attributes("peta", tmp_path / "none")


def test_a_file_or_its_folder(tmp_path: Path) -> None:
    content = {
        "image_name": ["a.jpg", "b.jpg"],
        "label": np.array([[1, 0, 2], [0, 1, 1]]),
        "attr_name": ["hat", "bag", "tie"],
        "partition": {"train": np.array([0]), "test": np.array([1])},
        "label_idx": {"eval": [2, 0]},
    }
    (tmp_path / "dataset_all.pkl").write_bytes(pickle.dumps(content))
    folder = load_attributes("dataset_all", tmp_path)
    file = load_attributes("dataset_all:attributes=all,folder=x", tmp_path / "dataset_all.pkl")
    assert folder.names == ("tie", "hat")
    assert folder.values.tolist() == [[-1, 1], [1, 0]]
    assert file.keys == ("x/a.jpg", "x/b.jpg")


def test_a_set_of_your_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_READERS", dict(registry._READERS))

    @register_attributes(AttributeSetInfo("tests-hats", licence="ours"))
    def read(root: Path, *, worn: bool = True) -> Attributes:
        return Attributes(("hat",), np.array([[worn]], dtype=np.int8), ("a",))

    assert load_attributes("tests-hats:worn=false", tmp_path).values.tolist() == [[0]]
    with pytest.raises(ValueError, match="registered already"):
        register_attributes(AttributeSetInfo("tests-hats", licence="ours"))(read)


def test_list(call: Call) -> None:
    code, out, _ = call("list", "--attributes", "--json")
    assert code == 0
    listed = {row["name"]: row for row in json.loads(out)}
    assert set(listed) == set(list_attribute_sets())
    assert listed["rap2"]["rows"] == {"train": 50957, "val": 16986, "test": 16985}
    code, out, _ = call("list", "--attributes")
    assert code == 0
    assert "Attribute sets" in out


def test_info(call: Call, pa100k: Path) -> None:
    code, out, _ = call("info", "--data", "pa100k", "--root", pa100k, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["rows"] == {"all": 6, "train": 2, "val": 2, "test": 2}
    assert found["attributes"][0] == {
        "attribute": "Female", "yes": 4, "no": 2, "unknown": 0, "share": 0.6667,
    }  # fmt: skip
    assert found["attributes"][1]["share"] == 0
    assert "2 attributes of 6 images" in call("info", "--data", "pa100k", "--root", pa100k)[1]


def test_check(call: Call, pa100k: Path) -> None:
    where = ("check", "--data", "pa100k", "--root", pa100k)
    code, _, err = call(*where)
    assert code == 2
    assert "train: expected 80000 rows as published, found 2" in err
    assert "expected 26 attributes as published, found 2" in err
    code, out, _ = call(*where, "--no-counts", "--json")
    assert code == 0
    assert json.loads(out)["ok"]
    (pa100k / "data" / "1b.jpg").unlink()
    code, _, err = call(*where, "--no-counts")
    assert code == 2
    assert "1 of 6 pictures are missing, first data/1b.jpg" in err


def test_names_that_nothing_has(call: Call, pa100k: Path) -> None:
    for name, hint in (("pa100", "did you mean pa100k"), ("ltc", "did you mean ltcc")):
        code, _, err = call("info", "--data", name, "--root", pa100k)
        assert code == 2
        assert hint in err


def test_what_is_published_agrees_with_itself() -> None:
    info = AttributeSetInfo("x", "y", attributes=2, rows={"train": 1, "all": 2})
    values = np.zeros((2, 2), dtype=np.int8)
    fits = Attributes(("a", "b"), values, ("1", "2"), partitions={"train": np.array([0])})
    assert attribute_mismatches(fits, info) == []
    less = Attributes(("a",), values[:, :1], ("1", "2"))
    assert attribute_mismatches(less, info) == [
        "train: expected 1 rows as published, found 0",
        "expected 2 attributes as published, found 1",
    ]
