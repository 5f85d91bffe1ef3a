"""How much a data set holds, and whether that is what its authors published."""

from __future__ import annotations

from dataclasses import dataclass

from reid_data.columns import SPLITS
from reid_data.records import Records

__all__ = ["SplitSummary", "published_mismatches", "summarise"]


@dataclass(frozen=True)
class SplitSummary:
    """Numbers of one split.

    Attributes:
        split: its name.
        identities: different pids.
        images: rows.
        cameras: different known cameras.
        images_per_identity: mean.
        single_image_identities: identities with one image.
    """

    split: str
    identities: int
    images: int
    cameras: int
    images_per_identity: float
    single_image_identities: int


def summarise(records: Records) -> list[SplitSummary]:
    """Summarise each split that has images, in the order of `SPLITS`."""
    summaries = []
    for split in SPLITS:
        rows = records.table[records.table["split"] == split]
        if rows.empty:
            continue
        sizes = rows["pid"].value_counts()
        summaries.append(
            SplitSummary(
                split=split,
                identities=len(sizes),
                images=len(rows),
                cameras=int(rows["camid"].nunique()),
                images_per_identity=round(len(rows) / len(sizes), 2),
                single_image_identities=int((sizes == 1).sum()),
            )
        )
    return summaries


def published_mismatches(records: Records) -> list[str]:
    """Compare identities and images with the published counts; one line a difference.

    Nothing is returned where nothing is published.
    """
    mismatches = []
    for names, (identities, images) in (records.info.counts if records.info else {}).items():
        rows = records.table[records.table["split"].isin(names.split("+"))]
        found = (rows["pid"].nunique(), len(rows))
        if found != (identities, images):
            mismatches.append(
                f"{names}: expected {identities} identities and {images} images as published, "
                f"found {found[0]} and {found[1]}"
            )
    return mismatches
