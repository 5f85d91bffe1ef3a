"""Histograms of transitions between cameras, counted from training data.

Source: Wang, Lai, Huang and Xie, "Spatial-Temporal Person Re-identification" (st-ReID), AAAI 2019.
"""

from __future__ import annotations

import itertools
import math
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_eval.rerank.distances import spans
from reid_eval.rerank.transitions import Transitions

__all__ = ["check_frames", "fit_transitions"]

PAIRS = 1 << 22  # time differences held at once


def fit_transitions(
    pids: ArrayLike,
    camids: ArrayLike,
    frames: ArrayLike,
    *,
    bin_width: float = 100.0,
    bins: int = 5000,
) -> Transitions:
    """Count how long people take between cameras, from training images.

    A person's time at a camera is the mean frame of their images there. Of two equal times the
    camera with the higher id counts as the later one.

    Args:
        pids: (N,) person of each image; images with a pid below 0 are left out.
        camids: (N,) camera of each image.
        frames: (N,) frame number on one clock for all cameras.
        bin_width: in frames; 100 as published.
        bins: number of bins; longer times count in the last one.

    Returns:
        The histograms, unsmoothed.

    Raises:
        ValueError: images without a frame number or camera, or nobody at two cameras.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, came {bins}")
    if not bin_width > 0:
        raise ValueError(f"bin_width must be above 0, came {bin_width}")
    times = check_frames(frames)
    people, where = np.asarray(pids, np.int64), np.asarray(camids, np.int64)
    if not people.shape == where.shape == times.shape or people.ndim != 1:
        raise ValueError(
            "expected pids, camids and frames of one length (N,), "
            f"came {people.shape}, {where.shape} and {times.shape}"
        )
    if (where < 0).any():
        raise ValueError(
            f"transitions need a camera for every image; {(where < 0).sum()} of {len(where)} "
            "have none; leave those images out or use data with cameras"
        )
    known = people >= 0
    visits = _visits(people[known], where[known], times[known])
    cameras, index = np.unique(visits[1], return_inverse=True)
    visits = visits[0], index, visits[2]
    shape = len(cameras), len(cameras), bins
    same = _count_same(*visits, shape, bin_width)
    if not same.any():
        raise ValueError(
            "transitions need people seen by at least two cameras; "
            f"none of the {len(np.unique(visits[0]))} people was"
        )
    return Transitions(cameras, same, _count_all(*visits[1:], shape, bin_width) - same, bin_width)


def check_frames(frames: ArrayLike) -> NDArray[np.float64]:
    """Frame numbers as float64, refused where any is missing (None, NaN or below 0).

    Raises:
        ValueError: frame numbers missing, or not numbers.
    """
    try:
        column = pd.array(np.asarray(frames), dtype="Float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"frames must be numbers: {error}") from error
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = ~((numbers >= 0) & np.isfinite(numbers))
    if missing.any():
        raise ValueError(
            f"spatial-temporal fusion needs a frame number for every image; {missing.sum()} of "
            f"{numbers.size} have none; use data with frame numbers or leave the fusion out"
        )
    return numbers


Visits: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Person, camera and mean frame, ordered by person, then camera."""


def _visits(
    pids: NDArray[np.int64], camids: NDArray[np.int64], times: NDArray[np.float64]
) -> Visits:
    both = np.stack([pids, camids], 1)
    unique, group, counts = np.unique(both, axis=0, return_inverse=True, return_counts=True)
    means = np.bincount(group.reshape(-1), times, minlength=len(unique)) / counts
    return unique[:, 0], unique[:, 1], means


def _tally(
    first: tuple[NDArray[np.int64], NDArray[np.float64]],
    second: tuple[NDArray[np.int64], NDArray[np.float64]],
    shape: tuple[int, int, int],
    bin_width: float,
) -> NDArray[np.float64]:
    """Histograms (C, C, B) of pairs of visits; a second visit has the higher camera."""
    difference = second[1] - first[1]
    later = np.where(difference >= 0, second[0], first[0])
    earlier = np.where(difference >= 0, first[0], second[0])
    bins = np.minimum(np.abs(difference) / bin_width, shape[2] - 1).astype(np.int64)
    flat = (later * shape[1] + earlier) * shape[2] + bins
    return np.bincount(flat.ravel(), minlength=math.prod(shape)).reshape(shape).astype(np.float64)


def _count_same(
    people: NDArray[np.int64],
    cameras: NDArray[np.int64],
    times: NDArray[np.float64],
    shape: tuple[int, int, int],
    bin_width: float,
) -> NDArray[np.float64]:
    """Histograms over the pairs of visits of one person."""
    counts = np.zeros(shape)
    for step in range(1, shape[0]):  # nobody has more visits than there are cameras
        paired = people[step:] == people[:-step]
        first = cameras[:-step][paired], times[:-step][paired]
        second = cameras[step:][paired], times[step:][paired]
        counts += _tally(first, second, shape, bin_width)
    return counts


def _count_all(
    cameras: NDArray[np.int64],
    times: NDArray[np.float64],
    shape: tuple[int, int, int],
    bin_width: float,
) -> NDArray[np.float64]:
    """Histograms over all pairs of visits at two different cameras."""
    counts = np.zeros(shape)
    for lower, higher in itertools.combinations(range(shape[0]), 2):
        first, second = times[cameras == lower], times[cameras == higher]
        for rows in spans(len(first), 1 + PAIRS // (1 + len(second))):
            visits = np.array(lower), first[rows, None]
            counts += _tally(visits, (np.array(higher), second), shape, bin_width)
    return counts
