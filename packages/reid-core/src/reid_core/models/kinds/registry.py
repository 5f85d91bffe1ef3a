"""Kinds of models by name: what is built on a backbone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import torch
from pydantic import TypeAdapter, ValidationError

from reid_core.backbones import Backbone, ResNet, create_backbone
from reid_core.models.neck import Head, NeckName
from reid_core.models.pooling import Pooling, PoolingName, poolings
from reid_core.models.preprocessing import Preprocessing
from reid_core.models.reid_model import ReidModel
from reid_core.registry import Registry

__all__ = ["KindBuilder", "ModelSpec", "kind_options", "kind_registry", "list_kinds"]


@dataclass(frozen=True)
class ModelSpec:
    """What every kind is told, see [`create_model`][reid_core.models.create_model].

    Attributes:
        name: the backbone, with its family.
        image_size: (height, width) in pixels.
        pooling: as asked for; none: what the kind usually takes.
        embed_dim: as asked for; none: what the kind usually takes.
        neck: how features become embeddings.
        last_stride: of the backbone.
        pretrained: fetch the backbone's published weights.
        weights: local file of the backbone's weights.
        options: of the backbone.
        architecture: the arguments of ``create_model`` that build the same again.
    """

    name: str
    image_size: tuple[int, int]
    pooling: PoolingName | None
    embed_dim: int | None
    neck: NeckName
    last_stride: int
    pretrained: bool
    weights: Path | None
    options: Mapping[str, Any]
    architecture: Mapping[str, Any]

    def backbone(self, **options: Any) -> Backbone:
        """The backbone, with more options where a kind needs them."""
        return create_backbone(
            self.name,
            image_size=self.image_size,
            last_stride=self.last_stride,
            pretrained=self.pretrained,
            weights=self.weights,
            options={**self.options, **options},
        )

    def backbone_from(self, weights: Path) -> Backbone:
        """Another backbone of the same build, from other weights."""
        return replace(self, pretrained=False, weights=weights).backbone()

    def map_backbone(self, kind: str, **options: Any) -> Backbone:
        """The backbone, refused where its map has no places that a part of a person fills."""

        def check(backbone: Backbone) -> None:
            if backbone.of_tokens:
                raise ValueError(
                    f"kind {kind} cuts a map into places, but every token of {self.name} has seen "
                    "the whole image; choose a CNN such as reid:resnet50, or kind transreid"
                )

        return self.checked_backbone(check, **options)

    def checked_backbone(self, check: Callable[[Backbone], None], **options: Any) -> Backbone:
        """The backbone, refused before its weights are fetched, which may take minutes.

        Args:
            check: raises a `ValueError` for a backbone that the kind cannot take.
            options: of the backbone.
        """
        if self.pretrained or self.weights is not None:
            with torch.random.fork_rng(devices=[]):
                check(replace(self, pretrained=False, weights=None).backbone(**options))
        backbone = self.backbone(**options)
        check(backbone)
        return backbone

    def resnet(self, kind: str, **options: Any) -> ResNet:
        """The backbone, refused where it is none of our ResNets, which can be taken apart."""
        if not self.name.startswith("reid:resnet"):
            raise ValueError(
                f"kind {kind} takes the stages of a ResNet apart, which {self.name} does not "
                "offer; choose reid:resnet50 or reid:resnet50_ibn_a"
            )
        found = self.backbone(**options)
        if not isinstance(found, ResNet):
            raise ValueError(f"kind {kind} needs a ResNet, and {self.name} is none")
        return found

    def pool(self, num_features: int, *, usual: PoolingName = "avg") -> Pooling:
        """The pooling asked for, or else the usual one of a kind."""
        return poolings[self.pooling or usual](num_features)

    def head(self, num_features: int, *, usual: int | None = None) -> Head:
        """Reduction and neck behind a pooling, of the size asked for or else the usual one."""
        chosen = usual if self.embed_dim is None else self.embed_dim
        return Head(num_features, embed_dim=chosen, neck=self.neck)

    def preprocessing(self, backbone: Backbone) -> Preprocessing:
        """Size and normalisation that the backbone's weights expect."""
        return Preprocessing(self.image_size, mean=backbone.mean, std=backbone.std)


KindBuilder = Callable[..., ReidModel]
"""Builds a model of a [`ModelSpec`][reid_core.models]; its keyword arguments are its options."""

kind_registry: Registry[KindBuilder] = Registry("kind of model")


def list_kinds() -> list[str]:
    """Names that ``kind`` of `create_model` takes."""
    return kind_registry.names()


def kind_options(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``options`` that the kind names, checked; the others are the backbone's.

    Raises:
        ValueError: the kind or a value is unknown.
    """
    hints = get_type_hints(kind_registry[kind], include_extras=True)
    own = inspect.signature(kind_registry[kind]).parameters
    found = {}
    for name, value in options.items():
        if name in own and own[name].kind is inspect.Parameter.KEYWORD_ONLY:
            found[name] = _checked(f"option {name} of kind {kind}", hints[name], value)
    return found


def _checked(what: str, hint: Any, value: Any) -> Any:
    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError as error:
        raise ValueError(f"{what}: {error.errors()[0]['msg']}, not {value!r}") from error
