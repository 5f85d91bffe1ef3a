"""Layouts of vehicle data sets: VeRi-776, VehicleID, VRIC. People stand in for the vehicles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .contents import text_file
from .registry import Arrangement, Plan, layout
from .tracks import of_splits

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["vehicleid", "veri776", "vric"]


@layout("veri776")
def veri776(plan: Plan) -> Arrangement:
    """VeRi-776, with people for vehicles: cameras of three digits, queries in the gallery too."""
    folders = {"train": "image_train", "query": "image_query", "gallery": "image_test"}
    images = []
    for shot in plan.shots:
        name = f"{shot.pid:04d}_c{shot.camid:03d}_{shot.frame:08d}_{shot.index % 2}.jpg"
        images.append((f"{folders[shot.split]}/{name}", shot))
        if shot.split == "query":
            images.append((f"{folders['gallery']}/{name}", replace(shot, split="gallery")))
    return Arrangement(images)


@layout("vehicleid", test_identities=(60, 2, 9999))
def vehicleid(plan: Plan) -> Arrangement:
    """VehicleID, with people for vehicles: lists with and without endings, each test in the next.

    The 2,400 vehicles of the largest test are all test identities here, the 1,600 and 800 of the
    others the first two thirds and the first third of them.
    """
    rows = {}
    images = []
    for number, shot in enumerate(plan.shots, start=1):
        images.append((f"image/{number:07d}.jpg", shot))
        ending = ".jpg" if number % 3 == 0 else ""
        rows[shot] = f"{number:07d}{ending} {shot.pid}"
    train = [rows[shot] for shot in of_splits(plan.shots, "train")]
    files = {"train_test_split/train_list.txt": text_file(train)}
    count = plan.amounts["test_identities"]
    for size, thirds in ((800, 1), (1600, 2), (2400, 3)):
        last = plan.amounts["identities"] + max(1, count * thirds // 3)
        tested = of_splits(plan.shots, "query", "gallery")
        listed = [rows[shot] for shot in tested if shot.pid <= last]
        end, tail = (" \r\n", "") if size == 800 else ("\n", "\n")
        path = f"train_test_split/test_list_{size}.txt"
        files[path] = text_file(listed, end=end, tail=tail)
    return Arrangement(images, files)


@layout("vric", images_per_camera=1)
def vric(plan: Plan) -> Arrangement:
    """VRIC, with people for vehicles: numbered from 1 twice; one question and one answer each."""
    names = {"train": "train", "query": "probe", "gallery": "gallery"}
    lists: dict[str, list[str]] = {name: [] for name in names.values()}
    images = []
    for shot in plan.shots:
        if not _is_kept(shot, plan.amounts["cameras"]):
            continue
        name = f"MVI_{40_000 + shot.camid}_{shot.pid}_img{shot.frame:05d}.jpg"
        label = shot.pid - (plan.amounts["identities"] if shot.split != "train" else 0)
        images.append((f"{names[shot.split]}_images/{name}", shot))
        lists[names[shot.split]].append(f"{name} {label} {shot.camid}")
    files = {f"vric_{name}.txt": text_file(lines) for name, lines in lists.items()}
    return Arrangement(images, files)


def _is_kept(shot: Shot, cameras: int) -> bool:
    """Whether it trains, or is the one question or answer of its vehicle."""
    place = {"query": shot.pid % cameras, "gallery": (shot.pid + 1) % cameras}
    first = shot.split == "query" or shot.index == 1
    return shot.split == "train" or (first and shot.camid - 1 == place[shot.split])
