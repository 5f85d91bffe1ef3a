"""Attribute models by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from reid_attr.models.attribute_model import AttributeModel, Body
from reid_attr.models.c2tnet import SIZES, C2TNet, TrunkChoice
from reid_attr.models.head import AttributeHead
from reid_attr.models.on_reid import OnReidModel
from reid_attr.models.single_trunk import SingleTrunk
from reid_attr.schema import Schema
from reid_attr.schema_files import load_schema
from reid_core.backbones import create_backbone
from reid_core.models import create_model, load_model

__all__ = ["create_attribute_model"]


def create_attribute_model(
    name: str,
    *,
    schema: Schema | str,
    image_size: tuple[int, int] = (256, 128),
    dropout: float = 0.0,
    batch_norm: bool = False,
    adapter: int = 0,
    tokens: str | None = None,
    stages: str | None = None,
    scrambled: bool = False,
    pretrained: bool = False,
    weights: str | PathLike[str] | None = None,
    token_weights: str | PathLike[str] | None = None,
    stage_weights: str | PathLike[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> AttributeModel:
    """Build a model: a body by name, and a head for a schema.

    Args:
        name: ``c2tnet`` (EVA-L/14 and Swin-B), ``c2tnet_small`` (for CPUs), ``reid`` (a head on a
            re-identification model), or one trunk of `reid_core`: ``timm:resnet50``,
            ``timm:swin_small_patch4_window7_224``, ``timm:convnext_tiny``, ``timm:vit_base_...``; a
            plain name means timm.
        schema: of the attributes, or its name.
        image_size: (height, width) in pixels.
        dropout: of the feature, in front of the classifier.
        batch_norm: normalise logits over the batch.
        adapter: width of an adapter's bottleneck beside the classifier (published: 8); 0: none.
        tokens: of C2T-Net: another trunk of tokens, by timm's name.
        stages: of C2T-Net: another trunk of stages; both must have one width.
        scrambled: of C2T-Net: channel attention as published, see `ChannelAttention`.
        pretrained: start from published weights, which are fetched.
        weights: of one trunk: start from this file; of ``reid``: a checkpoint folder of reid-core
            whose model it goes on.
        token_weights: of C2T-Net: the file of its trunk of tokens.
        stage_weights: of C2T-Net: the file of its trunk of stages.
        options: of one trunk, more arguments of the network; of ``reid`` without weights, the
            arguments of `reid_core.create_model`, such as ``{"name": "timm:resnet50"}``, and
            perhaps ``mean`` and ``std`` of the images.

    Returns:
        The model, in training mode, on the CPU.

    Raises:
        ValueError: a name is unknown, an option does not go with it, or weights do not fit.

    Examples:
        >>> model = create_attribute_model("timm:resnet10t", schema="upar", image_size=(64, 32))
        >>> model.head.classifier
        Linear(in_features=512, out_features=40, bias=True)
    """
    if not 0 <= dropout < 1 or adapter < 0:
        raise ValueError(f"expected dropout in [0, 1) and adapter >= 0, came {dropout}, {adapter}")
    if isinstance(schema, str):
        schema = load_schema(schema)
    files = {"weights": weights, "token_weights": token_weights, "stage_weights": stage_weights}
    told = {"tokens": tokens, "stages": stages, "scrambled": scrambled or None, **files}
    _check_options(name, {key: value for key, value in told.items() if value is not None}, options)
    paths = {key: None if path is None else Path(path) for key, path in files.items()}
    body: Body
    if name in SIZES:
        body = C2TNet(
            _choice(name, 0, tokens),
            _choice(name, 1, stages),
            image_size=image_size,
            scrambled=scrambled,
            pretrained=pretrained,
            token_weights=paths["token_weights"],
            stage_weights=paths["stage_weights"],
        )
    elif name == "reid":
        body, options = _on_reid(image_size, pretrained, paths["weights"], options or {})
    else:
        body = SingleTrunk(
            create_backbone(
                name,
                image_size=image_size,
                last_stride=2,
                pretrained=pretrained,
                weights=paths["weights"],
                options=options,
            )
        )
    head = AttributeHead(
        body.width, len(schema), dropout=dropout, batch_norm=batch_norm, adapter=adapter
    )
    architecture = {
        "name": name,
        "image_size": list(image_size),
        "dropout": dropout,
        "batch_norm": batch_norm,
        "adapter": adapter,
        "tokens": tokens,
        "stages": stages,
        "scrambled": scrambled,
        "options": dict(options or {}),
    }
    return AttributeModel(
        body, head, schema=schema, image_size=image_size, architecture=architecture
    )


def _on_reid(
    image_size: tuple[int, int],
    pretrained: bool,
    folder: Path | None,
    options: Mapping[str, Any],
) -> tuple[OnReidModel, dict[str, Any]]:
    """A body on a re-identification model, and the options that build it again."""
    if folder is None:
        own = {key: value for key, value in options.items() if key not in ("mean", "std")}
        model = create_model(**{**own, "image_size": image_size, "pretrained": pretrained})
        said = {key: tuple(options[key]) for key in ("mean", "std") if key in options}
        model.preprocessing = replace(model.preprocessing, **said)
        return OnReidModel(model), dict(options)
    model = load_model(folder).train()
    if model.preprocessing.image_size != image_size:
        height, width = model.preprocessing.image_size
        raise ValueError(f"the model in {folder} takes images of {height}x{width}; say that size")
    architecture = {key: v for key, v in model.architecture.items() if key != "image_size"}
    look = {"mean": list(model.preprocessing.mean), "std": list(model.preprocessing.std)}
    return OnReidModel(model), {**architecture, **look}


def _choice(name: str, at: int, other: str | None) -> TrunkChoice:
    return SIZES[name][at] if other is None else (other, {})


def _check_options(name: str, told: Mapping[str, Any], options: Mapping[str, Any] | None) -> None:
    """Refuse options that would be ignored."""
    if name in SIZES:
        wrong = [key for key in told if key == "weights"] + ["options"] * bool(options)
        instead = "token_weights and stage_weights, tokens and stages"
    else:
        wrong = [key for key in told if key != "weights"]
        instead = "weights and options"
    if wrong:
        raise ValueError(f"{name} takes no {wrong[0]}; it takes {instead}")
    if name == "reid":
        _check_reid("weights" in told, options or {})


def _check_reid(weights: bool, options: Mapping[str, Any]) -> None:
    if weights and options:
        raise ValueError("reid with weights, a checkpoint that says what it is, takes no options")
    if not weights and "name" not in options:
        raise ValueError(
            "reid needs weights, a checkpoint folder of reid-core, or options with the name of a "
            'model, {"name": "timm:resnet50"}'
        )
