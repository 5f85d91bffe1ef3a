"""Which gallery items a query must find, must not be asked about, and why it is skipped."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_eval.metrics.labels import Labels, as_labels, check_cameras
from reid_eval.metrics.options import CameraFilter, check_option

__all__ = [
    "EVALUATED",
    "SKIP_REASONS",
    "LeftOut",
    "Matching",
    "NoMatchError",
    "Pairs",
    "match_labels",
]

EVALUATED = ""
SKIP_REASONS = ("junk query", "camera filter", "no identity in gallery")
"""Why a query has no result: see `Matching`."""

PROTOCOL_FILTER = "protocol's filter"

LeftOut = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.bool_]]
"""Given ``(N,)`` query and ``(N,)`` gallery indices of pairs of one identity: which are left out,
neither matches nor non-matches."""

_MOST_PAIRS = 2**22  # looked at in one go when a protocol's own filter has to be asked


class NoMatchError(ValueError):
    """No query has anything to find.

    Attributes:
        skip_reason: ``(Q,)`` why each query is skipped, see `Matching`.
    """

    def __init__(self, message: str, skip_reason: npt.NDArray[np.str_]) -> None:
        super().__init__(message)
        self.skip_reason = skip_reason


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
    are skipped. A protocol may leave out more pairs of one identity.

    Attributes:
        matches: ``(Q,)`` number of matches of each query.
        skip_reason: ``(Q,)`` empty for a query that is evaluated, else ``"junk query"``,
            ``"camera filter"`` (its identity is in the gallery, but only from its own camera),
            ``"protocol's filter"`` (the same, with ``left_out``) or ``"no identity in gallery"``.
        junk: ``(G,)`` true for gallery items that are left out for everyone.

    Args:
        query_pids: ``(Q,)``.
        gallery_pids: ``(G,)``.
        query_camids: ``(Q,)``, or None when no camera is known.
        gallery_camids: ``(G,)``, or None when no camera is known.
        camera_filter: see above.
        junk_pids: see above.
        left_out: pairs of one identity that are left out besides.

    Raises:
        NoMatchError: no query is left to evaluate.
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
        left_out: LeftOut | None = None,
    ) -> None:
        self._left_out = left_out
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
        if left_out is None:
            self.matches = same_pid - self._same_camera_counts(query_code, gallery_code)
        else:
            self.matches = self._count_matches()
        self.skip_reason = np.where(self.matches > 0, EVALUATED, SKIP_REASONS[2]).astype("<U24")
        filtered = SKIP_REASONS[1] if left_out is None else PROTOCOL_FILTER
        self.skip_reason[(self.matches == 0) & (same_pid > 0)] = filtered
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

    def _count_matches(self) -> Labels:
        """Matches of each query, where only looking at the pairs themselves can tell."""
        counts = self.same_pid_counts
        runs = np.cumsum(counts) // _MOST_PAIRS
        for run in np.split(np.arange(len(counts)), np.flatnonzero(np.diff(runs)) + 1):
            pairs, match = self.pairs(run)
            counts[run] = np.bincount(pairs.query[match], minlength=len(run))
        return counts

    def _refuse_nothing_left(self) -> None:
        if self.matches.any():
            return
        junk, filtered, absent = (int((self.skip_reason == why).sum()) for why in SKIP_REASONS)
        which, hint = "camera", '; pass camera_filter="none" to match within a camera'
        if self._left_out is not None:
            filtered = int((self.skip_reason == PROTOCOL_FILTER).sum())
            which, hint = "protocol's", ""
        message = (
            f"no query has a match: of {len(self.matches)} queries the {which} filter emptied "
            f"{filtered}, {absent} have no identity in the gallery, {junk} are junk"
        )
        raise NoMatchError(message + hint * bool(filtered), self.skip_reason)

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
        if self._left_out is not None:
            match &= ~self._left_out(np.repeat(queries, counts), column)
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
    left_out: LeftOut | None = None,
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
        left_out: see `Matching`.

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
        left_out=left_out,
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
