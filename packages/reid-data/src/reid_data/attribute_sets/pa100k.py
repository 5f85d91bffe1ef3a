"""PA-100K: 100,000 pedestrians outdoors with 26 attributes (Liu et al., HydraPlus-Net, ICCV 2017).

The layout: ``annotation.mat`` with ``attributes`` and, for ``train``, ``val`` and ``test``,
``<split>_images_name`` and ``<split>_label``; pictures in ``data/`` (``release_data/`` in another
archive). Published: 80,000, 10,000 and 10,000 images. Licence: CC BY 4.0, as the authors of UPAR
state it; its own page has none.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reid_data.attribute_sets.mat_tables import labels, reading, take_field
from reid_data.attribute_sets.registry import AttributeSetInfo, register_attributes
from reid_data.attributes import Attributes
from reid_data.datasets.mat_files import mat_texts, read_mat

__all__ = ["read_pa100k"]

_SPLITS = ("train", "val", "test")
_FOLDERS = ("data", "release_data", "release_data/release_data")


@register_attributes(
    AttributeSetInfo(
        name="pa100k",
        url="https://github.com/xh-liu/HydraPlus-Net",
        licence="CC BY 4.0, as the authors of UPAR state it",
        citation="Liu et al., HydraPlus-Net: Attentive Deep Features for Pedestrian Analysis, "
        "ICCV 2017",
        attributes=26,
        rows={"train": 80_000, "val": 10_000, "test": 10_000},
    )
)
def read_pa100k(root: Path) -> Attributes:
    """Read PA-100K's attributes (see the module); keys are paths below the root.

    Raises:
        ValueError: the file is missing, broken or of another form.
    """
    path = root / "annotation.mat"
    folder = next((name for name in reversed(_FOLDERS) if (root / name).is_dir()), _FOLDERS[0])
    with reading(path):
        content = read_mat(path)
        names = mat_texts(take_field(content, "attributes"))
        keys: list[str] = []
        tables = []
        partitions = {}
        for split in _SPLITS:
            files = mat_texts(take_field(content, f"{split}_images_name"))
            table = labels(take_field(content, f"{split}_label"), columns=len(names))
            if len(table) != len(files):
                raise ValueError(f"{len(files)} names but {len(table)} labels in {split}")
            partitions[split] = np.arange(len(keys), len(keys) + len(files))
            keys += [f"{folder}/{name}" for name in files]
            tables.append(table)
        values = np.concatenate(tables)
        return Attributes(tuple(names), values.astype(np.int8), tuple(keys), partitions=partitions)
