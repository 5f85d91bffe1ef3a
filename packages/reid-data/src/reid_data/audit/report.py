"""The audit as a whole: everything that was found, as one value and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_data.audit.balance import (
    Balance,
    Distribution,
    distribution,
    one_camera_identities,
    split_balance,
)
from reid_data.audit.hashes import look_at_all
from reid_data.audit.labels import Suspicion, suspicious_labels
from reid_data.audit.leakage import Duplicate, duplicates, shared_identities
from reid_data.console import Advance
from reid_data.files import replacing
from reid_data.images import Unreadable
from reid_data.records import Records

__all__ = ["AuditReport", "audit_records"]


@dataclass(frozen=True)
class AuditReport:
    """What an audit found.

    Attributes:
        images: rows that were looked at.
        unreadable: files that cannot be read.
        shared_identities: pids with images in both train and test.
        duplicates: pairs of equal or nearly equal pictures across train and test, or of different
            people.
        one_camera: pids that only one camera saw, by side.
        suspicious: images nearer to another identity than to their own; None without embeddings.
        balance: of each split.
        heights: of the images, in pixels.
        widths: of the images, in pixels.
        sharpness: variance of the Laplacian at each image's own size.
        blurred: the least sharp images, worst first.
        options: how it was looked for.
    """

    images: int
    unreadable: tuple[Unreadable, ...]
    shared_identities: tuple[int, ...]
    duplicates: tuple[Duplicate, ...]
    one_camera: Mapping[str, list[int]]
    suspicious: tuple[Suspicion, ...] | None
    balance: tuple[Balance, ...]
    heights: Distribution
    widths: Distribution
    sharpness: Distribution
    blurred: tuple[str, ...]
    options: Mapping[str, Any]

    def summary(self) -> list[dict[str, Any]]:
        """One line a question: what was asked, how often it was found, and what it means."""
        across = [item for item in self.duplicates if item.across]
        conflicts = [item for item in self.duplicates if item.conflicting]
        rows: list[tuple[str, int, str]] = [
            ("unreadable images", len(self.unreadable), "repair or remove them"),
            (
                "identities in train and test",
                len(self.shared_identities),
                "scores are too good if they are the same people",
            ),
            (
                "exact duplicates across train and test",
                sum(item.kind == "exact" for item in across),
                "remove them from one side",
            ),
            (
                "near duplicates across train and test",
                sum(item.kind == "near" for item in across),
                "look at them; remove them from one side",
            ),
            ("duplicates of different people", len(conflicts), "one of the two labels is wrong"),
        ]
        rows += [
            (
                f"{side} identities in one camera only",
                len(pids),
                "they teach nothing across cameras"
                if side == "train"
                else "queries for them have nothing to find",
            )
            for side, pids in self.one_camera.items()
        ]
        if self.suspicious is not None:
            rows.append(("suspicious labels", len(self.suspicious), "look at them"))
        return [
            {"question": question, "found": count, "meaning": meaning if count else ""}
            for question, count, meaning in rows
        ]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain containers, for JSON."""
        body = asdict(self)
        body["unreadable"] = [
            {"path": str(item.path), "reason": item.reason} for item in self.unreadable
        ]
        return {"summary": self.summary(), **body}

    def save(self, path: Path | str) -> None:
        """Write the report as JSON, whole or not at all."""
        with replacing(Path(path)) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")


def audit_records(
    records: Records,
    *,
    features: npt.ArrayLike | None = None,
    max_distance: int = 6,
    min_correlation: float = 0.95,
    margin: float = 0.0,
    workers: int = 2,
    advance: Advance | None = None,
) -> AuditReport:
    """Look at every image of a data set once, and say what is wrong with it.

    Args:
        records: the data set.
        features: embeddings ``(N, D)`` in the order of the records; without them labels are not
            judged.
        max_distance: see `reid_data.audit.leakage.duplicates`.
        min_correlation: see `reid_data.audit.leakage.duplicates`.
        margin: see `reid_data.audit.labels.suspicious_labels`.
        workers: threads that read images.
        advance: called with the number of images just looked at.

    Raises:
        ValueError: the embeddings do not fit the records, or an option is out of range.
    """
    if not 0 <= max_distance <= 16:
        raise ValueError(f"max_distance must be 0 to 16 of the 64 bits, came {max_distance}")
    # First what needs no image, so that wrong embeddings are refused at once.
    suspicious = None if features is None else suspicious_labels(records, features, margin=margin)
    looks = look_at_all(records, workers=workers, advance=advance)
    paths = records.table["path"]
    softest = looks.rows[np.argsort(looks.sharpness, kind="stable")[:12]]
    return AuditReport(
        images=len(records),
        unreadable=looks.unreadable,
        shared_identities=tuple(shared_identities(records)),
        duplicates=tuple(
            duplicates(records, looks, max_distance=max_distance, min_correlation=min_correlation)
        ),
        one_camera=one_camera_identities(records),
        suspicious=None if suspicious is None else tuple(suspicious),
        balance=tuple(split_balance(records)),
        heights=distribution(looks.sizes[:, 0].astype(np.float64), whole=True),
        widths=distribution(looks.sizes[:, 1].astype(np.float64), whole=True),
        sharpness=distribution(looks.sharpness),
        blurred=tuple(str(paths.iloc[int(row)]) for row in softest),
        options={
            "max_distance": max_distance,
            "min_correlation": min_correlation,
            "margin": margin,
        },
    )
