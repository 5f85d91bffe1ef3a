"""Layouts in which few pictures a person are divided at random: CUHK01, VIPeR and GRID."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .contents import mat_file
from .registry import Arrangement, Plan, layout
from .tracks import halves

if TYPE_CHECKING:
    from ..plan import Shot, Split

__all__ = ["cuhk01", "grid", "viper"]

_DIVISIONS = 10


@layout(
    "cuhk01",
    identities=(871, 1, 9999),
    test_identities=(100, 1, 9999),
    cameras=2,
    images_per_camera=2,
    tracklet_length=0,
)
def cuhk01(plan: Plan) -> Arrangement:
    """CUHK01: four images a person, two by each camera; the protocols need more than 100 people."""
    shots = [_by_camera(shot) for shot in plan.shots if shot.index < 2]
    return Arrangement(
        [(f"campus/{s.pid:04d}{2 * s.camid - 1 + s.index:03d}.png", s) for s in shots]
    )


def _by_camera(shot: Shot) -> Shot:
    """A test picture that asks if it is of the first camera, and answers otherwise."""
    if shot.split == "train":
        return shot
    return replace(shot, split="query" if shot.camid == 1 else "gallery")


@layout(
    "viper",
    identities=(316, 1, 9999),
    test_identities=(316, 1, 9999),
    cameras=2,
    images_per_camera=1,
    tracklet_length=0,
)
def viper(plan: Plan) -> Arrangement:
    """VIPeR: one picture a person and camera; people from 0, angles of one to three digits."""
    images = []
    for shot in plan.shots:
        if shot.index == 0:
            angle = 45 * ((shot.pid + 2 * shot.camid) % 5)
            path = f"cam_{' ab'[shot.camid]}/{shot.pid - 1:03d}_{angle}.bmp"
            images.append((path, _by_camera(shot)))
    return Arrangement(images)


@layout(
    "grid",
    identities=(125, 1, 9999),
    test_identities=(125, 1, 9999),
    cameras=(8, 2, 99),
    images_per_camera=1,
    distractors=(775, 1, 10_000_000),
    tracklet_length=0,
)
def grid(plan: Plan) -> Arrangement:
    """GRID: one probe and one answer by another camera; distractors of identity 0; .jpeg, .mat."""
    cameras = plan.amounts["cameras"]
    images = []
    for shot in plan.shots:
        side = _side_in_grid(shot, cameras)
        if side:
            place = f"{100 + shot.index % 50}_{30 + shot.pid % 70}_106_221"
            name = f"{shot.pid:04d}_{shot.camid}_{shot.frame}_{place}.jpeg"
            asks: Split = "query" if side == "probe" else "gallery"
            kept = shot.split in ("train", "distractor")
            images.append((f"{side}/{name}", shot if kept else replace(shot, split=asks)))
    people = plan.amounts["identities"] + plan.amounts["test_identities"]
    divisions = np.empty((1, _DIVISIONS), dtype=object)
    half = plan.amounts["test_identities"]
    for at, order in enumerate(halves(plan, range(1, people + 1), count=_DIVISIONS)):
        trained = sorted(order[half:])
        divisions[0, at] = {"features": [0.5], "pairs": trained, "ids": trained}
    return Arrangement(
        images, {"features_and_partitions.mat": mat_file({"trainIdxAll": divisions})}
    )


def _side_in_grid(shot: Shot, cameras: int) -> str:
    """Where a crop goes; empty where GRID has no such picture."""
    if shot.split == "distractor":
        return "gallery"
    if shot.split == "junk" or shot.index:
        return ""
    sides = {shot.pid % cameras: "probe", (shot.pid + 1) % cameras: "gallery"}
    return sides.get(shot.camid - 1, "")
