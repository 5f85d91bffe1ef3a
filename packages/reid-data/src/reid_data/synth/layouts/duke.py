"""The layout of DukeMTMC-reID and of Occluded-Duke."""

from __future__ import annotations

from dataclasses import replace

from .contents import text_file
from .identity_attributes import duke_attributes
from .registry import Arrangement, Plan, layout
from .tracks import without_last_question

__all__ = ["dukemtmc_reid", "occluded_duke"]

_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}


@layout("dukemtmc_reid", cameras=(6, 2, 99))
def dukemtmc_reid(plan: Plan, *, attributes: bool = False) -> Arrangement:
    """DukeMTMC-reID: an identity in the gallery that nobody asks for, and files that are no images.

    Args:
        plan: what is written.
        attributes: write ``duke_attribute.mat`` too.
    """
    images = [
        (f"{_FOLDERS[shot.split]}/{shot.pid:04d}_c{shot.camid}_f{shot.frame:07d}.jpg", shot)
        for shot in without_last_question(plan)
    ]
    files = {
        "CITATION.txt": text_file(["Synthetic people; nobody was filmed."]),
        "query/Thumbs.db": b"as Windows leaves behind",
    }
    if attributes:
        files["duke_attribute.mat"] = duke_attributes(plan)
    return Arrangement(images, files)


@layout("occluded_duke", cameras=(6, 2, 99))
def occluded_duke(plan: Plan) -> Arrangement:
    """Occluded-Duke: the layout of DukeMTMC-reID; something hides a part of every query."""
    return replace(dukemtmc_reid(plan), hidden=frozenset({"query"}))
