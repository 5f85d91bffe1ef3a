"""How much a data set holds, and whether that is what its authors published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reid_data.columns import SPLITS
from reid_data.datasets.listing import quoted
from reid_data.records import Ids, Records

__all__ = ["SplitSummary", "named", "published_mismatches", "summarise"]


_SPARSE = 100
"""Numbers that are spread thinner than this are not counted through."""


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

    A line says how many are there and how many should be, and, where identities are missing, which
    numbers between the first and the last nobody in the whole data set has. Nothing is returned
    where nothing is published.
    """
    mismatches = []
    everybody = records.table["pid"].unique()
    for names, (identities, images) in (records.info.counts if records.info else {}).items():
        rows = records.table[records.table["split"].isin(names.split("+"))]
        found = (rows["pid"].nunique(), len(rows))
        expected = (identities, len(rows) if images is None else images)
        if found == expected:
            continue
        line = (
            f"{names}: expected {expected[0]} identities and {expected[1]} images as published, "
            f"found {found[0]} and {found[1]} ({_difference(found, expected)})"
        )
        if images is None:
            line = (
                f"{names}: expected {identities} identities as published, found {found[0]} "
                f"({_difference(found, expected)})"
            )
        if found[0] < identities:
            line += _unused_numbers(rows["pid"].to_numpy(), everybody)
        mismatches.append(line)
    return mismatches


def _difference(found: tuple[int, int], expected: tuple[int, int]) -> str:
    said = []
    for what, have, want in zip(("identities", "images"), found, expected, strict=True):
        if have != want:
            said.append(f"{abs(have - want)} {what} too {'few' if have < want else 'many'}")
    return ", ".join(said)


def _unused_numbers(pids: Ids, everybody: Ids) -> str:
    """Which identities may be missing: gaps in the numbers, where these are counted through."""
    people = pids[pids >= 0]
    if not len(people) or people.max() - people.min() > _SPARSE * len(people):
        return ""
    gaps = np.setdiff1d(np.arange(people.min(), people.max()), everybody)
    return f"; nobody is number {quoted(map(str, gaps))}" if len(gaps) else ""


def named(records: Records) -> dict[str, Any]:
    """What records are, for those who read later what was learned from them: plain values.

    Returns:
        ``name`` (of the folder, where the data set is nobody's), ``licence``, ``citation``,
        ``identities`` and ``images``.
    """
    about = records.info
    return {
        "name": about.name if about else records.root.name,
        "licence": about.licence if about else "",
        "citation": about.citation if about else "",
        "identities": len(np.unique(records.pids[records.pids >= 0])),
        "images": len(records),
    }
