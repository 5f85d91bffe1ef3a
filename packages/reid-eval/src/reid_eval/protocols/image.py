"""Image against image: the protocols of Market-1501, and of data without cameras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from reid_eval.embeddings import Embeddings
from reid_eval.protocols.comparison import Comparison

__all__ = ["CrossCamera", "NoCameras"]


@dataclass(frozen=True, kw_only=True)
class CrossCamera:
    r"""Every gallery image is ranked for every query image; the default (``image``).

    For a query of person p seen by camera c, the gallery images with ``pid = p`` are

    - matches, if their camera is not c;
    - left out, if it is c: they are neither found nor in the way.

    All others are non-matches: other people, and distractors (pid 0 in Market-1501). Junk
    (pid -1) is left out for every query. A query without a match is skipped, and said so. With
    r_j the rank of the j-th of P matches::

        AP      = 1/P sum_j j / r_j              (or Market-1501's trapezoid, if asked for)
        INP     = P / r_P
        Rank-k  = share of the queries with r_1 <= k

    An unknown camera equals no other, so without cameras nothing is left out.

    Source: Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015; INP: Ye et
    al., "Deep Learning for Person Re-identification: A Survey and Outlook", TPAMI 2021.
    """

    name: ClassVar[str] = "image"
    redraws: ClassVar[bool] = False

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Anything with identities will do."""

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """The one comparison there is."""
        yield Comparison(query, gallery)


@dataclass(frozen=True, kw_only=True)
class NoCameras:
    """Image against image, and no camera is ever left out (``none``).

    As [`CrossCamera`][reid_eval.protocols.image.CrossCamera], but every gallery image of the
    query's person is a match. Where queries and gallery share a camera this is the easier task:
    re-identification toolkits that leave the filter out report several points more.

    For data without cameras (MOT17's crops, in-shop clothes, animals).
    """

    name: ClassVar[str] = "none"
    redraws: ClassVar[bool] = False

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Anything with identities will do."""

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """The one comparison there is."""
        yield Comparison(query, gallery, camera_filter="none")
