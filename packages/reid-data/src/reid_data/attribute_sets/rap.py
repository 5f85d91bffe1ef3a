"""RAP: pedestrians indoors; version 1 with 92 attributes (51 judged), version 2 with 152 (54).

The layout: ``RAP_annotation.mat`` (also below ``RAP_annotation/``) with a structure
``RAP_annotation``. Version 2 has ``name``, ``attribute``, ``data``, ``selected_attribute`` (from 1)
and ``partition_attribute`` (five splits of train, val and test, from 1). Version 1 has its fields
under several names, its judged attributes are the first 51, and its splits have no val. Labels of 2
mean that it cannot be told: unknown here. Pictures lie in ``RAP_dataset/``.

Published: version 1 33,268 and 8,317 images (Li et al., A Richly Annotated Dataset for Pedestrian
Attribute Recognition, 2016); version 2 50,957, 16,986 and 16,985 (Li et al., TIP 2019). Licence:
research, after a signed agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from reid_data.attribute_sets.mat_tables import labels, partition, reading, structure, take_field
from reid_data.attribute_sets.registry import AttributeSetInfo, register_attributes
from reid_data.attributes import Attributes
from reid_data.datasets.mat_files import mat_texts

__all__ = ["read_rap"]

_JUDGED_V1 = 51
_FOLDER = "RAP_dataset"


@register_attributes(
    AttributeSetInfo(
        name="rap1",
        licence="research, after a signed agreement",
        citation="Li et al., A Richly Annotated Dataset for Pedestrian Attribute Recognition, 2016",
        attributes=_JUDGED_V1,
        rows={"train": 33_268, "test": 8317},
        note="92 attributes with attributes=all",
    ),
    AttributeSetInfo(
        name="rap2",
        licence="research, after a signed agreement",
        citation="Li et al., A Richly Annotated Pedestrian Dataset for Person Retrieval in Real "
        "Surveillance Scenarios, TIP 2019",
        attributes=54,
        rows={"train": 50_957, "val": 16_986, "test": 16_985},
        note="152 attributes with attributes=all",
    ),
)
def read_rap(
    root: Path, *, attributes: Literal["eval", "all"] = "eval", split: int = 0
) -> Attributes:
    """Read RAP's attributes (see the module), of whichever version it is; keys are paths.

    Args:
        root: the folder.
        attributes: the ones that are judged, or all.
        split: which of the five splits, from 0.

    Raises:
        ValueError: the file is missing, broken or of another form, or there is no such split.
    """
    places = [root / "RAP_annotation.mat", root / "RAP_annotation" / "RAP_annotation.mat"]
    path = next((place for place in places if place.is_file()), places[0])
    with reading(path):
        fields = structure(path, "RAP_annotation")
        files = mat_texts(take_field(fields, "name", "imagesname", "images_name", "image_name"))
        names = mat_texts(
            take_field(fields, "attribute_eng", "attribute_en", "attribute", "attribute_name")
        )
        table = labels(take_field(fields, "data", "label"), columns=len(names))
        splits = take_field(fields, "partition_attribute", "partition", "partion")
        partitions = partition(splits, split=split, rows=len(files))
        keys = tuple(f"{_FOLDER}/{name}" for name in files)
        whole = Attributes(tuple(names), table.astype(np.int8), keys, partitions=partitions)
        return whole if attributes == "all" else whole.select(_judged(fields, names))


def _judged(fields: Mapping[str, Any], names: list[str]) -> list[str]:
    if "selected_attribute" not in fields:
        return names[:_JUDGED_V1]
    chosen = np.atleast_1d(np.asarray(fields["selected_attribute"])).ravel()
    if chosen.dtype.kind not in "iuf" or chosen.min() < 1 or chosen.max() > len(names):
        raise ValueError(f"expected selected_attribute to count from 1 to {len(names)}")
    return [names[int(number) - 1] for number in chosen]
