"""PETA: 19,000 pedestrians of ten older sets, 105 attributes of which 35 are judged.

The layout: ``PETA.mat`` with a structure ``peta``: ``data`` (19,000 rows; the labels begin in the
fifth column), ``attribute`` (105 names), ``selected_attribute`` (35 numbers from 1) and
``partion_attribute`` [sic] (five splits, rows from 1); pictures ``images/00001.png`` and so on.
Published: 9,500, 1,900 and 7,600 images (Deng et al., Pedestrian Attribute Recognition at Far
Distance, ACM MM 2014). Licence: research only, with reference.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from reid_data.attribute_sets.mat_tables import labels, partition, reading, structure, take_field
from reid_data.attribute_sets.registry import AttributeSetInfo, register_attributes
from reid_data.attributes import Attributes
from reid_data.datasets.mat_files import mat_texts

__all__ = ["read_peta"]

_FIRST_LABEL = 4


@register_attributes(
    AttributeSetInfo(
        name="peta",
        url="http://mmlab.ie.cuhk.edu.hk/projects/PETA.html",
        licence="research only, not commercial; cite the paper",
        citation="Deng et al., Pedestrian Attribute Recognition at Far Distance, ACM MM 2014",
        attributes=35,
        rows={"train": 9500, "val": 1900, "test": 7600},
        note="105 attributes with attributes=all",
    )
)
def read_peta(
    root: Path, *, attributes: Literal["eval", "all"] = "eval", split: int = 0
) -> Attributes:
    """Read PETA's attributes (see the module); keys are paths below the root.

    Args:
        root: the folder.
        attributes: the ones that are judged, or all.
        split: which of the five splits, from 0.

    Raises:
        ValueError: the file is missing, broken or of another form, or there is no such split.
    """
    path = root / "PETA.mat"
    with reading(path):
        fields = structure(path, "peta")
        names = mat_texts(_first_column(take_field(fields, "attribute")))
        data = np.atleast_2d(np.asarray(take_field(fields, "data")))
        table = labels(data[:, _FIRST_LABEL:], columns=len(names))
        keys = tuple(f"images/{number:05d}.png" for number in range(1, len(table) + 1))
        splits = take_field(fields, "partion_attribute", "partition_attribute")
        partitions = partition(splits, split=split, rows=len(keys))
        whole = Attributes(tuple(names), table.astype(np.int8), keys, partitions=partitions)
        if attributes == "all":
            return whole
        chosen = np.atleast_1d(np.asarray(take_field(fields, "selected_attribute"))).ravel()
        if chosen.dtype.kind not in "iuf" or chosen.min() < 1 or chosen.max() > len(names):
            raise ValueError(f"expected selected_attribute to count from 1 to {len(names)}")
        return whole.select(names[int(number) - 1] for number in chosen)


def _first_column(value: object) -> object:
    """The names; a second column, where there is one, holds their translations."""
    cells = np.asarray(value, dtype=object)
    return cells[:, 0] if cells.ndim == 2 else cells
