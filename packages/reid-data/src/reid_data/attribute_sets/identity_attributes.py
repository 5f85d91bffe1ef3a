"""Attributes of the people of Market-1501 and DukeMTMC-reID, one row an identity.

``market_attribute.mat`` and ``duke_attribute.mat`` (Lin et al., Improving Person Re-identification
by Attribute and Identity Learning, PR 2019) hold a structure with ``train`` and ``test``, each with
a field an attribute and ``image_index``, the identities as text. Published: 27 attributes of 751
and 750 people for Market-1501, 23 of 702 and 1,110 for DukeMTMC-reID (of a withdrawn data set).

An attribute counts 1 (no) or 2 (yes), where "yes" is the second of two: female, long hair, short
sleeves (``up``), short trousers (``down``), trousers instead of a dress (``clothes``); in Duke's, a
long upper garment (``top``) and light shoes. ``age`` counts 1 to 4 and becomes four attributes
here, one of which is true, so the 27 are 30.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from reid_data.attribute_sets.mat_tables import reading, structure, take_field
from reid_data.attribute_sets.registry import (
    AttributeSetInfo,
    named_file,
    register_attributes,
)
from reid_data.attributes import Attributes
from reid_data.datasets.mat_files import mat_fields, mat_texts

__all__ = ["AGES", "read_duke_attributes", "read_market_attributes"]

AGES = ("age-young", "age-teenager", "age-adult", "age-old")
"""What the numbers 1 to 4 of ``age`` mean."""

_PID = re.compile(r"\d{1,18}", re.ASCII)


_CITATION = (
    "Lin et al., Improving Person Re-identification by Attribute and Identity Learning, PR 2019"
)


@register_attributes(
    AttributeSetInfo(
        name="market_attributes",
        url="https://github.com/vana77/Market-1501_Attribute",
        licence="no licence text is published; offered by its authors for academic research",
        citation=_CITATION,
        attributes=30,
        rows={"train": 751, "test": 750},
        note="of people, to go with market1501; 27 published, of which age becomes four",
    )
)
def read_market_attributes(path: Path) -> Attributes:
    """Read ``market_attribute.mat`` (see the module), or the folder it is in; keys are pids.

    Raises:
        ValueError: the file is missing, broken or of another form.
    """
    return _read(path, "market_attribute")


@register_attributes(
    AttributeSetInfo(
        name="duke_attributes",
        url="https://github.com/vana77/DukeMTMC-attribute",
        licence="see LICENSE_DukeMTMC-attribute on its page; of a data set that was WITHDRAWN",
        citation=_CITATION,
        attributes=23,
        rows={"train": 702, "test": 1110},
        note="of people, to go with dukemtmc_reid",
    )
)
def read_duke_attributes(path: Path) -> Attributes:
    """Read ``duke_attribute.mat`` (see the module), or the folder it is in; keys are pids.

    Raises:
        ValueError: the file is missing, broken or of another form.
    """
    return _read(path, "duke_attribute")


def _read(path: Path, variable: str) -> Attributes:
    path = named_file(path, f"{variable}.mat")
    with reading(path):
        sides = structure(path, variable)
        parts = {side: _side(mat_fields(take_field(sides, side))) for side in ("train", "test")}
        columns = list(parts["train"][1])
        if set(columns) != set(parts["test"][1]):
            odd = sorted(set(columns) ^ set(parts["test"][1]))
            raise ValueError(f"train and test have different attributes: {', '.join(odd)}")
        keys: list[str] = []
        partitions = {}
        for side, (pids, _) in parts.items():
            partitions[side] = np.arange(len(keys), len(keys) + len(pids))
            keys += pids
        values = np.stack(
            [np.concatenate([found[name] for _, found in parts.values()]) for name in columns],
            axis=1,
        )
        return Attributes(tuple(columns), values, tuple(keys), key="pid", partitions=partitions)


def _side(fields: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    texts = mat_texts(take_field(fields, "image_index"))
    wrong = [text for text in texts if not _PID.fullmatch(text)]
    if wrong:
        raise ValueError(f"expected identities as numbers in image_index, came {wrong[0]!r}")
    columns: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "image_index":
            continue
        numbers = np.atleast_1d(np.asarray(value)).ravel()
        most = len(AGES) if name == "age" else 2
        if len(numbers) != len(texts) or not np.isin(numbers, range(1, most + 1)).all():
            raise ValueError(
                f"expected {len(texts)} numbers from 1 to {most} for attribute {name}, came "
                f"{numbers.dtype} {numbers.shape}"
            )
        if name == "age":
            columns |= {age: (numbers == at).astype(np.int8) for at, age in enumerate(AGES, 1)}
        else:
            columns[name] = (numbers == 2).astype(np.int8)
    return [str(int(text)) for text in texts], columns
