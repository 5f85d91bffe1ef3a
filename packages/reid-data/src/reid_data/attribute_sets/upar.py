"""UPAR: Market-1501, PA-100K, PETA and RAPv2 under one set of 40 attributes in 12 categories.

Specker et al., UPAR: Unified Pedestrian Attribute Recognition and Person Retrieval, WACV 2023.
Licence: CC BY-NC-SA 3.0 DE. A table such as ``phase1/train/train.csv`` has a path and 40 columns.
Its header begins with ``# image``; in copies that went through another program it begins with an
empty cell, and the mark moved on to ``# Age-Young``. Both are read. How many images there are is
not published in one place.
"""

from __future__ import annotations

import csv
from pathlib import Path

from reid_data.attribute_sets.mat_tables import reading
from reid_data.attribute_sets.registry import (
    AttributeSetInfo,
    named_file,
    register_attributes,
)
from reid_data.attribute_sets.tables import yes_or_no
from reid_data.attributes import Attributes

__all__ = ["UPAR_NAMES", "read_upar"]

_COLOURS = (
    *("Black", "Blue", "Brown", "Green", "Grey", "Orange", "Pink", "Purple", "Red", "White"),
    *("Yellow", "Other"),
)
UPAR_NAMES = (
    *("Age-Young", "Age-Adult", "Age-Old", "Gender-Female"),
    *("Hair-Length-Short", "Hair-Length-Long", "Hair-Length-Bald", "UpperBody-Length-Short"),
    *(f"UpperBody-Color-{colour}" for colour in _COLOURS),
    "LowerBody-Length-Short",
    *(f"LowerBody-Color-{colour}" for colour in _COLOURS),
    *("LowerBody-Type-Trousers&Shorts", "LowerBody-Type-Skirt&Dress"),
    *("Accessory-Backpack", "Accessory-Bag", "Accessory-Glasses-Normal", "Accessory-Glasses-Sun"),
    "Accessory-Hat",
)
"""The 40 attributes in the order of the tables."""


@register_attributes(
    AttributeSetInfo(
        name="upar",
        url="https://github.com/speckean/upar_dataset",
        licence="CC BY-NC-SA 3.0 DE",
        citation="Specker et al., UPAR: Unified Pedestrian Attribute Recognition and Person "
        "Retrieval, WACV 2023",
        attributes=40,
        note="--root is a table, or the folder that holds phase1/train/train.csv",
    )
)
def read_upar(path: Path) -> Attributes:
    """Read a table of UPAR (see the module); keys are the paths as they stand there.

    Args:
        path: the table, or the folder with ``phase1/train/train.csv`` (or ``train/train.csv``).

    The names are those of the header, so that tables with other columns are read too.

    Raises:
        ValueError: the file is missing, has no header or another one, or a cell is not 0 or 1.
    """
    path = named_file(path, "phase1/train/train.csv", "train/train.csv", "train.csv")
    with reading(path):
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file)
                lines = [
                    (reader.line_num, row) for row in reader if any(cell.strip() for cell in row)
                ]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"not a readable CSV table ({error})") from error
        if not lines:
            raise ValueError("empty; expected a header and a path with attributes a line")
        first, *names = (cell.strip().lstrip("#").strip() for cell in lines[0][1])
        if first.lower() not in ("", "image", "path", "img", "file") or not names:
            raise ValueError(
                'expected a header that begins "# image" or with an empty cell and "# Age-Young", '
                f"came {','.join(lines[0][1])!r:.80}"
            )
        rows = [row for _, row in lines[1:]]
        values = yes_or_no(
            [row[1:] for row in rows],
            names=names,
            lines=[number for number, _ in lines[1:]],
            blank=None,
        )
        keys = tuple(row[0].strip().replace("\\", "/") for row in rows)
        return Attributes(tuple(names), values, keys)
