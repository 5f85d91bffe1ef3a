"""Losses of re-identification: each a function, and a thin module that keeps its settings.

Nothing here knows a training loop, a data set or a model: features and labels go in, a scalar
comes out, in float32 at least.
"""

from reid_core.losses.center import CenterLoss, center_loss
from reid_core.losses.cross_entropy import (
    IdentityHead,
    IdentityLoss,
    label_smoothed_cross_entropy_loss,
)
from reid_core.losses.distances import Metric, pairwise_distance
from reid_core.losses.triplet import BatchHardTripletLoss, batch_hard_triplet_loss

__all__ = [
    "BatchHardTripletLoss",
    "CenterLoss",
    "IdentityHead",
    "IdentityLoss",
    "Metric",
    "batch_hard_triplet_loss",
    "center_loss",
    "label_smoothed_cross_entropy_loss",
    "pairwise_distance",
]
