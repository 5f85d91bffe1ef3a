"""The pickle in which attribute recognition passes its tables around: ``dataset_all.pkl``.

It holds ``image_name`` (N), ``label`` (N, A; 2 where it cannot be told), ``attr_name`` (A),
``partition`` (rows from 0 of train, val, trainval and test; a list of them for several splits) and
sometimes ``label_idx`` (columns from 0: ``eval``, ``color``, ``extra``). ``dataset_zs_run0.pkl`` is
the same with another partition. It is read without running any code that it may contain.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reid_data.attribute_sets.mat_tables import labels, reading
from reid_data.attribute_sets.registry import (
    AttributeSetInfo,
    named_file,
    register_attributes,
)
from reid_data.attributes import Attributes
from reid_data.records import Ids
from reid_data.safe_pickle import load_pickle

__all__ = ["read_attribute_pickle"]


@register_attributes(
    AttributeSetInfo(
        name="dataset_all",
        licence="that of the data set in it",
        note="--root is the pickle, or the folder that holds dataset_all.pkl; no code in it is run",
    )
)
def read_attribute_pickle(
    path: Path, *, attributes: str = "eval", split: int = 0, folder: str = ""
) -> Attributes:
    """Read such a pickle (see the module); keys are paths.

    Args:
        path: the file, or the folder with ``dataset_all.pkl``.
        attributes: which columns: a key of ``label_idx`` (``eval``, ``color``, ``extra``), or
            ``all``. A file without ``label_idx`` has only ``all``, which then is ``eval`` too.
        split: which partition, from 0, where there are several.
        folder: put before the names where the pictures lie deeper below the data set's root.

    Raises:
        ValueError: the file is missing, broken or of another form, or there are no such columns
            or split.
        UnsafePickleError: it asks for anything but plain containers and arrays.
    """
    path = named_file(path, "dataset_all.pkl")
    with reading(path):
        content = load_pickle(path)
        names, files = _texts(content, "attr_name"), _texts(content, "image_name")
        table = labels(content.get("label"), columns=len(names))
        prefix = folder.strip("/") + "/" if folder.strip("/") else ""
        whole = Attributes(
            tuple(names),
            table.astype(np.int8),
            tuple(prefix + name.replace("\\", "/") for name in files),
            partitions=_partitions(content.get("partition"), split),
        )
        columns = content.get("label_idx")
        if attributes == "all" or (columns is None and attributes == "eval"):
            return whole
        if not isinstance(columns, Mapping) or attributes not in columns:
            known = list(columns) if isinstance(columns, Mapping) else []
            raise ValueError(f"no columns {attributes!r}; there are: all, {', '.join(known)}")
        chosen = _rows(columns[attributes], f"label_idx {attributes}")
        if len(chosen) and chosen.max() >= len(names):
            raise ValueError(
                f"label_idx {attributes} counts to {chosen.max()}; expected columns "
                f"0 to {len(names) - 1}"
            )
        return whole.select(names[column] for column in chosen)


def _texts(content: Any, name: str) -> list[str]:
    value = content.get(name) if isinstance(content, Mapping) else None
    if not isinstance(value, list | tuple | np.ndarray):
        raise ValueError(f"expected a dictionary with a list {name}")
    texts = [
        text[0] if isinstance(text, np.ndarray | list) and len(text) else text for text in value
    ]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"expected texts in {name}")
    return [str(text) for text in texts]


def _partitions(value: Any, split: int) -> dict[str, Ids]:
    if not isinstance(value, Mapping):
        raise ValueError("expected a dictionary partition")
    found: dict[str, Ids] = {}
    for name, rows in value.items():
        several = isinstance(rows, list | tuple) and len(rows) and not np.isscalar(rows[0])
        if several and not 0 <= split < len(rows):
            raise ValueError(f"split must be 0 to {len(rows) - 1}, came {split}")
        found[str(name)] = _rows(rows[split] if several else rows, f"partition {name}")
    return found


def _rows(value: Any, what: str) -> Ids:
    rows = np.asarray(value).ravel()
    if rows.size and (rows.dtype.kind not in "iu" or rows.min() < 0):
        raise ValueError(f"expected numbers from 0 in {what}, came {rows.dtype}")
    return rows.astype(np.int64)
