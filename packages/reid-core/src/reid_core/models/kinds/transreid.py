"""``transreid``: a ViT that knows its camera and looks at shuffled patches as well."""

from __future__ import annotations

import copy
from typing import Annotated, Any

import torch
from pydantic import Field
from timm.layers import resample_abs_pos_embed  # type: ignore[attr-defined]
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from reid_core.backbones import Backbone, TimmBackbone
from reid_core.models.branches import Branch, joined
from reid_core.models.kinds.jigsaw import jigsaw
from reid_core.models.kinds.registry import ModelSpec, kind_registry
from reid_core.models.kinds.sides import SideEmbedding
from reid_core.models.reid_model import ReidModel, ReidOutput

__all__ = ["TransReID", "build_transreid"]

_Count = Annotated[int, Field(ge=0)]
_Many = Annotated[int, Field(ge=1)]


class TransReID(ReidModel):
    """Describes the whole by the class token and groups of shuffled patches by tokens of their own.

    The embedding is the class token's, followed by those of the groups divided by their number.

    Args:
        backbone: a ViT of timm with a class token; its last block is used twice.
        sides: what to add for camera and view, if anything.
        jigsaw_groups: groups of patches; 0: only the whole.
        shift: patches by which the sequence is rolled before it is shuffled.
        spec: what it was asked for.

    Source:
        He et al., "TransReID: Transformer-based Object Re-Identification", ICCV 2021.
    """

    def __init__(
        self,
        backbone: TimmBackbone,
        sides: SideEmbedding | None,
        *,
        jigsaw_groups: int,
        shift: int,
        spec: ModelSpec,
    ) -> None:
        heads = [spec.head(backbone.num_features) for _ in range(1 + jigsaw_groups)]
        size = sum(head.output_size for head in heads)
        super().__init__(size, spec.preprocessing(backbone), architecture=spec.architecture)
        network: Any = backbone.network
        *blocks, last = network.blocks
        network.blocks = nn.Sequential(*blocks)
        self.network = network
        self.whole = nn.Sequential(last, network.norm)
        self.groups = copy.deepcopy(self.whole) if jigsaw_groups else None
        network.norm = nn.Identity()
        self.sides = sides
        self.needs_cameras = sides is not None
        self.heads = nn.ModuleList(
            Branch(head, is_part=index > 0) for index, head in enumerate(heads)
        )
        self._shift = shift

    def forward(
        self, images: Tensor, camids: Tensor | None = None, viewids: Tensor | None = None
    ) -> ReidOutput:
        """Describe normalised float images (B, 3, H, W).

        Args:
            images: normalised.
            camids: (B,) int64, -1 for an unknown camera; left out, all are unknown.
            viewids: (B,) int64, likewise.
        """
        self.check(images)
        tokens = self._tokens(images, camids, viewids)
        prefix: int = self.network.num_prefix_tokens
        whole = self.whole(tokens)
        outputs = [self.heads[0](whole[:, 0])]
        if self.groups is not None:
            common, patches = tokens[:, :prefix], tokens[:, prefix:]
            cut = jigsaw(patches, groups=len(self.heads) - 1, shift=self._shift)
            for head, group in zip(self.heads[1:], cut, strict=True):
                outputs.append(head(self.groups(torch.cat([common, group], dim=1))[:, 0]))
        height, width = self.network.patch_embed.grid_size
        feature_map = whole[:, prefix:].transpose(1, 2).unflatten(2, (height, width))
        return _weighed(outputs, feature_map)

    def _tokens(self, images: Tensor, camids: Tensor | None, viewids: Tensor | None) -> Tensor:
        """What goes into the last block."""
        tokens = self.network._pos_embed(self.network.patch_embed(images))
        if self.sides is not None:
            tokens = tokens + self.sides(images.shape[0], camids, viewids)[:, None]
        result: Tensor = self.network.blocks(self.network.norm_pre(tokens))
        return result


def _weighed(outputs: list[ReidOutput], feature_map: Tensor) -> ReidOutput:
    """All outputs as one, the groups together as heavy as the published embedding has them."""
    if len(outputs) == 1:
        return ReidOutput(outputs[0].feature, outputs[0].embedding, feature_map)
    share = 1 / (len(outputs) - 1)
    scaled = [
        outputs[0],
        *(ReidOutput(part.feature * share, part.embedding * share) for part in outputs[1:]),
    ]
    total = joined(scaled)
    return ReidOutput(total.feature, total.embedding, feature_map, tuple(outputs))


@kind_registry.register("transreid")
def build_transreid(
    spec: ModelSpec,
    *,
    cameras: _Count = 0,
    views: _Count = 0,
    side_weight: float = 3.0,
    patch_stride: _Many | None = None,
    jigsaw_groups: _Count = 4,
    shift: _Count = 5,
) -> TransReID:
    """A ViT of timm with a class token.

    ``cameras`` is one more than the largest camid, ``views`` likewise; ``patch_stride`` below the
    size of a patch lets patches overlap; ``jigsaw_groups`` 0 leaves the second branch out.
    """
    if spec.pooling is not None:
        raise ValueError("kind transreid takes the class token; leave pooling unset")

    def check(backbone: Backbone) -> None:
        network: Any = getattr(backbone, "network", None)
        is_vit = isinstance(backbone, TimmBackbone) and isinstance(network, VisionTransformer)
        if not is_vit or network.cls_token is None or network.pos_embed is None:
            raise ValueError(
                f"kind transreid needs a ViT with a class token, and {spec.name} is none; "
                "choose timm:vit_base_patch16_224 or timm:deit_small_patch16_224"
            )

    backbone = spec.checked_backbone(check)
    network: Any = backbone.network
    if patch_stride is not None:
        _overlap(network, spec.image_size, patch_stride)
    has_sides = cameras > 0 or views > 0
    sides = SideEmbedding(backbone.num_features, cameras=cameras, views=views, weight=side_weight)
    return TransReID(
        backbone,  # type: ignore[arg-type]
        sides if has_sides else None,
        jigsaw_groups=jigsaw_groups,
        shift=shift,
        spec=spec,
    )


def _overlap(network: Any, image_size: tuple[int, int], stride: int) -> None:
    """Let patches begin every ``stride`` pixels; positions are interpolated for their new grid."""
    patch = network.patch_embed.patch_size
    if stride > min(patch):
        raise ValueError(f"patch_stride must be at most the {min(patch)} pixels of a patch")
    old = list(network.patch_embed.grid_size)
    new = [(side - length) // stride + 1 for side, length in zip(image_size, patch, strict=True)]
    prefix = 0 if network.no_embed_class else network.num_prefix_tokens
    position = resample_abs_pos_embed(
        network.pos_embed.data, new, old_size=old, num_prefix_tokens=prefix
    )
    network.patch_embed.proj.stride = (stride, stride)
    network.patch_embed.grid_size = tuple(new)
    network.patch_embed.num_patches = new[0] * new[1]
    network.pos_embed = nn.Parameter(position)
