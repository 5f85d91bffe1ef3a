"""Losses of re-identification: each a function, and a thin module that keeps its settings.

Nothing here knows a training loop, a data set or a model: features and labels go in, a scalar
comes out, in float32 at least.
"""

from reid_core.losses.center import (
    CenterLoss,
    center_loss,
)
from reid_core.losses.centroid_triplet import (
    CentroidForm,
    CentroidTripletLoss,
    centroid_triplet_loss,
)
from reid_core.losses.circle import (
    CircleLoss,
    circle_loss,
)
from reid_core.losses.clothes import (
    ClothesAdversarialLoss,
    clothes_adversarial_loss,
)
from reid_core.losses.cluster_memory import (
    ClusterMemory,
    MemoryUpdate,
    cluster_centers,
    cluster_contrast_loss,
    moved_centers,
)
from reid_core.losses.consistency import (
    DecorrelationLoss,
    LcnLoss,
    LsrLoss,
    decorrelation_loss,
    lcn_loss,
    lsr_loss,
)
from reid_core.losses.contrastive import (
    ContrastiveLoss,
    SupervisedContrastiveLoss,
    contrastive_loss,
    supervised_contrastive_loss,
)
from reid_core.losses.cross_entropy import (
    IdentityHead,
    IdentityLoss,
    label_smoothed_cross_entropy_loss,
    outlier_cross_entropy_loss,
)
from reid_core.losses.distances import (
    Metric,
    pairwise_distance,
)
from reid_core.losses.distillation import (
    CosineDistillationLoss,
    KlDistillationLoss,
    KlMean,
    MseDistillationLoss,
    cosine_distillation_loss,
    kl_distillation_loss,
    mse_distillation_loss,
)
from reid_core.losses.gather import (
    gather_rows,
)
from reid_core.losses.margin_heads import (
    ArcFaceHead,
    CircleHead,
    CosFaceHead,
    CosineHead,
    SubCenterHead,
    class_cosines,
)
from reid_core.losses.margin_logits import (
    arcface_logits,
    circle_logits,
    cosface_logits,
)
from reid_core.losses.multi_similarity import (
    MultiSimilarityLoss,
    multi_similarity_loss,
)
from reid_core.losses.octuplet import (
    OctupletLoss,
    OctupletPart,
    octuplet_loss,
)
from reid_core.losses.osm_caa import (
    OsmCaaLoss,
    osm_caa_loss,
)
from reid_core.losses.smooth_ap import (
    SmoothAPLoss,
    smooth_ap_loss,
)
from reid_core.losses.triplet import (
    BatchHardTripletLoss,
    batch_hard_triplet_loss,
)
from reid_core.losses.triplet_all import (
    AllTripletsLoss,
    TripletAverage,
    all_triplets_loss,
)
from reid_core.losses.triplet_weighted import (
    WeightedTripletLoss,
    weighted_triplet_loss,
)
from reid_core.losses.variance import VarianceLoss, variance_loss

__all__ = [
    "AllTripletsLoss",
    "ArcFaceHead",
    "BatchHardTripletLoss",
    "CenterLoss",
    "CentroidForm",
    "CentroidTripletLoss",
    "CircleHead",
    "CircleLoss",
    "ClothesAdversarialLoss",
    "ClusterMemory",
    "ContrastiveLoss",
    "CosFaceHead",
    "CosineDistillationLoss",
    "CosineHead",
    "DecorrelationLoss",
    "IdentityHead",
    "IdentityLoss",
    "KlDistillationLoss",
    "KlMean",
    "LcnLoss",
    "LsrLoss",
    "MemoryUpdate",
    "Metric",
    "MseDistillationLoss",
    "MultiSimilarityLoss",
    "OctupletLoss",
    "OctupletPart",
    "OsmCaaLoss",
    "SmoothAPLoss",
    "SubCenterHead",
    "SupervisedContrastiveLoss",
    "TripletAverage",
    "VarianceLoss",
    "WeightedTripletLoss",
    "all_triplets_loss",
    "arcface_logits",
    "batch_hard_triplet_loss",
    "center_loss",
    "centroid_triplet_loss",
    "circle_logits",
    "circle_loss",
    "class_cosines",
    "clothes_adversarial_loss",
    "cluster_centers",
    "cluster_contrast_loss",
    "contrastive_loss",
    "cosface_logits",
    "cosine_distillation_loss",
    "decorrelation_loss",
    "gather_rows",
    "kl_distillation_loss",
    "label_smoothed_cross_entropy_loss",
    "lcn_loss",
    "lsr_loss",
    "moved_centers",
    "mse_distillation_loss",
    "multi_similarity_loss",
    "octuplet_loss",
    "osm_caa_loss",
    "outlier_cross_entropy_loss",
    "pairwise_distance",
    "smooth_ap_loss",
    "supervised_contrastive_loss",
    "variance_loss",
    "weighted_triplet_loss",
]
