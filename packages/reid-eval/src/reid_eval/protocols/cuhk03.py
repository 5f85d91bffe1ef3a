"""CUHK03's classic protocol: a single gallery shot from another view, many times over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from reid_data.datasets.draws import draw_one_each
from reid_eval.embeddings import Embeddings
from reid_eval.protocols.comparison import Comparison, pooled, require

__all__ = ["SingleGalleryShot"]


@dataclass(frozen=True, kw_only=True)
class SingleGalleryShot:
    """Each image asks for its person among one image of everyone from another camera.

    The classic protocol of CUHK03 (``cuhk03-classic``): the images of the tested people, 100 in
    each of the 20 divisions (``cuhk03:protocol=classic,split=k``), all ask. For the queries of a
    camera, the gallery is one image of each person, drawn at random among those of the other
    cameras. A query has one match, at rank r::

        AP = INP = 1 / r

    Repeated with new draws on embeddings made once; the mean over the trials is reported with its
    standard deviation. Published figures are means over the divisions as well, each of which is
    another model.

    Attributes:
        trials: how many draws.
        seed: of the draws.

    Source: Li et al., "DeepReID: Deep Filter Pairing Neural Network for Person
    Re-identification", CVPR 2014.
    """

    name: ClassVar[str] = "cuhk03-classic"
    redraws: ClassVar[bool] = True
    trials: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.trials < 1 or self.seed < 0:
            raise ValueError(
                f"trials must be 1 or more and seed 0 or more, came {self.trials}, {self.seed}"
            )

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Refuse images without a camera, and people whom one camera alone saw."""
        made_by = "Data without cameras has the protocols none and vehicleid"
        require(self.name, "camid", query, gallery, made_by=made_by)
        seen = pd.concat([query, gallery]).groupby("pid")["camid"].nunique()
        if not (seen > 1).any():
            raise ValueError(f"protocol {self.name} needs people seen by two cameras; here is none")

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """In each trial one comparison a camera."""
        images = pooled(query, gallery)
        images = images.take(np.argsort(images.table["path"].to_numpy(dtype=np.str_)))
        views = np.unique(images.camids)
        for trial in range(self.trials):
            for number, view in enumerate(views.tolist()):
                rows = np.flatnonzero(images.camids == view)
                others = np.flatnonzero(images.camids != view)
                shown = draw_one_each(
                    images.pids[others], seed=self.seed, split=trial * len(views) + number
                )
                yield Comparison(
                    images.take(rows),
                    images.take(others[shown]),
                    camera_filter="none",
                    trial=trial,
                    rows=rows,
                )
