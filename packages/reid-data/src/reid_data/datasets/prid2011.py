r"""PRID-2011: people beside a road, seen by two cameras from above.

The layout, below the root or below one of the folder names that people give it::

    prid_2011/multi_shot/cam_a/person_0001/0001.png
    prid_2011/multi_shot/cam_b/person_0001/0001.png
    splits_prid2011.json          [{"train": ["person_0001", ...], "test": [...]}, ...]

Cameras a and b (1 and 2 here) saw 385 and 749 people; the first 200 are the same in both. The
usual protocol takes the 178 of them with enough frames in both, half to train and half to test:
camera a asks, camera b answers, and results are the mean over ten splits, so run it with
``prid2011:split=0`` to ``split=9``. The splits come from the JSON file that goes round with video
toolkits; without it, ``splits=random`` draws them from the seed ``split``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np

from reid_data.datasets.frames import tracklet_table
from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home, image_names, quoted, subfolders
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["PRID_FOLDERS", "read_prid2011"]

PRID_FOLDERS = NameGrammar(r"person_(?P<pid>\d{1,9})/\d{1,18}", "person_0001/0001.png", "person")
"""How PRID-2011 names its images, with their folder."""

_SPLITS = "splits_prid2011.json"
_SHARED = 200  # higher numbers are different people in the two cameras
_CAMERAS = {"cam_a": (1, "query"), "cam_b": (2, "gallery")}


@register_dataset(
    DatasetInfo(
        name="prid2011",
        url="https://www.tugraz.at/institute/icg/research/team-bischof/lrs/downloads/prid11/",
        licence="research; see the page",
        citation="Hirzer et al., Person Re-Identification by Descriptive and Discriminative "
        "Classification, SCIA 2011",
        counts={"train": (89, None), "query": (89, None), "gallery": (89, None)},
        note="178 people by the usual protocol; results are the mean over split=0 to split=9",
    )
)
def read_prid2011(
    root: Path,
    *,
    split: int = 0,
    splits: Literal["published", "random"] = "published",
    min_frames: int = 27,
) -> Records:
    """Read PRID-2011 (see the module) from its folder or the one above.

    Args:
        root: the folder.
        split: which of the published splits, from 0, or the seed of a random one.
        splits: ``published`` reads ``splits_prid2011.json``.
        min_frames: for random splits, the least frames that a person must have in each camera.

    Raises:
        ValueError: a folder or the splits are missing, they do not fit, or there is no such split.
    """
    needed = ("multi_shot/cam_a", "multi_shot/cam_b")
    aliases = ("prid_2011", "prid2011/prid_2011", "PRID/prid_2011", "PRID", "prid2011")
    home = find_home(root, needed, aliases=aliases)
    if splits == "published":
        train, test = _published(home, split)
    else:
        train, test = _drawn(home, seed=split, min_frames=min_frames)
    table = tracklet_table(
        home,
        [
            (
                f"multi_shot/{folder}/{person}",
                {
                    "pid": _number(person),
                    "camid": camid,
                    "split": role if person in test else "train",
                },
            )
            for folder, (camid, role) in _CAMERAS.items()
            for person in sorted(train | test)
        ],
        columns=["pid", "camid", "split"],
    )
    return Records(table, home)


def _published(home: Path, split: int) -> tuple[set[str], set[str]]:
    for path in (home / _SPLITS, home.parent / _SPLITS):
        if path.is_file():
            break
    else:
        raise ValueError(
            f"expected {_SPLITS} in {home} or beside it; put it there, or draw splits with "
            "prid2011:splits=random"
        )
    try:
        listed: Any = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(listed, list) or not 0 <= split < len(listed):
        count = len(listed) if isinstance(listed, list) else "no"
        raise ValueError(f"{path} holds {count} splits; split {split} is not one of them")
    chosen = listed[split]
    sides = [chosen.get(side) if isinstance(chosen, dict) else None for side in ("train", "test")]
    if not all(isinstance(side, list) and all(isinstance(x, str) for x in side) for side in sides):
        raise ValueError(f'{path}: expected {{"train": [names], "test": [names]}} as split {split}')
    train, test = (set(side) for side in sides if side is not None)
    if train & test:
        raise ValueError(f"{path}: {quoted(sorted(train & test))} both train and test in {split}")
    return train, test


def _drawn(home: Path, *, seed: int, min_frames: int) -> tuple[set[str], set[str]]:
    folders = [home / "multi_shot" / camera for camera in _CAMERAS]
    people = sorted(set(subfolders(folders[0])) & set(subfolders(folders[1])))
    enough = [
        person
        for person in people
        if _number(person) <= _SHARED
        and all(len(image_names(folder / person)) >= min_frames for folder in folders)
    ]
    if len(enough) < 2:
        raise ValueError(
            f"expected at least two people with {min_frames} frames in both cameras of "
            f"{home / 'multi_shot'}; found {len(enough)}"
        )
    order = np.random.default_rng(seed).permutation(len(enough))
    shuffled = [enough[at] for at in order]
    half = len(shuffled) // 2
    return set(shuffled[:half]), set(shuffled[half:])


def _number(person: str) -> int:
    return int(PRID_FOLDERS.parse(f"{person}/1.png")["pid"])
