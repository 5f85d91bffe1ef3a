"""``--threshold``: a number, or one that a validation split chose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reid_data.console import note, progress

if TYPE_CHECKING:
    from reid_data.records import Records
    from reid_eval.embeddings import Embeddings
    from reid_eval.open_set import Calibration

__all__ = ["ThresholdWish", "calibrate_on", "open_validation"]

AUTO = "auto"


@dataclass(frozen=True)
class ThresholdWish:
    """What the command line says about unknown people.

    Attributes:
        threshold: empty, ``auto`` or a number, as typed.
        calibration: file to read or, with ``validation``, to write.
        validation: folder of images or embeddings whose identities are known.
        fpir: share of unknown people that may be answered.
        method: how probabilities are fitted.

    Raises:
        ValueError: the parts contradict each other, or the threshold is no number.
    """

    threshold: str
    calibration: Path | None
    validation: Path | None
    fpir: float
    method: str

    def __post_init__(self) -> None:
        if self.threshold == AUTO and self.calibration is None and self.validation is None:
            raise ValueError(
                "--threshold auto needs --validation FOLDER, images or embeddings of people whose "
                "identity is known, or --calibration FILE that was made from such"
            )
        if not 0 <= self.fpir < 1:
            raise ValueError(f"--fpir must lie in [0, 1), such as 0.1, got {self.fpir}")
        if self.validation is None and self.calibration is not None:
            self.loaded()
        self.number()

    def number(self) -> float | None:
        """The threshold that was typed; None for ``auto`` and for none."""
        if self.threshold in ("", AUTO):
            return None
        try:
            number = float(self.threshold)
        except ValueError:
            number = math.nan
        if not -1 <= number <= 1:
            raise ValueError(
                f"--threshold must be auto or a cosine similarity, -1 to 1, got {self.threshold!r}"
            )
        return number

    def loaded(self) -> Calibration | None:
        """The calibration file, where one is to be read."""
        from reid_eval.open_set import Calibration

        if self.calibration is None or self.validation is not None:
            return None
        return Calibration.load(self.calibration)


def open_validation(folder: Path) -> Records | Embeddings:
    """Read the validation images or embeddings; no image is opened.

    Raises:
        ValueError: it is no folder, or holds neither.
    """
    from reid_data.datasets import from_images
    from reid_eval.embeddings import Embeddings, is_embeddings_folder

    if is_embeddings_folder(folder):
        return Embeddings.load(folder)
    if not folder.is_dir():
        raise ValueError(f"--validation {folder} is no folder of images or of embeddings")
    return from_images(folder, split="val", pids="required")


def calibrate_on(side: Embeddings, wish: ThresholdWish, *, device: str, seed: int) -> Calibration:
    """Choose a threshold on a validation split: one image a person and camera asks for the others.

    What the query's camera saw of its person is left out: it would be easier than what comes later.

    Raises:
        ValueError: nobody in it could be asked for.
    """
    from reid_data.records import Records
    from reid_eval.open_set import calibrate

    roles = Records(side.table, side.root).as_query_gallery(seed=seed).table["split"]
    query = side.take((roles == "query").to_numpy())
    gallery = side.take((roles == "gallery").to_numpy())
    with progress("calibrating", total=len(query)) as advance:
        found = calibrate(
            query,
            gallery,
            fpir=wish.fpir,
            method="platt" if wish.method == "platt" else "isotonic",
            device=device,
            advance=advance,
        )
    note(
        f"threshold {found.threshold:.4f}: in validation {found.tpir:.1%} of known people were "
        f"named rightly and {found.fpir:.1%} of unknown ones named at all"
    )
    if wish.calibration is not None:
        note(f"calibration: {found.save(wish.calibration)}")
    return found
