"""Octuplet loss: triplets within and across two resolutions of the same images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from reid_core.losses.checks import check_features_and_labels, check_same_shape
from reid_core.losses.distances import Metric, pairwise_distance
from reid_core.losses.pairs import mean_where, positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision
from reid_core.losses.triplet import hardest_triplets, hinge

__all__ = ["ALL_OCTUPLET_PARTS", "OctupletLoss", "OctupletPart", "octuplet_loss"]

OctupletPart = Literal["hhh", "hll", "lhh", "lll"]
ALL_OCTUPLET_PARTS: tuple[OctupletPart, ...] = ("hhh", "hll", "lhh", "lll")


@in_full_precision
def octuplet_loss(
    high: Tensor,
    low: Tensor,
    labels: Tensor,
    *,
    margin: float | None = 0.5,
    metric: Metric = "euclidean",
    parts: Sequence[OctupletPart] = ALL_OCTUPLET_PARTS,
    own_twin: bool = False,
) -> Tensor:
    """Four batch-hard triplet losses between original images and their low-resolution twins.

    The letters of a part are the resolutions of anchor, positive and negative, h being the
    originals and l the twins:
    ``L = sum over parts of mean_a h(max_p d(a, p) - min_n d(a, n))`` with
    ``h(x) = max(0, x + margin)`` (or the soft margin). Anchors without a positive or without a
    negative are left out of a part; a part of only such anchors is 0, with zero gradients.

    Args:
        high: features of the originals (B, D), before the BNNeck; half precision is widened.
        low: features (B, D) of the same images in low resolution, row by row.
        labels: identities (B,), any integers.
        margin: in units of the metric; None means the soft margin.
        metric: see [`pairwise_distance`][reid_core.losses].
        parts: which of the four to sum up.
        own_twin: whether in ``"hll"`` and ``"lhh"`` the same image in the other resolution is a
            positive too. In the source it never is.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the parts are unknown, repeated or none.

    Source:
        Knoche et al., "Octuplet Loss: Make Face Recognition Robust to Image Resolution", FG 2023.
        Published code gives an anchor without a positive one at distance 0; here it is left out.

    Examples:
        >>> high, low = torch.tensor([[0.0], [1.0], [4.0]]), torch.tensor([[1.0], [1.0], [3.0]])
        >>> octuplet_loss(high, low, torch.tensor([0, 0, 1]), margin=3.0, parts=["lhh"])
        tensor(0.5000)
    """
    check_same_shape(high, low)
    check_features_and_labels(high, labels)
    _check_parts(parts)
    across = pairwise_distance(high, low, metric=metric)
    # Anchors of the first resolution in rows, the others' resolution in columns.
    blocks = {
        "hhh": lambda: pairwise_distance(high, high, metric=metric),
        "hll": lambda: across,
        "lhh": lambda: across.T,
        "lll": lambda: pairwise_distance(low, low, metric=metric),
    }
    positive, negative = positive_and_negative_pairs(labels)
    losses = []
    for part in parts:
        near = ~negative if own_twin and part in ("hll", "lhh") else positive
        gaps, counts = hardest_triplets(blocks[part](), near, negative)
        losses.append(mean_where(hinge(gaps, margin), counts))
    return torch.stack(losses).sum()


def _check_parts(parts: Sequence[str]) -> None:
    known = ALL_OCTUPLET_PARTS
    if not parts or len(set(parts)) != len(parts) or not set(parts) <= set(known):
        raise ValueError(f"parts must be some of {', '.join(known)}, each once, not {list(parts)}")


class OctupletLoss(nn.Module):
    """[`octuplet_loss`][reid_core.losses] with its settings.

    Args:
        margin: None means the soft margin.
        metric: ``"euclidean"``, ``"squared_euclidean"`` or ``"cosine"``.
        parts: which of ``"hhh"``, ``"hll"``, ``"lhh"`` and ``"lll"`` to sum up.
        own_twin: whether an image's own twin is one of its positives.
    """

    def __init__(
        self,
        *,
        margin: float | None = 0.5,
        metric: Metric = "euclidean",
        parts: Sequence[OctupletPart] = ALL_OCTUPLET_PARTS,
        own_twin: bool = False,
    ) -> None:
        super().__init__()
        _check_parts(parts)
        self.margin = margin
        self.metric: Metric = metric
        self.parts = tuple(parts)
        self.own_twin = own_twin

    def forward(self, high: Tensor, low: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) of originals and of their twins, with labels (B,)."""
        return octuplet_loss(
            high,
            low,
            labels,
            margin=self.margin,
            metric=self.metric,
            parts=self.parts,
            own_twin=self.own_twin,
        )
