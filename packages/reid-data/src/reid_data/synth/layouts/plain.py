"""Layouts of one's own data: folders, a table, COCO's form; and Occluded-REID's folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .contents import json_file
from .registry import Arrangement, Plan, layout
from .tracks import of_splits

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["coco_json", "folder", "occluded_reid", "table"]


def _stem(shot: Shot) -> str:
    return f"{shot.pid:04d}_c{shot.camid}_{shot.frame:06d}"


@layout("folder")
def folder(plan: Plan) -> Arrangement:
    """A folder a split, a folder an identity in it."""
    return Arrangement([(f"{s.split}/{s.pid:04d}/{_stem(s)}.jpg", s) for s in plan.shots])


@layout("csv", distractors=(0, 0, 10_000_000))
def table(plan: Plan) -> Arrangement:
    """A table, records.csv, with everything that is known; all images in one folder."""
    return Arrangement([(f"images/{s.split}_{s.index:03d}_{_stem(s)}.jpg", s) for s in plan.shots])


@layout("coco_json", distractors=(2, 0, 10_000_000))
def coco_json(plan: Plan, *, identity: str = "pair_id", camera_ids: bool = False) -> Arrangement:
    """COCO's form: images that nobody annotated, and an annotation twice.

    Args:
        plan: what is written; its distractors are the images without annotation.
        identity: the key that says who it is.
        camera_ids: annotations have a ``camera_id``.
    """
    images = []
    files = {}
    for split in ("train", "query", "gallery"):
        found = of_splits(plan.shots, split)
        extra = of_splits(plan.shots, "distractor") if split == "gallery" else []
        names = {shot: f"{_stem(shot)}.jpg" for shot in found + extra}
        images += [(f"{split}/{name}", shot) for shot, name in names.items()]
        listed = [{"id": 10 + at, "file_name": name} for at, name in enumerate(names.values())]
        notes: list[dict[str, Any]] = [
            {"id": at, "image_id": 10 + at, identity: shot.pid, "source": "shop"}
            | ({"camera_id": shot.camid} if camera_ids else {})
            for at, shot in enumerate(found)
        ]
        content = {"images": listed, "annotations": [*notes, notes[0]]}
        files[f"some_{split}_reid.json"] = json_file(content)
    return Arrangement(images, files)


@layout(
    "occluded_reid",
    identities=0,
    test_identities=(200, 1, 9999),
    cameras=(5, 2, 99),
    images_per_camera=(1, 1, 99),
)
def occluded_reid(plan: Plan) -> Arrangement:
    """Occluded-REID: TIFF in folders of identities; something hides a part of every query."""
    folders = {"query": "occluded_body_images", "gallery": "whole_body_images"}
    counts: dict[tuple[str, int], int] = {}
    images = []
    for shot in plan.shots:
        key = (shot.split, shot.pid)
        counts[key] = counts.get(key, 0) + 1
        path = f"{folders[shot.split]}/{shot.pid:03d}/{shot.pid:03d}_{counts[key]:02d}.tif"
        images.append((path, shot))
    return Arrangement(images, hidden=frozenset({"query"}))
