"""Layouts of video data sets: tracklets as folders of frames, or as runs of a list."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from .contents import json_file, mat_file, text_file
from .registry import Arrangement, Plan, layout
from .tracks import Track, halves, tracks_of

if TYPE_CHECKING:
    from ..plan import Split

__all__ = ["ccvid", "dukemtmc_videoreid", "ilids_vid", "mars", "prid2011"]

_SPLITS = 10


@layout(
    "mars",
    cameras=(6, 2, 9),
    images_per_camera=(1, 1, 999),
    tracklet_length=(8, 1, 999),
    distractors=(20, 4, 100_000),
)
def mars(plan: Plan) -> Arrangement:
    """MARS: identities 00-1 and 0000, lists with CRLF and an empty line, rows from 1."""
    test = tracks_of(plan.shots, "query", "gallery", "distractor", "junk")
    # As the original has it: junk first, then distractors, then people.
    test.sort(key=lambda track: (-1 if track.split == "junk" else track.pid, track.camid))
    sides = {"train": tracks_of(plan.shots, "train"), "test": test}
    images = []
    files = {}
    for side, tracks in sides.items():
        lines: list[str] = []
        table = []
        counts: dict[str, int] = defaultdict(int)
        for track in tracks:
            pid = -1 if track.split == "junk" else track.pid
            who = "00-1" if pid == -1 else f"{pid:04d}"
            counts[f"{who}C{track.camid}"] += 1
            stem = f"{who}C{track.camid}T{counts[f'{who}C{track.camid}']:04d}"
            names = [f"{stem}F{at:03d}.jpg" for at in range(1, len(track.shots) + 1)]
            for name, shot in zip(names, track.shots, strict=True):
                images.append((f"bbox_{side}/{who}/{name}", shot))
            table.append((len(lines) + 1, len(lines) + len(names), pid, track.camid))
            lines += names
        files[f"info/{side}_name.txt"] = text_file(lines, end="\r\n", tail="\r\n")
        rows = np.array(table, dtype=np.int32)
        files[f"info/tracks_{side}_info.mat"] = mat_file({f"track_{side}_info": rows})
    asked = [row for row, track in enumerate(test, start=1) if track.split == "query"]
    files["info/query_IDX.mat"] = mat_file({"query_IDX": np.array([asked], dtype=np.uint16)})
    return Arrangement(images, files)


def _first_tracks(plan: Plan) -> list[Track]:
    """One tracklet of each person in each camera; those of the first camera ask."""
    tracks: dict[tuple[int, int], Track] = {}
    for track in tracks_of(plan.shots, "train", "query", "gallery"):
        if (track.pid, track.camid) not in tracks:
            side: Split = "query" if track.camid == 1 else "gallery"
            side = "train" if track.split == "train" else side
            shots = tuple(replace(shot, split=side) for shot in track.shots)
            tracks[track.pid, track.camid] = replace(track, split=side, shots=shots)
    return list(tracks.values())


@layout(
    "ilids_vid",
    identities=(150, 1, 9999),
    test_identities=(150, 1, 9999),
    cameras=2,
    images_per_camera=1,
    tracklet_length=(8, 1, 9999),
)
def ilids_vid(plan: Plan) -> Arrangement:
    """iLIDS-VID: folders whose numbers have gaps, and ten orders that count folders from 1."""
    images = []
    for track in _first_tracks(plan):
        # 4, 8, 12 ... are missing.
        who = f"person{track.pid + (track.pid - 1) // 3:03d}"
        folder = f"i-LIDS-VID/sequences/cam{track.camid}/{who}"
        stem = f"{folder}/cam{track.camid}_{who}"
        images += [(f"{stem}_{shot.frame:05d}.png", shot) for shot in track.shots]
    people = plan.amounts["identities"] + plan.amounts["test_identities"]
    orders = halves(plan, range(1, people + 1), count=_SPLITS)
    matrix = mat_file({"ls_set": np.array(orders, dtype=np.uint16)})
    return Arrangement(images, {"train-test people splits/train_test_splits_ilidsvid.mat": matrix})


@layout(
    "prid2011",
    identities=(89, 2, 199),
    test_identities=(89, 1, 199),
    cameras=2,
    images_per_camera=1,
    tracklet_length=(8, 2, 9999),
    distractors=(4, 2, 9999),
    people=200,
)
def prid2011(plan: Plan) -> Arrangement:
    """PRID-2011: people from 201 on are others in the other camera; one person has one frame only.

    The splits leave out the last training identity, whose tracklet of camera a is too short.
    """
    short = plan.amounts["identities"]
    images = []
    for track in _first_tracks(plan):
        folder = f"multi_shot/cam_{' ab'[track.camid]}/person_{track.pid:04d}"
        shots = track.shots[:1] if (track.pid, track.camid) == (short, 1) else track.shots
        images += [(f"{folder}/{at:04d}.png", shot) for at, shot in enumerate(shots, start=1)]
    for shot in plan.shots:
        if shot.split == "distractor":
            folder = f"multi_shot/cam_{' ab'[shot.camid]}/person_{201 + shot.index // 2:04d}"
            images.append((f"{folder}/{shot.step + 1:04d}.png", shot))
    people = range(1, plan.amounts["identities"] + plan.amounts["test_identities"] + 1)
    splits = [_named(order, plan, short) for order in halves(plan, people, count=_SPLITS)]
    return Arrangement(images, {"splits_prid2011.json": json_file(splits)})


def _named(order: list[int], plan: Plan, short: int) -> dict[str, list[str]]:
    names = [f"person_{pid:04d}" for pid in order]
    tested = plan.amounts["test_identities"]
    gone = f"person_{short:04d}"
    sides = {"train": names[tested:], "test": names[:tested]}
    return {side: sorted(set(each) - {gone}) for side, each in sides.items()}


@layout("dukemtmc_videoreid", images_per_camera=(1, 1, 999), tracklet_length=(8, 1, 9999))
def dukemtmc_videoreid(
    plan: Plan, *, names: Literal["plain", "underscored"] = "plain"
) -> Arrangement:
    """DukeMTMC-VideoReID: frames of the tracklet and of the video, in two grammars.

    Args:
        plan: what is written.
        names: ``underscored`` as in an older release.
    """
    between = "_" if names == "underscored" else ""
    images = []
    for track in tracks_of(plan.shots):
        folder = f"{track.split}/{track.pid:04d}/{track.number:04d}"
        for at, shot in enumerate(track.shots, start=1):
            parts = (f"{shot.pid:04d}", f"C{shot.camid}", f"F{at:04d}", f"X{shot.frame:05d}")
            images.append((f"{folder}/{between.join(parts)}.jpg", shot))
    return Arrangement(images)


@layout(
    "ccvid",
    cameras=(6, 2, 12),
    images_per_camera=1,
    tracklet_length=(8, 1, 9999),
    outfits=(3, 1, 99),
)
def ccvid(plan: Plan) -> Arrangement:
    """CCVID: sessions, takes, and what is worn; tabs and blanks in the lists, and an empty line.

    Queries are of session 1, the gallery of session 2. What the last camera sees is the first take
    of session 3, another day, and is in train and gallery only.
    """
    cameras = plan.amounts["cameras"]
    lists: dict[str, list[str]] = {"train": [], "query": [], "gallery": []}
    images = []
    for track in tracks_of(plan.shots):
        session, take = (2 if track.split == "gallery" else 1), track.camid
        if track.camid == cameras:
            if track.split == "query":
                continue
            session, take = 3, 1
        folder = f"session{session}/{track.pid:03d}_{take:02d}"
        outfit = track.shots[0].outfit
        worn = f"u{outfit}_l{outfit}_s0_c0_a0"
        between = " " if session == 3 else "\t"
        lists[track.split].append(between.join((folder, f"{track.pid:03d}", worn)))
        for at, shot in enumerate(track.shots, start=1):
            images.append((f"{folder}/{at:05d}.jpg", shot))
    files = {
        f"{split}.txt": text_file([lines[0], "", *lines[1:]]) for split, lines in lists.items()
    }
    return Arrangement(images, files)
