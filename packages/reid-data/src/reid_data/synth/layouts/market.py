"""The layout of Market-1501, and of PRW and MOT17 as they were cut out for re-identification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .identity_attributes import market_attributes
from .registry import Arrangement, Plan, layout

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["market1501", "market_name", "mot17_reid", "prw"]

_FOLDERS = {"train": "bounding_box_train", "query": "query"}
_GALLERY = "bounding_box_test"


def market_name(shot: Shot) -> str:
    """Path of a crop in Market-1501's layout.

    Examples:
        >>> from reid_data.synth.plan import Shot
        >>> market_name(Shot("query", 2, camid=1, index=0, frame=451))
        'query/0002_c1s1_000451_01.jpg'
        >>> market_name(Shot("junk", 2, camid=1, index=0, frame=451))
        'bounding_box_test/-1_c1s1_000451_01.jpg'
    """
    who = "-1" if shot.split == "junk" else f"{shot.pid:04d}"
    folder = _FOLDERS.get(shot.split, _GALLERY)
    return f"{folder}/{who}_c{shot.camid}s1_{shot.frame:06d}_01.jpg"


@layout("market1501", cameras=(6, 2, 9), distractors=(100, 0, 10_000_000))
def market1501(plan: Plan, *, further: bool = False, attributes: bool = False) -> Arrangement:
    """Market-1501: distractors of identity 0000 and junk of identity -1 in the gallery.

    Args:
        plan: what is written.
        further: every second distractor lies apart, as the 500,000 further ones do; some of their
            names give a camera, some only a number.
        attributes: write ``market_attribute.mat`` too.
    """
    images = [(market_name(shot), shot) for shot in plan.shots]
    if further:
        images = [(_further(name, shot), shot) for name, shot in images]
    files = {"market_attribute.mat": market_attributes(plan)} if attributes else {}
    return Arrangement(images, files)


def _further(name: str, shot: Shot) -> str:
    if shot.split != "distractor" or shot.index % 2 == 0:
        return name
    plain = shot.index % 4 == 1
    return f"images/{shot.index:08d}.jpg" if plain else name.replace(_GALLERY, "images")


@layout("prw", cameras=(6, 2, 9), distractors=(20, 0, 10_000_000))
def prw(plan: Plan) -> Arrangement:
    """PRW's crops: queries without the number of a box, people without identity as -2."""
    images = []
    for shot in plan.shots:
        stem = f"c{shot.camid}s1_{shot.frame:06d}"
        if shot.split == "query":
            path = f"query/{shot.pid}_{stem}.jpg"
        elif shot.split in ("distractor", "junk"):
            # Junk and strangers are numbered apart: two of them may share a frame.
            path = f"{_GALLERY}/-2_{stem}_{('distractor', 'junk').index(shot.split):02d}.jpg"
        else:
            folder = _FOLDERS.get(shot.split, _GALLERY)
            path = f"{folder}/{shot.pid:04d}_{stem}_00.jpg"
        images.append((path, shot))
    return Arrangement(images)


@layout("mot17_reid", cameras=(4, 2, 99), distractors=(20, 0, 10_000_000))
def mot17_reid(plan: Plan) -> Arrangement:
    """MOT17's crops: names of several makes, each person in one video only."""
    cameras = plan.amounts["cameras"]
    last = plan.amounts["identities"] + plan.amounts["test_identities"]
    images = []
    for shot in plan.shots:
        nobody = shot.split in ("distractor", "junk")
        if not nobody and shot.camid != 1 + shot.pid % cameras:
            continue
        who = "-1" if shot.split == "junk" else f"{shot.pid:04d}"
        folder = _FOLDERS.get(shot.split, _GALLERY)
        makes = {
            "train": f"{who}_c{shot.camid}s1_{shot.frame:06d}_03",
            "query": f"{who}_{shot.frame:06d}",
            "gallery": f"{who}_f{shot.frame:06d}_1",
        }
        name = makes.get(shot.split, f"{who}_c{shot.camid}_{shot.frame:06d}")
        if shot.split == "train" and shot.index % 2:
            name = f"{who}_c{shot.camid}_{shot.frame:06d}"
        elif shot.split == "gallery" and shot.pid == last and shot.index == 1:
            name = who
        images.append((f"{folder}/{name}.jpg", shot))
    return Arrangement(images)
