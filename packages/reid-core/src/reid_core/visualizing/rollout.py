"""Attention rollout: which patches reach the embedding through all layers of a ViT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from reid_core.models import ReidModel
from reid_core.visualizing.class_activation import run, to_unit

__all__ = ["attention_rollout", "roll_out"]


def attention_rollout(model: ReidModel, images: Tensor) -> Tensor:
    """How much each patch takes part in what is pooled, followed through all layers.

    A model that has an attention map of its own gives that one.

    Args:
        model: built on a ViT, or with an attention of its own; in evaluation mode.
        images: uint8 (B, 3, H, W).

    Returns:
        (B, H', W') in [0, 1], each image's highest place being 1, its lowest 0.

    Raises:
        ValueError: the network has no attention between all places of an image.

    Source:
        Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020, equation 1.
    """
    with _recorded(model) as layers, torch.no_grad():
        output = run(model, images)
    own = getattr(output, "attention", None)
    if own is not None:
        return _stretched(own.float())
    if not layers or output.feature_map is None or not _are_global(layers, len(images)):
        name = model.architecture.get("name", "the model")
        raise ValueError(
            f"{name} has no attention between all places of an image; use --kind gradcam"
        )
    height, width = output.feature_map.shape[2:]
    flow = roll_out(layers)
    before = flow.shape[-1] - height * width  # class and register tokens stand before the patches
    if before < 0:
        raise ValueError("the map has more places than the attention has tokens")
    seen = flow[:, before:, before:].mean(1)
    return _stretched(seen.reshape(-1, height, width))


def roll_out(layers: Sequence[Tensor]) -> Tensor:
    """Follow attention (B, heads, N, N) of each layer, first layer first, to the inputs (B, N, N).

    Heads are averaged, and half of each layer is the residual connection.

    Examples:
        >>> swap = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).view(1, 1, 2, 2)
        >>> roll_out([swap, swap]).squeeze(0).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    flow = torch.eye(layers[0].shape[-1], device=layers[0].device).expand(len(layers[0]), -1, -1)
    for attention in layers:
        mixed = 0.5 * attention.float().mean(1) + 0.5 * torch.eye(
            attention.shape[-1], device=attention.device
        )
        flow = mixed / mixed.sum(-1, keepdim=True) @ flow
    return flow


def _are_global(layers: Sequence[Tensor], images: int) -> bool:
    """Whether every layer attends to the same tokens, all of an image's (no windows)."""
    shapes = {(len(layer), *layer.shape[-2:]) for layer in layers}
    return shapes == {(images, layers[0].shape[-1], layers[0].shape[-1])}


@contextmanager
def _recorded(model: nn.Module) -> Iterator[list[Tensor]]:
    """Collects what timm's attention layers multiply their values with."""
    found: list[Tensor] = []
    layers: list[Any] = [
        module
        for module in model.modules()
        if hasattr(module, "fused_attn") and hasattr(module, "attn_drop")
    ]
    fused = [layer.fused_attn for layer in layers]

    def record(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        found.append(output.detach())

    handles = [layer.attn_drop.register_forward_hook(record) for layer in layers]
    try:
        for layer in layers:
            layer.fused_attn = False  # the fused kernel never holds the attention
        yield found
    finally:
        for handle in handles:
            handle.remove()
        for layer, before in zip(layers, fused, strict=True):
            layer.fused_attn = before


def _stretched(maps: Tensor) -> Tensor:
    """Every token takes some part; only the differences are worth looking at."""
    return to_unit(maps - maps.amin((1, 2), keepdim=True))
