"""C2T-Net: a transformer of tokens and one of stages, which look at each other's places."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reid_attr.models.attribute_model import Body
from reid_attr.models.channel_attention import ChannelAttention
from reid_attr.models.cross_fusion import CrossFusion
from reid_attr.models.trunks import StageTrunk, TokenTrunk

__all__ = ["SIZES", "C2TNet", "TrunkChoice"]

TrunkChoice = tuple[str, dict[str, Any]]
"""A network of timm and further arguments of it."""

SIZES: dict[str, tuple[TrunkChoice, TrunkChoice]] = {
    "c2tnet": (
        ("eva_large_patch14_196.in22k_ft_in1k", {}),
        ("swin_base_patch4_window7_224.ms_in22k", {"drop_path_rate": 0.0}),
    ),
    "c2tnet_small": (
        ("vit_tiny_patch16_224", {"depth": 2, "embed_dim": 96, "num_heads": 3}),
        (
            "convnext_atto",
            {
                "depths": (1, 1, 2, 1),
                "dims": (16, 32, 64, 96),
                "stem_type": "overlap",
                "kernel_sizes": 3,
                "conv_mlp": True,
                "norm_layer": "batchnorm2d",
                "ls_init_value": None,
                "drop_path_rate": 0.0,
            },
        ),
    ),
}
"""The trunks of tokens and of stages: the published pair, and one for CPUs.

The small one learns from scratch in few steps: overlapping convolutions, batch normalisation and
blocks that count from the start."""


class C2TNet(Body):
    """Images in [0, 1] to one feature of twice the trunks' width.

    With the class token t and patches P of one trunk, the places Q of the other's last map and
    their mean g:

        f = [LN(g + CA(g, [g; P])), LN(t + CA(t, [t; Q]))]

    Before each stage's blocks there is channel attention, built for the map that the image size
    gives.

    Args:
        tokens: the trunk with a class token.
        stages: the trunk of stages.
        image_size: height and width.
        scrambled: channel attention as published, see `ChannelAttention`.
        pretrained: fetch both trunks' published weights.
        token_weights: a local file for the first.
        stage_weights: a local file for the second.

    Raises:
        ValueError: a trunk cannot be built, or they have different widths.
    """

    def __init__(
        self,
        tokens: TrunkChoice,
        stages: TrunkChoice,
        *,
        image_size: tuple[int, int],
        scrambled: bool = False,
        pretrained: bool = False,
        token_weights: Path | None = None,
        stage_weights: Path | None = None,
    ) -> None:
        super().__init__()
        self.tokens = TokenTrunk(
            tokens[0],
            image_size=image_size,
            pretrained=pretrained,
            weights=token_weights,
            options=tokens[1],
        )
        self.stages = StageTrunk(
            stages[0],
            image_size=image_size,
            before_stage=partial(ChannelAttention, scrambled=scrambled),
            pretrained=pretrained,
            weights=stage_weights,
            options=stages[1],
        )
        width = self.tokens.width
        if self.stages.width != width:
            raise ValueError(
                f"the trunks must be of one width: {tokens[0]} has {width} and {stages[0]} has "
                f"{self.stages.width} channels"
            )
        self.token_fusion, self.stage_fusion = CrossFusion(width), CrossFusion(width)
        self.token_norm, self.stage_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.width = 2 * width

    def forward(self, images: Tensor) -> Tensor:
        """Map images ``(B, 3, H, W)`` in [0, 1] to features ``(B, D)``."""
        token, patches = self.tokens(images)
        mean, places = self.stages(images)
        by_stages = self.stage_norm(self.stage_fusion(mean, patches))
        by_tokens = self.token_norm(self.token_fusion(token, places))
        return torch.cat([by_stages, by_tokens], dim=1)

    def parts(self) -> dict[str, list[nn.Module]]:
        """What fine-tuning names, and the modules it means."""
        return {
            "trunks": [
                self.tokens,
                self.stages.network,
                self.stages.norm,
            ],
            "channel attention": [self.stages.before],
            "cross-fusion": [
                self.token_fusion,
                self.stage_fusion,
                self.token_norm,
                self.stage_norm,
            ],
        }
