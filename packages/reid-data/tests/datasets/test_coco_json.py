"""COCO's form: identities of annotations, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid_data import load_dataset

Write = Callable[..., Path]


def test_what_nobody_annotated_or_twice_does_no_harm(drawn: Callable[..., Path]) -> None:
    root = drawn("coco_json")
    listed = json.loads((root / "some_gallery_reid.json").read_text())
    assert len(listed["images"]) == 32
    assert len(listed["annotations"]) == 25
    records = load_dataset("coco_json", root)
    assert len(records.split("gallery")) == 24
    assert set(records.camids) == {-1}
    assert set(records.table["source"]) == {"shop"}
    assert records.paths[0].parent.name == "train"


def test_another_key_and_cameras_are_read(drawn: Callable[..., Path]) -> None:
    root = drawn("coco_json:identity=turtle,camera_ids=true")
    records = load_dataset("coco_json:identity=turtle", root)
    assert set(records.camids) == {1, 2, 3, 4}
    assert set(records.split("train").pids) == {1, 2, 3, 4}


def write_one(root: Path, annotations: list[dict[str, Any]], folder: str = "") -> Path:
    images = [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}]
    (root / folder).mkdir(exist_ok=True)
    path = root / folder / "gallery.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


@pytest.mark.parametrize("place", ["", "images/", "gallery/", "images/gallery/"])
def test_other_places_keys_and_cameras(tmp_path: Path, write_image: Write, place: str) -> None:
    for name in ("a.jpg", "b.jpg"):
        write_image(tmp_path / place / name)
    annotations = [
        {"image_id": 2, "turtle": "12", "camera_id": 3},
        {"image_id": 1, "turtle": 13, "camera_id": 0},
    ]
    write_one(tmp_path, annotations, "annotations")
    records = load_dataset("coco_json:identity=turtle", tmp_path)
    assert records.table["path"].tolist() == [f"{place}b.jpg", f"{place}a.jpg"]
    assert records.pids.tolist() == [12, 13]
    assert records.camids.tolist() == [3, 0]


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([{"image_id": 1, "pair_id": 1}, {"image_id": 1, "pair_id": 2}], "more than one identity"),
        ([{"image_id": 3, "pair_id": 1}], r"image_id of one of the images"),
        ([{"image_id": 1}], r"and pair_id, a whole number"),
        ([{"image_id": 1, "pair_id": 1.5}], r"came ValueError\(1.5\)"),
        ([{"image_id": 1, "pair_id": True}], r"came ValueError\(True\)"),
        ([{"image_id": [], "pair_id": 1}], r"unhashable"),
        ([], "expected"),
    ],
)
def test_damaged_files_are_told(
    tmp_path: Path, write_image: Write, annotations: list[dict[str, Any]], message: str
) -> None:
    write_image(tmp_path / "a.jpg")
    write_one(tmp_path, annotations)
    with pytest.raises(ValueError, match=message):
        load_dataset("coco_json", tmp_path)


def test_missing_files_and_images_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected train.json, .*; found: nothing"):
        load_dataset("coco_json", tmp_path)
    path = write_one(tmp_path, [{"image_id": 1, "pair_id": 1}])
    with pytest.raises(ValueError, match=r"expected the image a.jpg of gallery"):
        load_dataset("coco_json", tmp_path)
    path.with_name("old_gallery.json").touch()
    with pytest.raises(ValueError, match=r"expected one JSON file for gallery"):
        load_dataset("coco_json", tmp_path)


_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
_objects = st.dictionaries(
    st.sampled_from(["id", "file_name", "image_id", "pair_id", "camera_id"]), _values, max_size=4
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(images=st.lists(_objects, max_size=3) | _values, annotations=st.lists(_objects) | _values)
def test_any_content_is_refused_with_the_files_name(
    tmp_path: Path, images: object, annotations: object
) -> None:
    path = tmp_path / "query.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    with pytest.raises(ValueError, match=r"query"):
        load_dataset("coco_json", tmp_path)
