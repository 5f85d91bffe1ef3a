"""Layouts of attribute sets in tables: UPAR's CSV, NATIVE's spreadsheet, the shared pickle."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reid_data.attribute_sets.native_sharif import NEVER_TRAINED
from reid_data.attribute_sets.upar import UPAR_NAMES

from .contents import csv_file, pickle_file, read_with, spreadsheet
from .image_attributes import label_table, parts_of
from .published_names import NATIVE, PA100K
from .registry import Arrangement, Plan, layout

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["attribute_pickle", "native", "upar"]

_NOT_IN_NATIVE = ("LowerBody-Length-Short", "LowerBody-Type-Trousers&Shorts",
                  "LowerBody-Type-Skirt&Dress")  # fmt: skip
_QUALITIES = ("High ", "normal", "low")


def _upar(plan: Plan, shot: Shot) -> list[int]:
    said = plan.studio.attributes(shot.pid, shot.outfit)
    return [int(said[name]) for name in UPAR_NAMES]


@layout("upar", reader="")
def upar(plan: Plan, *, header: Literal["published", "copied"] = "published") -> Arrangement:
    """UPAR: tables with 40 attributes under two headers, read by read_upar.

    Args:
        plan: what is written.
        header: ``copied`` as in copies that went through another program: an empty cell, and the
            mark in the next one; with an empty line, and paths with backslashes.
    """
    copied = header == "copied"
    first = ["", f"# {UPAR_NAMES[0]}"] if copied else ["# image", UPAR_NAMES[0]]
    places = {"train": "phase1/train/train.csv", "val": "phase1/val_task1/val.csv",
              "test": "phase1/test/test.csv"}  # fmt: skip
    images = []
    files = {}
    for part, shots in parts_of(plan).items():
        rows: list[list[Any]] = [[*first, *UPAR_NAMES[1:]], *([[]] if copied else [])]
        for at, shot in enumerate(shots):
            path = f"{('Market1501', 'PA100k')[at % 2]}/{part}/{at:06d}_{shot.pid:04d}.jpg"
            images.append((path, shot))
            rows.append([path.replace("/", "\\") if copied else path, *_upar(plan, shot)])
        files[places[part]] = csv_file(rows)
    return Arrangement(images, files, hint=read_with("upar"))


@layout("native", reader="")
def native(plan: Plan, *, form: Literal["xlsx", "csv"] = "xlsx") -> Arrangement:
    """NATIVE: a spreadsheet of 46 attributes, blank for no, some cells of white space.

    Args:
        plan: what is written.
        form: the published spreadsheet (needs openpyxl, extra ``spreadsheet``), or the same saved
            as CSV, with a byte order mark and an empty row.
    """
    columns = [name for name in UPAR_NAMES if name not in _NOT_IN_NATIVE]
    rows: list[list[Any]] = [["ID", *NATIVE, *NEVER_TRAINED, "Quality"]]
    images = []
    for at, shot in enumerate(plan.shots):
        name = f"c{shot.camid}_v{shot.pid}_{1 + shot.index}_{shot.frame:06d}"
        images.append((f"images/{name}.jpg", shot))
        no = (None, " ", "\u00a0")[at % 3]
        said = plan.studio.attributes(shot.pid, shot.outfit)
        values = [1 if said[column] else no for column in columns]
        rows.append([name, *values, *[no] * len(NEVER_TRAINED), _QUALITIES[at % 3]])
    table = f"refined_Native_dataset.{form}"
    blank = [""] * len(rows[0])
    content = spreadsheet(rows) if form == "xlsx" else csv_file([*rows, blank], mark=True)
    return Arrangement(images, {table: content}, hint=read_with("native"))


@layout("dataset_all", reader="")
def attribute_pickle(plan: Plan) -> Arrangement:
    """The shared dataset_all.pkl: names, labels, columns, five divisions; read as plain data."""
    shots = [shot for part in parts_of(plan).values() for shot in part]
    files = [f"{at:06d}.jpg" for at in range(1, len(shots) + 1)]
    ends = np.cumsum([0, *(len(part) for part in parts_of(plan).values())])
    own = [np.arange(start, end) for start, end in pairwise(ends.tolist())]
    order = np.random.default_rng((plan.seed, 1)).permutation(len(shots))
    other = [np.sort(order[rows]) for rows in own]
    sides = {side: [own[at], other[at]] for at, side in enumerate(("train", "val", "test"))}
    both = [
        np.sort(np.concatenate(pair)) for pair in zip(sides["train"], sides["val"], strict=True)
    ]
    content = {
        "description": "synthetic",
        "reorder": "group_order",
        "root": "/home/somebody/data",
        "image_name": files,
        "label": label_table(plan, shots, PA100K).astype(np.int64),
        "attr_name": list(PA100K),
        "label_idx": {"eval": list(range(len(PA100K)))[::-1], "color": [], "extra": [0, 7]},
        "partition": {**sides, "trainval": both},
    }
    images = [(f"data/{name}", shot) for name, shot in zip(files, shots, strict=True)]
    files_beside = {"dataset_all.pkl": pickle_file(content)}
    return Arrangement(images, files_beside, hint=read_with("dataset_all"))
