"""CUHK03: two ways of cutting out, two protocols, and divisions that are damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from reid_data import load_dataset, read_image
from reid_data.datasets.cuhk03_release import RELEASE, unpack_cuhk03

Folder = Callable[..., Path]
MAT = "cuhk03_new_protocol_config_detected.mat"


@pytest.mark.parametrize("boxes", ["detected", "labeled"])
def test_the_new_protocol(drawn: Folder, boxes: str) -> None:
    root = drawn("cuhk03")
    records = load_dataset("cuhk03", root, boxes=boxes)
    # The same number in two pairs of cameras is two people.
    assert set(records.split("train").pids) == {10001, 20001, 30001, 40001}
    assert set(records.split("query").pids) == {50001, 10002, 20002}
    assert set(records.split("query").camids) == {1, 2}
    assert records.paths[0] == root / f"images_{boxes}" / "1_001_1_01.png"
    assert records.info is not None
    assert records.info.counts["gallery"] == (700, 5332 if boxes == "detected" else 5328)


def test_the_classic_protocol_asks_for_what_it_ranks(drawn: Folder) -> None:
    root = drawn("cuhk03")
    first = load_dataset("cuhk03:protocol=classic,split=0", root)
    second = load_dataset("cuhk03:protocol=classic,split=1,boxes=labeled", root)
    assert first.split("query").paths == first.split("gallery").paths
    assert set(first.split("query").pids) == {50001, 10002, 20002}
    assert len(set(second.split("query").pids)) == 3
    assert all(path.is_file() for path in second.paths)
    with pytest.raises(ValueError, match=r"holds 20 splits, counted from 0; came split 20"):
        load_dataset("cuhk03:protocol=classic,split=20", root)
    with pytest.raises(ValueError, match="new protocol has one split"):
        load_dataset("cuhk03:split=1", root)


def test_the_divisions_may_lie_in_the_release_folder_or_in_json(
    drawn: Folder, copied: Folder
) -> None:
    root = copied("cuhk03")
    (root / "cuhk03_release").mkdir()
    expected = load_dataset("cuhk03", root)
    shutil.move(root / MAT, root / "cuhk03_release" / MAT)
    assert load_dataset("cuhk03", root).paths == expected.paths
    in_json = load_dataset("cuhk03", drawn("cuhk03:protocol=json"))
    assert in_json.table.equals(expected.table)


def test_the_release_is_unpacked_to_what_is_read(drawn: Folder, tmp_path: Path) -> None:
    root = drawn("cuhk03:release=true")
    unpacked = unpack_cuhk03(root / RELEASE, tmp_path / "out")
    assert unpacked.images == {"detected": 34, "labeled": 34}
    assert unpacked.divisions == 20
    for options in ({}, {"boxes": "labeled"}, {"protocol": "classic", "split": 19}):
        table = load_dataset("cuhk03", root, **options).table
        again = load_dataset("cuhk03", tmp_path / "out", **options)
        read, expected = (
            each.sort_values(["split", "path"], ignore_index=True) for each in (again.table, table)
        )
        assert read.equals(expected)
    for path in again.paths:
        original = root / path.relative_to(tmp_path / "out")
        assert np.array_equal(read_image(path), read_image(original))


def test_damaged_divisions_are_told(copied: Folder) -> None:
    root = copied("cuhk03")
    content = {key: value for key, value in loadmat(root / MAT).items() if key[0] != "_"}
    savemat(root / MAT, content | {"query_idx": np.array([[0]])})
    with pytest.raises(ValueError, match=r"query_idx in .* must count files from 1 to 34"):
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
