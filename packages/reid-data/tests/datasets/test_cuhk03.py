"""CUHK03: two ways of cutting out, two protocols, and divisions that are damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from reid_data import load_dataset

Write = Callable[..., Path]
MAT = "cuhk03_new_protocol_config_detected.mat"


@pytest.mark.parametrize("boxes", ["detected", "labeled"])
def test_the_new_protocol(
    tmp_path: Path, write_image: Write, layouts: ModuleType, boxes: str
) -> None:
    records = load_dataset("cuhk03", layouts.cuhk03(tmp_path, write_image), boxes=boxes)
    assert records.split("train").pids.tolist() == [10001, 10001, 20001]
    assert records.split("query").camids.tolist() == [1]
    assert records.split("gallery").pids.tolist() == [10002, 50002]
    assert records.paths[0] == tmp_path / f"images_{boxes}" / "1_001_1_01.png"
    assert records.info is not None
    assert records.info.counts["gallery"] == (700, 5332 if boxes == "detected" else 5328)


def test_the_classic_protocol_asks_for_what_it_ranks(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.cuhk03(tmp_path, write_image)
    first = load_dataset("cuhk03:protocol=classic,split=0", root)
    second = load_dataset("cuhk03:protocol=classic,split=1,boxes=labeled", root)
    assert first.split("query").paths == first.split("gallery").paths
    assert set(first.split("query").pids) == {10002}
    assert set(second.split("query").pids) == {20001}
    assert all(path.is_file() for path in second.paths)
    with pytest.raises(ValueError, match=r"holds 2 splits, counted from 0; came split 2"):
        load_dataset("cuhk03:protocol=classic,split=2", root)
    with pytest.raises(ValueError, match="new protocol has one split"):
        load_dataset("cuhk03:split=1", root)


def test_the_divisions_may_lie_in_the_release_folder_or_in_json(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.cuhk03(tmp_path, write_image)
    (root / "cuhk03_release").mkdir()
    expected = load_dataset("cuhk03", root)
    shutil.move(root / MAT, root / "cuhk03_release" / MAT)
    assert load_dataset("cuhk03", root).paths == expected.paths
    (root / "cuhk03_release" / MAT).unlink()
    rows = {
        split: [[path.name, 0, 0] for path in expected.split(split).paths]
        for split in ("train", "query", "gallery")
    }
    (root / "splits_new_detected.json").write_text(json.dumps([rows]))
    assert load_dataset("cuhk03", root).paths == expected.paths


def test_damaged_divisions_are_told(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.cuhk03(tmp_path, write_image)
    content = {key: value for key, value in loadmat(root / MAT).items() if key[0] != "_"}
    savemat(root / MAT, content | {"query_idx": np.array([[0]])})
    with pytest.raises(ValueError, match=r"query_idx in .* must count files from 1 to 6"):
        load_dataset("cuhk03", root)
    del content["query_idx"]
    savemat(root / MAT, content)
    with pytest.raises(ValueError, match=r"expected the variables query_idx in"):
        load_dataset("cuhk03", root)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["train", "query", "gallery", "x"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    ).map(json.dumps)
    | st.text(max_size=20)
)
def test_any_json_is_read_or_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "images_detected").mkdir(exist_ok=True)
    path = tmp_path / "splits_classic_detected.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"splits|images|named"):
        load_dataset("cuhk03:protocol=classic", tmp_path)
