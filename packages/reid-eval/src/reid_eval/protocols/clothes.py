"""Clothes-changing re-identification: LTCC, PRCC and their like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_data.datasets.draws import draw_one_each
from reid_eval.embeddings import Embeddings
from reid_eval.metrics import LeftOut
from reid_eval.protocols.comparison import Comparison, require
from reid_eval.protocols.tracklet import Pooling, pool_tracklets, require_tracklets

__all__ = ["ClothChanging", "SameClothes", "Standard"]

_Outfit = Literal["any", "same", "other"]

_MADE_BY = (
    "Clothes-changing data sets have it (ltcc, prcc, vc_clothes, ccvid, last, deepchange, "
    "celeb_reid); in a CSV it is the column clothes_id, numbered for each person"
)


@dataclass(frozen=True, kw_only=True)
class Standard:
    """Clothes may change or not (``standard``; LTCC's standard setting, CCVID's general one).

    The gallery images of the query's person p from the query's camera c are left out; all others
    of p are matches, whatever is worn::

        match:     pid = p and camera != c
        left out:  pid = p and camera = c

    So with ``shots="all"`` it is [`CrossCamera`][reid_eval.protocols.image.CrossCamera].

    Attributes:
        shots: ``"all"`` ranks the whole gallery. ``"single"`` draws one gallery image for each
            person, camera and outfit (in PRCC, where the gallery is one camera and one outfit,
            one image a person) and repeats that.
        trials: repetitions of single-shot; the mean and the deviation over them are reported.
        seed: of the draws.
        unit: ``"image"``, or ``"tracklet"`` for video (CCVID): see
            [`Tracklets`][reid_eval.protocols.tracklet.Tracklets].
        pooling: of the frames of a tracklet.

    Sources: Qian et al., "Long-Term Cloth-Changing Person Re-identification", ACCV 2020 (LTCC);
    Yang, Wu and Zheng, "Person Re-identification by Contour Sketch under Moderate Clothing
    Change", TPAMI 2021 (PRCC, single-shot, ten draws).
    """

    name: ClassVar[str] = "standard"
    redraws: ClassVar[bool] = False
    _outfit: ClassVar[_Outfit] = "any"
    shots: Literal["all", "single"] = "all"
    trials: int = 10
    seed: int = 0
    unit: Literal["image", "tracklet"] = "image"
    pooling: Pooling = "mean"

    def __post_init__(self) -> None:
        if self.trials < 1 or self.seed < 0:
            raise ValueError(
                f"trials must be 1 or more and seed 0 or more, came {self.trials}, {self.seed}"
            )

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Refuse images without an outfit, and queries that can never have a match."""
        require(self.name, "clothes_id", query, gallery, made_by=_MADE_BY)
        if self.unit == "tracklet":
            require_tracklets(self.name, query, gallery)
        if self._outfit != "any" and not _any_pair(query, gallery, same=self._outfit == "same"):
            clothes = "the same clothes" if self._outfit == "same" else "other clothes"
            raise ValueError(
                f"protocol {self.name} finds nothing to look for: no query's person is in the "
                f"gallery in {clothes}, seen by another camera (PRCC's queries are chosen by "
                "prcc:query=changed, same or both)"
            )

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """One comparison with the whole gallery, or one a draw."""
        if self.unit == "tracklet":
            query, gallery = (
                pool_tracklets(side, pooling=self.pooling) for side in (query, gallery)
            )
        if self.shots == "all":
            yield Comparison(query, gallery, left_out=_by_outfit(query, gallery, self._outfit))
            return
        kinds = gallery.table[["pid", "camid", "clothes_id"]].groupby(
            ["pid", "camid", "clothes_id"], dropna=False
        )
        kind = kinds.ngroup().to_numpy(np.int64)
        for trial in range(self.trials):
            drawn = gallery.take(draw_one_each(kind, seed=self.seed, split=trial))
            left_out = _by_outfit(query, drawn, self._outfit)
            yield Comparison(query, drawn, left_out=left_out, trial=trial)


@dataclass(frozen=True, kw_only=True)
class ClothChanging(Standard):
    """Everyone has changed clothes (``cloth-changing``).

    Gallery images of the query's person p in the query's outfit o, or from its camera c, are left
    out; what is left of p wears something else::

        match:     pid = p and camera != c and clothes != o
        left out:  pid = p and (camera = c or clothes = o)

    In PRCC camera C asks and camera A answers (``prcc:query=changed``). The options and sources
    are those of [`Standard`][reid_eval.protocols.clothes.Standard].
    """

    name: ClassVar[str] = "cloth-changing"
    _outfit: ClassVar[_Outfit] = "other"


@dataclass(frozen=True, kw_only=True)
class SameClothes(Standard):
    """Nobody has changed clothes (``same-clothes``).

    Gallery images of the query's person p in another outfit than the query's o, or from its camera
    c, are left out::

        match:     pid = p and camera != c and clothes = o
        left out:  pid = p and (camera = c or clothes != o)

    In PRCC camera B asks and camera A answers (``prcc:query=same``). The options and sources are
    those of [`Standard`][reid_eval.protocols.clothes.Standard]; the published code for LTCC reports
    this setting too (Gu et al., "Clothes-Changing Person Re-identification with RGB Modality
    Only", CVPR 2022).
    """

    name: ClassVar[str] = "same-clothes"
    _outfit: ClassVar[_Outfit] = "same"


def _by_outfit(query: Embeddings, gallery: Embeddings, wanted: _Outfit) -> LeftOut | None:
    """Pairs of one person that do not count, beside those of one camera."""
    if wanted == "any":
        return None
    asked, worn = _outfits(query.table), _outfits(gallery.table)

    def left_out(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
        same = (asked[rows] == worn[columns]) & (asked[rows] >= 0)
        return np.asarray(same if wanted == "other" else ~same)

    return left_out


def _outfits(table: pd.DataFrame) -> NDArray[np.int64]:
    """Outfits ``(N,)``; -1 where unknown (of distractors and junk)."""
    return np.asarray(
        table["clothes_id"].astype("Int64").to_numpy(dtype=np.int64, na_value=-1), np.int64
    )


def _any_pair(query: pd.DataFrame, gallery: pd.DataFrame, *, same: bool) -> bool:
    """Whether anyone is seen in the same (or in another) outfit on both sides, elsewhere."""
    columns = ["pid", "camid", "clothes_id"]
    kinds = [side[columns].drop_duplicates() for side in (query, gallery)]
    pairs = kinds[0].merge(kinds[1], on="pid")
    wanted = (pairs["clothes_id_x"] == pairs["clothes_id_y"]) == same
    elsewhere = (pairs["camid_x"] != pairs["camid_y"]).fillna(value=True)
    return bool((wanted & elsewhere).any())
