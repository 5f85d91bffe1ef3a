"""Layouts of data sets that were filmed over months and have a validation set: LaST, DeepChange."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .contents import text_file
from .registry import Arrangement, Plan, layout

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["deepchange", "last"]

_FIRST_DAY = datetime(2020, 1, 12, 7, 0)
_BETWEEN_OUTFITS = timedelta(days=47)
_FRAMES_A_SECOND = 25


def _part(plan: Plan, shot: Shot) -> str:
    """The part that a test identity belongs to: the first half of them to val."""
    first = plan.amounts["identities"] + 1
    return "val" if shot.pid - first < plan.amounts["test_identities"] // 2 else "test"


@layout("last", test_identities=(60, 2, 9999), outfits=(3, 1, 99))
def last(plan: Plan) -> Arrangement:
    """LaST: identities in folders but for the queries, which lie flat; outfits in train only."""
    counts: dict[int, int] = defaultdict(int)
    images = []
    for shot in plan.shots:
        who = f"{shot.pid:06d}"
        stem = f"{who}_{counts[shot.pid]:03d}_{shot.frame:05d}_{shot.camid:04d}_01"
        counts[shot.pid] += 1
        if shot.split == "train":
            path = f"train/{who}/{stem}_{shot.outfit + 1:03d}.jpg"
        elif shot.split == "query":
            path = f"{_part(plan, shot)}/query/{stem}.jpg"
        else:
            path = f"{_part(plan, shot)}/gallery/{who}/{stem}.jpg"
        images.append((path, shot))
    return Arrangement(images)


@layout("deepchange", test_identities=(60, 2, 9999), outfits=(3, 1, 99))
def deepchange(plan: Plan) -> Arrangement:
    """DeepChange: a day an outfit; lists with further columns, trailing blanks, an empty line."""
    tracklets: dict[tuple[str | int, ...], int] = {}
    lines: dict[str, list[str]] = defaultdict(list)
    images = []
    for shot in plan.shots:
        folder = "train-set"
        if shot.split != "train":
            folder = f"{_part(plan, shot)}-set-{shot.split}"
        key = (folder, shot.pid, shot.camid, shot.tracklet, shot.index)
        tracklet = tracklets.setdefault(key, len(tracklets) + 1)
        name = f"p{shot.pid:04d}_c{shot.camid:02d}_{_when(shot)}_{shot.frame:06d}_bbox.jpg"
        images.append((f"{folder}/{name}", shot))
        further = ",1,2,30,64" if len(lines[folder]) % 2 else ""
        lines[folder].append(f"{name},{tracklet}{further} ")
    files = {f"{folder}-bbox.txt": text_file(listed, tail="\n") for folder, listed in lines.items()}
    return Arrangement(images, files)


def _when(shot: Shot) -> str:
    moment = _FIRST_DAY + shot.outfit * _BETWEEN_OUTFITS
    moment += timedelta(seconds=shot.frame // _FRAMES_A_SECOND)
    return f"{moment:%Y%m%d_%H%M}"
