"""The layout of CUHK03, as it is given out and as it is extracted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reid_data.console import require

from .contents import cells, json_file, mat_file
from .cuhk03_release import Person, write_release
from .registry import Arrangement, Plan, layout
from .tracks import of_splits

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["cuhk03"]

_PAIRS, _CLASSIC = 5, 20
_BOXES = ("detected", "labeled")
_VIEW = 5  # images of a view: 01 to 05 and 06 to 10
_EXTRACTED = "/home/somebody/cuhk03"


@layout("cuhk03", cameras=2, images_per_camera=(3, 1, 4), tracklet_length=0)
def cuhk03(
    plan: Plan, *, protocol: Literal["mat", "json"] = "mat", release: bool = False
) -> Arrangement:
    """CUHK03: five pairs of cameras, two ways of cutting out, rows from 1, paths of another disk.

    The people are dealt to the pairs in turn. Detected and labelled images are the same here.

    Args:
        plan: what is written.
        protocol: the form of the new protocol's division, MATLAB's or JSON.
        release: write ``cuhk-03.mat`` too, of version 7.3, which holds the images (needs h5py,
            extra ``mat``).
    """
    if release:
        require("h5py", extra="reid-data[mat]", for_what="writing cuhk-03.mat")
    names = {shot: _name(shot) for shot in plan.shots}
    images = []
    files: dict[str, bytes] = {}
    for boxes in _BOXES:
        images += [(f"images_{boxes}/{name}", shot) for shot, name in names.items()]
        divisions = [_classic(plan, names, boxes, split) for split in range(_CLASSIC)]
        files[f"splits_classic_{boxes}.json"] = json_file(divisions)
        if protocol == "mat":
            files[f"cuhk03_new_protocol_config_{boxes}.mat"] = _new_mat(plan, names)
        else:
            files[f"splits_new_{boxes}.json"] = json_file([_new_json(plan, names, boxes)])

    def finish(root: Path) -> None:
        tests = [[_place(pid) for pid in sorted(_tested(plan, split))] for split in range(_CLASSIC)]
        write_release(root / "cuhk-03.mat", _released(root, names), tests)

    return Arrangement(images, files, finish if release else None)


def _place(pid: int) -> tuple[int, int]:
    """The pair of cameras that sees somebody, and the person's number there."""
    return (pid - 1) % _PAIRS + 1, (pid - 1) // _PAIRS + 1


def _number(shot: Shot) -> int:
    return _VIEW * (shot.camid - 1) + shot.index + 1


def _name(shot: Shot) -> str:
    pair, person = _place(shot.pid)
    return f"{pair}_{person:03d}_{shot.camid}_{_number(shot):02d}.png"


def _released(root: Path, names: dict[Shot, str]) -> dict[str, list[list[Person]]]:
    """The images of each way of cutting out: of each pair, person and number."""
    released: dict[str, list[list[Person]]] = {}
    for boxes in _BOXES:
        people: dict[tuple[int, int], dict[int, Path]] = {}
        for shot, name in names.items():
            images = people.setdefault(_place(shot.pid), {})
            images[_number(shot)] = root / f"images_{boxes}" / name
        released[boxes] = [
            [people[place] for place in sorted(people) if place[0] == pair]
            for pair in range(1, _PAIRS + 1)
        ]
    return released


def _new_mat(plan: Plan, names: dict[Shot, str]) -> bytes:
    rows = {shot: row for row, shot in enumerate(names, start=1)}
    index = {
        f"{split}_idx": np.array([[rows[shot]] for shot in of_splits(plan.shots, split)])
        for split in ("train", "query", "gallery")
    }
    labels = np.array([[shot.pid] for shot in names])
    return mat_file({"filelist": cells(list(names.values())), "labels": labels, **index})


def _rows(shots: list[Shot], names: dict[Shot, str], boxes: str) -> list[list[Any]]:
    where = f"{_EXTRACTED}/images_{boxes}"
    return [[f"{where}/{names[shot]}", shot.pid - 1, shot.camid - 1] for shot in shots]


def _new_json(plan: Plan, names: dict[Shot, str], boxes: str) -> dict[str, Any]:
    return {
        split: _rows(of_splits(plan.shots, split), names, boxes)
        for split in ("train", "query", "gallery")
    }


def _tested(plan: Plan, split: int) -> set[int]:
    """Whom a classic division tests: the first the plan's test people, the others anybody."""
    trained = plan.amounts["identities"]
    people = np.arange(1, trained + plan.amounts["test_identities"] + 1)
    if split:
        people = np.random.default_rng((plan.seed, split)).permutation(people)
    return set(people[trained:].tolist())


def _classic(plan: Plan, names: dict[Shot, str], boxes: str, split: int) -> dict[str, Any]:
    tested = _tested(plan, split)
    test = _rows([shot for shot in names if shot.pid in tested], names, boxes)
    train = _rows([shot for shot in names if shot.pid not in tested], names, boxes)
    trained = plan.amounts["identities"]
    return {"train": train, "query": test, "gallery": test, "num_train_pids": trained}
