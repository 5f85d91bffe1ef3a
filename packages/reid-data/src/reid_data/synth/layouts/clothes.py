"""Layouts of clothes-changing data sets: LTCC, PRCC, Celeb-reID, VC-Clothes and NTU's crops."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from .contents import text_file
from .registry import Arrangement, Plan, layout

__all__ = ["celeb_reid", "ltcc", "ntu", "prcc", "vc_clothes"]


@layout("ltcc", outfits=(3, 1, 9))
def ltcc(plan: Plan) -> Arrangement:
    """LTCC: people from 0, outfits from 1 for each person, cameras of one and two digits."""
    folders = {"train": "train", "query": "query", "gallery": "test"}
    return Arrangement(
        [
            (f"{folders[s.split]}/{s.pid - 1:03d}_{s.outfit + 1}_c{s.camid}_{s.frame:06d}.png", s)
            for s in plan.shots
        ]
    )


@layout("prcc", cameras=3, outfits=2, images_per_camera=(4, 2, 9999), tracklet_length=0)
def prcc(plan: Plan) -> Arrangement:
    """PRCC: the same clothes in cameras A and B, others in C; a sketch of each training person."""
    images = []
    sketches = {}
    for planned in plan.shots:
        shot = replace(planned, outfit=int(planned.camid == 3))
        letter = " ABC"[shot.camid]
        number = f"rgb{shot.index + 1:03d}.jpg"
        if shot.split == "train":
            last = shot.index == plan.amounts["images_per_camera"] - 1
            path = f"rgb/{'val' if last else 'train'}/{shot.pid:03d}/{letter}_cropped_{number}"
            if (shot.camid, shot.index) == (1, 0):
                name = f"{letter}_cropped_sketch{shot.index + 1:03d}.jpg"
                sketches[path] = f"sketch/train/{shot.pid:03d}/{name}"
        else:
            path = f"rgb/test/{letter}/{shot.pid:03d}/cropped_{number}"
        images.append((path, shot))

    def finish(root: Path) -> None:
        for photograph, sketch in sketches.items():
            _draw_outlines(root / photograph, root / sketch)

    return Arrangement(images, finish=finish)


def _draw_outlines(photograph: Path, sketch: Path) -> None:
    from PIL import Image, ImageFilter

    sketch.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(photograph) as image:
        image.convert("L").filter(ImageFilter.CONTOUR).convert("RGB").save(sketch, quality=90)


@layout("celeb_reid")
def celeb_reid(plan: Plan) -> Arrangement:
    """Celeb-reID: hardly two images in the same clothes; numbers of one and two digits, a flag."""
    counts: dict[int, int] = defaultdict(int)
    images = []
    for planned in plan.shots:
        counts[planned.pid] += 1
        shot = replace(planned, outfit=counts[planned.pid] - 1)
        name = f"{shot.pid}_{counts[shot.pid]}_{shot.outfit % 2}.jpg"
        images.append((f"{shot.split}/{name}", shot))
    return Arrangement(images)


@layout("vc_clothes", cameras=4, outfits=(3, 2, 3), tracklet_length=0)
def vc_clothes(plan: Plan) -> Arrangement:
    """VC-Clothes: nobody changes between cameras 2 and 3, everybody between 3 and 4."""
    worn = (0, 0, 0, 1) if plan.amounts["outfits"] == 2 else (0, 1, 1, 2)
    images = []
    for planned in plan.shots:
        shot = replace(planned, outfit=worn[planned.camid - 1])
        who, what = f"{shot.pid:03d}-{shot.camid:02d}", f"{shot.outfit + 1:02d}"
        images.append((f"{shot.split}/{who}-{what}-{shot.index + 1:02d}.jpg", shot))
    return Arrangement(images)


@layout("ntu", cameras=3, outfits=(3, 1, 99), tracklet_length=0)
def ntu(plan: Plan) -> Arrangement:
    """NTU's crops: set-ups that stand for outfits, actions, folders; a list that chooses some."""
    images = []
    for shot in plan.shots:
        action = shot.index + 1
        folder = f"P{shot.pid:03d}/A{action:03d}/C{shot.camid:03d}"
        setup = f"S{shot.outfit + 1:03d}C{shot.camid:03d}"
        name = f"{setup}P{shot.pid:03d}R001A{action:03d}_rgb"
        images.append((f"{folder}/{name}.png", shot))
    chosen = [path.removesuffix(".png") for path, _ in images[::2]]
    lines = [f"/data/nturgb+d/{path}.mp4" for path in chosen[:-1]]
    lines += ["", chosen[-1].replace("/", "\\") + ".mp4 "]
    return Arrangement(images, {"subset.txt": text_file(lines)})
