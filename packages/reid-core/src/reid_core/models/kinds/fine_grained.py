"""``fine-grained`` and ``fine-grained-video``: two trunks, one for the whole, one for details."""

from __future__ import annotations

import copy
from typing import Annotated, Any

from pydantic import Field
from torch import Tensor, nn

from reid_core.backbones import Backbone
from reid_core.models.branches import Branch, joined
from reid_core.models.kinds.fine_grained_parts import PlaceContext, attended_mean, attention_map
from reid_core.models.kinds.registry import ModelSpec, kind_registry
from reid_core.models.kinds.temporal import TemporalName, temporal_pooling
from reid_core.models.reid_model import ReidModel, ReidOutput
from reid_data.hub import local_file

__all__ = ["FineGrained", "build_fine_grained", "build_fine_grained_video"]

_Size = Annotated[int, Field(ge=1)]


class FineGrained(ReidModel):
    """Describes the whole (F1) and its details (F2), each by half of the embedding.

    The first trunk's map, pooled, is F1; with it as weights of the channels, the map says which
    places count. The second trunk's map, weighted so and with a context over all places and
    frames, is F2. Differences from the published code: the attention belongs to each image, not
    to the batch (see `attention_map`), and frames are pooled by an attention if that is wanted.

    Args:
        trunks: two backbones with maps of one size.
        spec: what it was asked for.
        size: of each half.
        inner: channels in which places are compared.
        temporal: how frames are pooled; none: a model of images.

    Source:
        arXiv 2011.13475.
    """

    def __init__(
        self,
        trunks: tuple[Backbone, Backbone],
        *,
        spec: ModelSpec,
        size: int,
        inner: int,
        temporal: TemporalName | None,
    ) -> None:
        heads = [spec.head(size) for _ in range(2)]
        total = sum(head.output_size for head in heads)
        architecture = _without_weights(spec.architecture)
        super().__init__(total, spec.preprocessing(trunks[0]), architecture=architecture)
        self.takes_clips = temporal is not None
        self.trunks = nn.ModuleList(trunks)
        self.reductions = nn.ModuleList(_reduction(t.num_features, size) for t in trunks)
        self.context = PlaceContext(size, inner=inner)
        self.over_time = nn.ModuleList(temporal_pooling(temporal or "mean", size) for _ in range(2))
        self.halves = nn.ModuleList(Branch(head) for head in heads)

    def forward(self, images: Tensor) -> ReidOutput:
        """Describe normalised float images (B, 3, H, W), or clips (B, T, 3, H, W)."""
        self.check(images)
        clips = images if self.takes_clips else images[:, None]
        batch, length = clips.shape[:2]
        frames = clips.flatten(0, 1)
        # One image is a clip of one frame, over which both ways of pooling are the identity.
        whole, details = (
            reduce(trunk(frames))
            for trunk, reduce in zip(self.trunks, self.reductions, strict=True)
        )
        pooled = whole.mean(dim=(2, 3))
        attention = attention_map(whole, pooled.softmax(dim=1))
        weighted = details * attention[:, None]
        places = weighted.view(batch, length, *weighted.shape[1:]).permute(0, 1, 3, 4, 2)
        context = self.context(places.flatten(1, 3)).view(places.shape)
        maps = context.permute(0, 1, 4, 2, 3).flatten(0, 1)
        vectors = (pooled, attended_mean(maps, attention))
        outputs = [
            half(over_time(vector.view(batch, length, -1)))
            for half, over_time, vector in zip(self.halves, self.over_time, vectors, strict=True)
        ]
        # Metric losses see what is behind the normalisation here, as in the published model.
        outputs = [ReidOutput(output.embedding, output.embedding) for output in outputs]
        seen = attention.view(batch, length, *attention.shape[1:])
        if self.takes_clips:
            return joined(outputs, attention=seen)
        return joined(outputs, feature_map=maps, attention=seen[:, 0])


@kind_registry.register("fine-grained")
def build_fine_grained(
    spec: ModelSpec,
    *,
    size: _Size = 1024,
    inner: _Size = 256,
    second_weights: str | None = None,
) -> FineGrained:
    """For images; ``second_weights`` is a file for the second trunk, else it copies the first."""
    trunks = _trunks("fine-grained", spec, second_weights)
    return FineGrained(trunks, spec=spec, size=size, inner=inner, temporal=None)


@kind_registry.register("fine-grained-video")
def build_fine_grained_video(
    spec: ModelSpec,
    *,
    size: _Size = 1024,
    inner: _Size = 256,
    second_weights: str | None = None,
    temporal: TemporalName = "mean",
) -> FineGrained:
    """For clips; ``temporal`` says how frames are pooled."""
    trunks = _trunks("fine-grained-video", spec, second_weights)
    return FineGrained(trunks, spec=spec, size=size, inner=inner, temporal=temporal)


def _trunks(kind: str, spec: ModelSpec, second_weights: str | None) -> tuple[Backbone, Backbone]:
    if spec.embed_dim is not None or spec.pooling is not None:
        raise ValueError(
            f"kind {kind} pools in its own way; leave pooling and embed_dim unset and give "
            "options {size: ...}, half the length of the embedding"
        )
    first = spec.map_backbone(kind)
    if second_weights is None:
        return first, copy.deepcopy(first)
    return first, spec.backbone_from(local_file(second_weights))


def _reduction(channels: int, size: int) -> nn.Conv2d:
    convolution = nn.Conv2d(channels, size, 1)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_in")
    nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
    return convolution


def _without_weights(architecture: Any) -> dict[str, Any]:
    """A saved model needs no file to start from."""
    options = {k: v for k, v in architecture["options"].items() if k != "second_weights"}
    return {**architecture, "options": options}
