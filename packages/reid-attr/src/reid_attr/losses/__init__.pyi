from .binary import (
    AsymmetricLoss,
    FocalLoss,
    WeightedBCELoss,
    asymmetric_loss,
    focal_loss,
    weighted_bce_loss,
)
from .categorical import CategoricalLoss, categorical_loss
from .combined import AttributeLoss, LossOptions
from .gradnorm import GradNorm, autograd_gradient_norms, gradient_norms, gradnorm_objective
from .logit_updating import LogitUpdate, update_logits
from .weighting import positive_ratios, sample_weights

__all__ = [
    "AsymmetricLoss",
    "AttributeLoss",
    "CategoricalLoss",
    "FocalLoss",
    "GradNorm",
    "LogitUpdate",
    "LossOptions",
    "WeightedBCELoss",
    "asymmetric_loss",
    "autograd_gradient_norms",
    "categorical_loss",
    "focal_loss",
    "gradient_norms",
    "gradnorm_objective",
    "positive_ratios",
    "sample_weights",
    "update_logits",
    "weighted_bce_loss",
]
