"""VehicleID's protocol: one random image of each identity is the gallery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from reid_data.datasets.draws import draw_one_each
from reid_eval.embeddings import Embeddings
from reid_eval.protocols.comparison import Comparison, pooled

__all__ = ["RandomGallery"]


@dataclass(frozen=True, kw_only=True)
class RandomGallery:
    """One image of each identity, drawn at random, is the gallery; the others ask (``vehicleid``).

    There is no camera filter. A query has exactly one match, at rank r, so::

        AP = INP = 1 / r

    This is repeated, with another gallery each time, on embeddings made once; the mean over the
    trials is reported with its standard deviation. How the images were divided before (the reader
    of VehicleID draws a gallery too) makes no difference.

    Attributes:
        trials: how many galleries.
        seed: of the draws.

    Source: Liu et al., "Deep Relative Distance Learning: Tell the Difference Between Similar
    Vehicles", CVPR 2016.
    """

    name: ClassVar[str] = "vehicleid"
    redraws: ClassVar[bool] = True
    trials: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.trials < 1 or self.seed < 0:
            raise ValueError(
                f"trials must be 1 or more and seed 0 or more, came {self.trials}, {self.seed}"
            )

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Refuse test images among which nobody is seen twice."""
        images = pd.concat([query[["path", "pid"]], gallery[["path", "pid"]]])
        if not images.drop_duplicates("path").duplicated("pid").any():
            raise ValueError(
                f"protocol {self.name} needs two images of an identity, one to ask and one to "
                "answer; no identity here has two"
            )

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """One comparison a trial."""
        images = pooled(query, gallery)
        # By path, so that the draws do not depend on how the images came to be divided before.
        images = images.take(np.argsort(images.table["path"].to_numpy(dtype=np.str_)))
        for trial in range(self.trials):
            shown = draw_one_each(images.pids, seed=self.seed, split=trial)
            yield Comparison(
                images.take(~shown), images.take(shown), camera_filter="none", trial=trial
            )
