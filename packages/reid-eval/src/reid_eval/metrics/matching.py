"""Which gallery items a query must find, must not be asked about, and why it is skipped."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_eval.metrics.labels import Labels, as_labels, check_cameras
from reid_eval.metrics.options import CameraFilter, check_option

__all__ = ["EVALUATED", "SKIP_REASONS", "Matching", "Pairs", "match_labels"]

EVALUATED = ""
SKIP_REASONS = ("junk query", "camera filter", "no identity in gallery")
"""Why a query has no result: see `Matching`."""


@dataclass(frozen=True)
class Pairs:
    """Query and gallery pairs of one run of queries, by query (CSR), gallery index ascending.

    Attributes:
        start: ``(Q + 1,)`` query ``i`` owns the entries ``start[i]`` to ``start[i + 1]``.
        column: ``(N,)`` gallery indices.
    """

    start: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]

    @property
    def query(self) -> npt.NDArray[np.int64]:
        """``(N,)`` the query, counted within the run, of each entry."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


class Matching:
    """Relates queries to gallery items by identity and camera.

    A gallery item of the query's identity is a match, unless the camera filter is
    ``"cross-camera"`` and both were seen by the same known camera: then it is left out, as
    neither match nor non-match. Camera ids below 0 are unknown and equal to none. Items whose
    identity is in ``junk_pids`` are left out for every query, and queries with such an identity
    are skipped.

    Attributes:
        matches: ``(Q,)`` number of matches of each query.
        skip_reason: ``(Q,)`` empty for a query that is evaluated, else ``"junk query"``,
            ``"camera filter"`` (its identity is in the gallery, but only from its own camera) or
            ``"no identity in gallery"``.
        junk: ``(G,)`` true for gallery items that are left out for everyone.

    Args:
        query_pids: ``(Q,)``.
        gallery_pids: ``(G,)``.
        query_camids: ``(Q,)``, or None when no camera is known.
        gallery_camids: ``(G,)``, or None when no camera is known.
        camera_filter: see above.
        junk_pids: see above.

    Raises:
        ValueError: no query is left to evaluate.
    """

    def __init__(
        self,
        query_pids: Labels,
        gallery_pids: Labels,
        *,
        query_camids: Labels | None,
        gallery_camids: Labels | None,
        camera_filter: CameraFilter,
        junk_pids: Collection[int],
    ) -> None:
        junk_labels = np.array(sorted(junk_pids), dtype=np.int64)
        self.junk = np.isin(gallery_pids, junk_labels)
        query_code, gallery_code = _codes(query_pids, gallery_pids)
        self._order = np.argsort(gallery_code, kind="stable")
        self._first, self._last = _spans(gallery_code[self._order], query_code)
        junk_query = np.isin(query_pids, junk_labels)
        self._last[junk_query] = self._first[junk_query]
        self._cameras: tuple[Labels, Labels] | None = None
        if camera_filter == "cross-camera" and query_camids is not None:
            if gallery_camids is None:
                raise ValueError("query_camids came without gallery_camids; pass both or neither")
            self._cameras = (query_camids, gallery_camids)
        same_pid = self.same_pid_counts
        self.matches = same_pid - self._same_camera_counts(query_code, gallery_code)
        self.skip_reason = np.where(self.matches > 0, EVALUATED, SKIP_REASONS[2]).astype("<U24")
        self.skip_reason[(self.matches == 0) & (same_pid > 0)] = SKIP_REASONS[1]
        self.skip_reason[junk_query] = SKIP_REASONS[0]
        self._refuse_nothing_left()

    @property
    def same_pid_counts(self) -> npt.NDArray[np.int64]:
        """``(Q,)`` gallery items of each query's identity, left-out ones included."""
        return self._last - self._first

    def _same_camera_counts(self, query_code: Labels, gallery_code: Labels) -> Labels:
        if self._cameras is None:
            return np.zeros_like(query_code)
        query_camera, gallery_camera = _codes(*self._cameras)
        size = 1 + max(int(query_camera.max()), int(gallery_camera.max()))
        in_order = np.sort(gallery_code * size + gallery_camera)
        first, last = _spans(in_order, query_code * size + query_camera)
        known = (self._cameras[0] >= 0) & (self.same_pid_counts > 0)
        return np.where(known, last - first, 0)

    def _refuse_nothing_left(self) -> None:
        if self.matches.any():
            return
        total = len(self.matches)
        junk, filtered, absent = (int((self.skip_reason == why).sum()) for why in SKIP_REASONS)
        message = (
            f"no query has a match: of {total} queries the camera filter emptied {filtered}, "
            f"{absent} have no identity in the gallery, {junk} are junk"
        )
        if filtered:
            message += '; pass camera_filter="none" to match within a camera'
        raise ValueError(message)

    def pairs(self, queries: npt.NDArray[np.int64]) -> tuple[Pairs, npt.NDArray[np.bool_]]:
        """All pairs of one identity, and which of them are matches.

        Args:
            queries: ``(n,)`` indices of queries.

        Returns:
            The pairs, and ``(N,)`` true where the pair is a match, false where it is left out.
        """
        counts = self.same_pid_counts[queries]
        start = np.concatenate([[0], np.cumsum(counts)])
        within = np.arange(start[-1]) - np.repeat(start[:-1], counts)
        column = self._order[np.repeat(self._first[queries], counts) + within]
        match = np.ones(len(column), dtype=np.bool_)
        if self._cameras is not None:
            query_camera = np.repeat(self._cameras[0][queries], counts)
            match = (query_camera < 0) | (query_camera != self._cameras[1][column])
        return Pairs(start=start, column=column), match


def match_labels(
    query_pids: Any,
    gallery_pids: Any,
    *,
    query_camids: Any,
    gallery_camids: Any,
    sizes: tuple[int, int],
    camera_filter: CameraFilter,
    junk_pids: Collection[int],
) -> Matching:
    """A `Matching` from labels as users hold them.

    Args:
        query_pids: ``(Q,)`` integers.
        gallery_pids: ``(G,)`` integers.
        query_camids: ``(Q,)`` integers or None.
        gallery_camids: ``(G,)`` integers or None.
        sizes: the ``Q`` and ``G`` that the features have.
        camera_filter: see `Matching`.
        junk_pids: see `Matching`.

    Raises:
        ValueError: labels that do not fit, cameras on one side only, no query with a match.
    """
    check_option("camera_filter", camera_filter, CameraFilter)
    check_cameras(query_camids, gallery_camids)
    cameras = query_camids is not None
    return Matching(
        as_labels("query_pids", query_pids, length=sizes[0]),
        as_labels("gallery_pids", gallery_pids, length=sizes[1]),
        query_camids=as_labels("query_camids", query_camids, length=sizes[0]) if cameras else None,
        gallery_camids=(
            as_labels("gallery_camids", gallery_camids, length=sizes[1]) if cameras else None
        ),
        camera_filter=camera_filter,
        junk_pids=junk_pids,
    )


def _codes(query: Labels, gallery: Labels) -> tuple[Labels, Labels]:
    """The same labels, renumbered from 0 without gaps."""
    _, codes = np.unique(np.concatenate([query, gallery]), return_inverse=True)
    codes = codes.reshape(-1).astype(np.int64, copy=False)
    return codes[: len(query)], codes[len(query) :]


def _spans(in_order: Labels, wanted: Labels) -> tuple[Labels, Labels]:
    """Where each wanted value begins and ends in a sorted array."""
    return (
        np.searchsorted(in_order, wanted, side="left").astype(np.int64, copy=False),
        np.searchsorted(in_order, wanted, side="right").astype(np.int64, copy=False),
    )
