"""Layouts of attribute sets in MATLAB's format: PA-100K, PETA and RAP, a row of labels an image.

The names are the published ones; what a name means is said in the words of `looks_of`. What nobody
draws here (a muffler, a phone at the ear) is 0 everywhere, and what depends on the picture (the
view) is 2, which means that it cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import published_names as names
from .contents import cells, mat_file, read_with
from .looks import looks_of
from .registry import Arrangement, Plan, layout
from .tracks import of_splits

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["label_table", "pa100k", "parts_of", "peta", "rap"]

_DIVISIONS = 5
_COLUMNS_BEFORE_LABELS = 4


def label_table(
    plan: Plan, shots: Sequence[Shot], meanings: Mapping[str, str | None]
) -> npt.NDArray[np.uint8]:
    """Labels ``(N, A)``: 1 for what is true of the person in that outfit, 2 where it has no word.

    Args:
        plan: knows who wears what.
        shots: a row each.
        meanings: a column each: its name, and the word of `looks_of`, empty for what is never
            drawn, None for what cannot be told.
    """
    known = {}
    for shot in shots:
        key = (shot.pid, shot.outfit)
        if key not in known:
            said = looks_of(plan.studio.person(*key))
            known[key] = [2 if word is None else word in said for word in meanings.values()]
    return np.array([known[shot.pid, shot.outfit] for shot in shots], dtype=np.uint8)


def parts_of(plan: Plan) -> dict[str, list[Shot]]:
    """The crops as attribute sets divide them; queries become the validation set."""
    sides = {"train": "train", "val": "query", "test": "gallery"}
    return {part: of_splits(plan.shots, split) for part, split in sides.items()}


@layout("pa100k", reader="")
def pa100k(plan: Plan) -> Arrangement:
    """PA-100K: annotation.mat with 26 attributes, read by read_pa100k."""
    images: list[tuple[str, Shot]] = []
    content: dict[str, Any] = {"attributes": cells(list(names.PA100K))}
    for part, shots in parts_of(plan).items():
        files = [f"{len(images) + at:06d}.jpg" for at in range(1, len(shots) + 1)]
        images += [(f"data/{name}", shot) for name, shot in zip(files, shots, strict=True)]
        content[f"{part}_images_name"] = cells(files)
        content[f"{part}_label"] = label_table(plan, shots, names.PA100K)
    return Arrangement(images, {"annotation.mat": mat_file(content)}, hint=read_with("pa100k"))


def _divisions(plan: Plan, shots: Sequence[Shot], keys: Mapping[str, str]) -> npt.NDArray[Any]:
    """Five divisions of the rows, counted from 1: the plan's own, then random ones."""
    ends = {"train": "train", "query": "val", "gallery": "test"}
    sides = [ends[shot.split] for shot in shots]
    divisions = []
    for number in range(_DIVISIONS):
        rows = np.arange(1, len(shots) + 1)
        if number:
            rows = np.random.default_rng((plan.seed, number)).permutation(rows)
        drawn: dict[str, list[int]] = {name: [] for name in keys.values()}
        for row, side in zip(rows.tolist(), sides, strict=True):
            drawn[keys[side]].append(row)
        divisions.append({name: np.array([sorted(each)]).T for name, each in drawn.items()})
    return cells(divisions)


@layout("peta", reader="")
def peta(plan: Plan) -> Arrangement:
    """PETA: PETA.mat with its 35 judged attributes and 44 colours, read by read_peta."""
    shots = [shot for part in parts_of(plan).values() for shot in part]
    images = [(f"images/{at:05d}.png", shot) for at, shot in enumerate(shots, start=1)]
    before = np.zeros((len(shots), _COLUMNS_BEFORE_LABELS))
    # In the original, the judged ones are scattered too.
    ordered = dict(sorted(names.PETA.items()))
    titles = np.array([[name, f"{name} (translated)"] for name in ordered], dtype=object)
    judged = [list(ordered).index(name) + 1 for name in list(names.PETA)[: names.PETA_JUDGED]]
    content = {
        "data": np.hstack([before, label_table(plan, shots, ordered)]),
        "attribute": titles,
        "selected_attribute": np.array([judged], dtype=np.uint8),
        "partion_attribute": _divisions(plan, shots, {side: side for side in parts_of(plan)}),
    }
    return Arrangement(images, {"PETA.mat": mat_file({"peta": content})}, hint=read_with("peta"))


@layout("rap", reader="")
def rap(plan: Plan, *, version: Literal["v1", "v2"] = "v2") -> Arrangement:
    """RAP: RAP_annotation.mat, its labels of 2 for what cannot be told, read by read_rap.

    Args:
        plan: what is written.
        version: v1 has other names of fields, judges its first 51 attributes and has no
            validation set (which is counted to train); v2 judges 54 by their numbers.
    """
    shots = [shot for part in parts_of(plan).values() for shot in part]
    files = [
        f"CAM{shot.camid:02d}-2014-02-18-tarid{shot.pid}-frame{shot.frame}-line{at}.png"
        for at, shot in enumerate(shots, start=1)
    ]
    images = [(f"RAP_dataset/{name}", shot) for name, shot in zip(files, shots, strict=True)]
    content = (_rap_v1 if version == "v1" else _rap_v2)(plan, shots, files)
    annotation = mat_file({"RAP_annotation": content})
    files_beside = {"RAP_annotation/RAP_annotation.mat": annotation}
    return Arrangement(images, files_beside, hint=read_with(f"rap{version[1:]}"))


def _rap_v1(plan: Plan, shots: Sequence[Shot], files: Sequence[str]) -> dict[str, Any]:
    keys = {"train": "train_index", "val": "train_index", "test": "test_index"}
    return {
        "imagesname": cells(files),
        "label": label_table(plan, shots, names.RAP_V1),
        "attribute_eng": cells(list(names.RAP_V1)),
        "partition": _divisions(plan, shots, keys),
    }


def _rap_v2(plan: Plan, shots: Sequence[Shot], files: Sequence[str]) -> dict[str, Any]:
    keys = {side: f"{side}_index" for side in ("train", "val", "test")}
    judged = np.arange(1, names.RAP_V2_JUDGED + 1, dtype=np.uint8)
    return {
        "name": cells(files),
        "attribute": cells(list(names.RAP_V2)),
        "data": label_table(plan, shots, names.RAP_V2),
        "selected_attribute": judged[None],
        "partition_attribute": _divisions(plan, shots, keys),
    }
