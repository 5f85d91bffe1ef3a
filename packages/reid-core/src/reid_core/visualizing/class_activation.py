"""Grad-CAM for networks that embed: which places of the map make an image what it is."""

from __future__ import annotations

import torch
from torch import Tensor

from reid_core.models import ReidModel, ReidOutput

__all__ = ["grad_cam", "run", "setting_apart"]


def run(model: ReidModel, images: Tensor) -> ReidOutput:
    """Output for uint8 images (B, 3, H, W) of unknown cameras.

    Raises:
        ValueError: the model takes clips.
    """
    if getattr(model, "takes_clips", False):
        raise ValueError("the model takes clips; only models of single images can be looked into")
    normalized = model.preprocessing.normalize(images)
    if getattr(model, "needs_cameras", False):
        unknown = torch.full((len(images),), -1, dtype=torch.int64, device=images.device)
        return model(normalized, camids=unknown)  # type: ignore[no-any-return]
    return model(normalized)  # type: ignore[no-any-return]


def grad_cam(model: ReidModel, images: Tensor) -> Tensor:
    """Where images differ from the others beside them, as the network sees it.

    Grad-CAM explains a score, and a network that embeds has none. Here an image's score is its
    embedding along the direction from the mean of all embeddings to its own: what sets this person
    apart from the others. One image alone is measured along its embedding.

    The heat is as coarse as the map: where that has 4 x 2 places, each of which has seen most of
    the image, it tells little, and `occlusion` tells more.

    Args:
        model: in evaluation mode.
        images: uint8 (B, 3, H, W) of different people.

    Returns:
        (B, H', W') in [0, 1], each image's highest place being 1.

    Raises:
        ValueError: the model has no feature map, or takes clips.

    Source:
        Selvaraju et al., "Grad-CAM", ICCV 2017, equations 1 and 2.
    """
    with torch.enable_grad():
        output = run(model, images)
        features = output.feature_map
        if features is None:
            raise ValueError("the model has no feature map to look into; use --kind embedding")
        if not features.requires_grad:
            raise ValueError("the model's weights are frozen; set requires_grad before")
        directions = setting_apart(output.embedding.detach())
        [gradients] = torch.autograd.grad((output.embedding * directions).sum(), features)
    weights = gradients.mean((2, 3), keepdim=True)
    return to_unit((weights * features.detach()).sum(1).relu())


def setting_apart(embeddings: Tensor) -> Tensor:
    """Directions (B, D) of length 1 from the mean of embeddings (B, D) to each; one has its own."""
    others = embeddings.mean(0) if len(embeddings) > 1 else 0.0
    return torch.nn.functional.normalize(embeddings - others, dim=1)


def to_unit(maps: Tensor) -> Tensor:
    """Maps (B, H, W), each divided by its largest value."""
    return maps / maps.amax((1, 2), keepdim=True).clamp_min(1e-12)
