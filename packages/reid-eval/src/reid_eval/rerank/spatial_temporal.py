"""Visual similarity joined with how plausible the time between two cameras is (st-ReID).

Source: Wang, Lai, Huang and Xie, "Spatial-Temporal Person Re-identification", AAAI 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from reid_eval.rerank.distances import Array, FeatureDistances
from reid_eval.rerank.transition_counts import check_frames
from reid_eval.rerank.transitions import Transitions

__all__ = ["Fusion", "JointDistances", "JointLogistic", "LikelihoodRatio"]


class Fusion(Protocol):
    """How cosine similarity and transitions become one distance."""

    def evidence(self, transitions: Transitions) -> NDArray[np.float64]:
        """What [later, earlier, bin] says, (C, C, B); 0 must stand for cameras never seen."""
        ...

    def distance(self, cosine: Tensor, evidence: Tensor) -> Tensor:
        """Distances in [0, 2] of cosine similarities and evidence of the same shape."""
        ...


@dataclass(frozen=True)
class JointLogistic:
    """The published joint metric.

    With p the smoothed probability of the transition::

        S        = 1 / (1 + l0 exp(-g0 cos)) * 1 / (1 + l1 exp(-g1 p))
        distance = 2 - 2 S

    p is 0 for a camera with itself and for cameras that training knows nothing of. With the
    published window it never exceeds 0.014, so the second factor moves by some percent only; it
    decides because the first is nearly flat where similarities are high. So the constants matter.

    Attributes:
        visual: (l0, g0).
        temporal: (l1, g1).
        sigma: of the smoothing window, in bins.
    """

    visual: tuple[float, float] = (1.0, 5.0)
    temporal: tuple[float, float] = (2.0, 5.0)
    sigma: float = 50.0

    def evidence(self, transitions: Transitions) -> NDArray[np.float64]:
        """Smoothed probabilities (C, C, B)."""
        return transitions.probability(sigma=self.sigma)

    def distance(self, cosine: Tensor, evidence: Tensor) -> Tensor:
        """2 - 2 S."""
        visual, temporal = (
            1 / (1 + prior * torch.exp(-slope * value))
            for (prior, slope), value in ((self.visual, cosine), (self.temporal, evidence))
        )
        return 2 - 2 * visual * temporal


@dataclass(frozen=True)
class LikelihoodRatio:
    """Bayes' rule instead of a product of logistic functions.

    Visual log odds and the log likelihood ratio of the transition (how much likelier this time
    difference is for one person than for two, see `Transitions.log_likelihood_ratio`) add up::

        S        = sigmoid(sharpness (cos - offset) + weight log(p_same / p_other))
        distance = 2 - 2 S

    Time then counts as much as the data say, whatever the similarity is, and a transition that
    training knows nothing of changes nothing.

    Attributes:
        sharpness: log odds that one unit of cosine similarity is worth; a logistic regression on
            validation pairs gives it, with `offset`.
        offset: cosine similarity at which same and different are equally likely; it does not
            change the ranking, only the distances that re-ranking sees.
        weight: of the transitions; below 1 trusts them less than they say.
        sigma: of the smoothing window, in bins.
        uniform: see `Transitions.log_likelihood_ratio`.
    """

    sharpness: float = 20.0
    offset: float = 0.5
    weight: float = 1.0
    sigma: float = 50.0
    uniform: float = 0.1

    def evidence(self, transitions: Transitions) -> NDArray[np.float64]:
        """Log likelihood ratios (C, C, B)."""
        return transitions.log_likelihood_ratio(sigma=self.sigma, uniform=self.uniform)

    def distance(self, cosine: Tensor, evidence: Tensor) -> Tensor:
        """2 - 2 S, as 2 sigmoid(-log odds), which keeps its precision near 0."""
        odds = self.sharpness * (cosine - self.offset) + self.weight * evidence
        return 2 * torch.sigmoid(-odds)


class JointDistances:
    """Distances of features, cameras and frames together, block by block.

    Rank with `distance_blocks`, or re-rank with `KReciprocal().blocks`: no matrix of all pairs is
    needed. Of two equal frames the camera with the higher id counts as the later one, as in
    fitting, so the distances are symmetric.

    Args:
        query: (Q, D) features.
        gallery: (G, D) features.
        transitions: as fitted on training data.
        query_camids: (Q,) cameras; unknown ones (also -1) carry no evidence.
        gallery_camids: (G,).
        query_frames: (Q,) frame numbers on the clock of the training frames.
        gallery_frames: (G,).
        fusion: `JointLogistic()` as published, or `LikelihoodRatio()`.

    Raises:
        ValueError: frame numbers missing, lengths that do not fit, features not finite or zero.
    """

    symmetric = True

    def __init__(
        self,
        query: Array,
        gallery: Array,
        *,
        transitions: Transitions,
        query_camids: ArrayLike,
        gallery_camids: ArrayLike,
        query_frames: ArrayLike,
        gallery_frames: ArrayLike,
        fusion: Fusion | None = None,
    ) -> None:
        self._visual = visual = FeatureDistances(query, gallery)
        self._fusion = fusion or JointLogistic()
        self.queries, self.size, self.device = visual.queries, visual.size, visual.device
        frames = [check_frames(part) for part in (query_frames, gallery_frames)]
        camids = [np.asarray(part, np.int64) for part in (query_camids, gallery_camids)]
        expected = (visual.queries,), (visual.size - visual.queries,)
        for name, parts in (("camids", camids), ("frames", frames)):
            if (parts[0].shape, parts[1].shape) != expected:
                raise ValueError(
                    f"expected query and gallery {name} of shapes {expected[0]} and {expected[1]}, "
                    f"came {parts[0].shape} and {parts[1].shape}"
                )
        self._width = transitions.bin_width
        self._frames = torch.from_numpy(np.concatenate(frames)).to(self.device)
        index = _camera_index(np.concatenate(camids), transitions.cameras)
        self._cameras = torch.from_numpy(index).to(self.device)
        # One more camera, without evidence, stands for all that training did not see.
        evidence = np.pad(self._fusion.evidence(transitions), ((0, 1), (0, 1), (0, 0)))
        self._evidence = torch.from_numpy(evidence.astype(np.float32)).to(self.device)

    def block(self, rows: slice, columns: slice) -> Tensor:
        """Distances (R, C) of consecutive items."""
        visual = self._visual.block(rows, columns)
        return self._join(
            visual,
            (self._cameras[rows, None], self._frames[rows, None]),
            (self._cameras[columns], self._frames[columns]),
        )

    def pairs(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Distances (P,) of listed pairs."""
        visual = self._visual.pairs(rows, columns)
        rows, columns = rows.to(self.device), columns.to(self.device)
        return self._join(
            visual,
            (self._cameras[rows], self._frames[rows]),
            (self._cameras[columns], self._frames[columns]),
        )

    def _join(
        self, visual: Tensor, first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]
    ) -> Tensor:
        cameras, bins = self._evidence.shape[1:]
        difference = second[1] - first[1]
        second_later = (difference > 0) | ((difference == 0) & (second[0] >= first[0]))
        bin_index = difference.abs_().div_(self._width).clamp_max_(bins - 1).long()
        pair = torch.where(
            second_later, second[0] * cameras + first[0], first[0] * cameras + second[0]
        )
        evidence = self._evidence.view(-1)[pair.mul_(bins).add_(bin_index)]
        return self._fusion.distance(1 - visual / 2, evidence)


def _camera_index(camids: NDArray[np.int64], cameras: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each camera id among the known cameras; their number for an unknown one."""
    index = np.minimum(np.searchsorted(cameras, camids), len(cameras) - 1)
    return np.where(cameras[index] == camids, index, len(cameras))
