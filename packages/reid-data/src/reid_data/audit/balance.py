"""How evenly identities, cameras, sizes and sharpness are spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reid_data.columns import SPLITS
from reid_data.records import Records

__all__ = ["Balance", "Distribution", "distribution", "one_camera_identities", "split_balance"]


@dataclass(frozen=True)
class Distribution:
    """How numbers are spread.

    Attributes:
        count: how many there are.
        minimum: the smallest.
        median: the middle one.
        mean: their mean.
        maximum: the largest.
        edges: borders of the bins of a histogram, one more than there are bins.
        bins: how many fall into each.
    """

    count: int
    minimum: float
    median: float
    mean: float
    maximum: float
    edges: tuple[float, ...]
    bins: tuple[int, ...]


@dataclass(frozen=True)
class Balance:
    """One split.

    Attributes:
        split: its name.
        images: rows.
        identities: different pids.
        images_per_identity: how they are spread.
        images_per_camera: from camera (``"unknown"`` without one) to images, by camera.
        identities_per_camera: from camera to identities that it saw.
    """

    split: str
    images: int
    identities: int
    images_per_identity: Distribution
    images_per_camera: Mapping[str, int]
    identities_per_camera: Mapping[str, int]


def split_balance(records: Records) -> list[Balance]:
    """The balance of each split that has images, in the order of `SPLITS`."""
    found: list[Balance] = []
    for split in SPLITS:
        rows = records.table[records.table["split"] == split]
        if rows.empty:
            continue
        cameras = rows["camid"].fillna(-1).astype("int64")
        images = cameras.value_counts().sort_index()
        seen = rows["pid"].groupby(cameras).nunique()
        found.append(
            Balance(
                split=split,
                images=len(rows),
                identities=int(rows["pid"].nunique()),
                images_per_identity=distribution(
                    rows["pid"].value_counts().to_numpy().astype(np.float64), whole=True
                ),
                images_per_camera={_camera(key): int(images[key]) for key in images.index},
                identities_per_camera={_camera(key): int(seen[key]) for key in images.index},
            )
        )
    return found


def one_camera_identities(records: Records) -> dict[str, list[int]]:
    """Identities that only one camera saw, by side: ``train`` (with val) and ``test``.

    In training they teach nothing about a change of camera; in a test they cannot be found under
    the usual protocol. Rows without a camera, distractors and junk are left out.
    """
    table = records.table[records.table["camid"].notna()]
    sides = {"train": ("train", "val"), "test": ("query", "gallery")}
    alone: dict[str, list[int]] = {}
    for side, splits in sides.items():
        cameras = table[table["split"].isin(splits)].groupby("pid")["camid"].nunique()
        alone[side] = [int(pid) for pid in cameras[cameras == 1].index]
    return alone


def distribution(
    values: npt.NDArray[np.float64], *, bins: int = 24, whole: bool = False
) -> Distribution:
    """Summarise finite numbers ``(N,)``.

    Args:
        values: the numbers; none make a distribution of zeros without bins.
        bins: of the histogram, at most.
        whole: the numbers are whole, so a bin is at least one wide.

    Examples:
        >>> distribution(np.array([1.0, 2.0, 6.0]), bins=5).bins
        (1, 1, 0, 0, 1)
    """
    if not len(values):
        return Distribution(0, 0.0, 0.0, 0.0, 0.0, (), ())
    low, high = float(values.min()), float(values.max())
    if whole:
        width = max(int(np.ceil((high - low + 1) / bins)), 1)
        edges = np.arange(low, high + width + 1, width, dtype=np.float64)
    else:
        edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    counts, edges = np.histogram(values, bins=edges)
    return Distribution(
        count=len(values),
        minimum=round(low, 3),
        median=round(float(np.median(values)), 3),
        mean=round(float(values.mean()), 3),
        maximum=round(high, 3),
        edges=tuple(round(float(edge), 3) for edge in edges),
        bins=tuple(int(count) for count in counts),
    )


def _camera(key: int) -> str:
    return "unknown" if key < 0 else str(key)
