"""What a recipe of attribute training says, and where recipes come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from reid_attr.losses.combined import LossOptions
from reid_attr.metrics.curves import Criterion
from reid_attr.models.finetuning import FineTuning
from reid_attr.training.division import By
from reid_core.training.recipes.sections import ScheduleSection, Section
from reid_core.training.recipes.texts import recipes_of
from reid_core.training.recipes.typed import read_recipe
from reid_data import Augmentation

__all__ = [
    "AttributeRecipe",
    "DataSection",
    "ModelSection",
    "OptimizerSection",
    "list_recipes",
    "load_recipe",
]

_Count = Annotated[int, Field(ge=1)]
_Rate = Annotated[float, Field(gt=0)]
_Share = Annotated[float, Field(ge=0, lt=1)]


class DataSection(Section):
    """Which attributes, how images are divided, and what happens to them.

    Attributes:
        schema_name: of the attributes, a name or file (key ``schema``).
        image_size: (height, width) in pixels.
        batch_size: images of one process in a batch.
        augmentation: flip, pad and crop, random erasing, as `reid_data.Augmentation` names them.
        by: what stays together when images are divided.
        people: pattern that finds the person in an image's path, see `load_images`.
        validation: share held out to choose the epoch, where the data set has none of its own.
        test: share left for the test, where the data set has none of its own.
        held_out: share of the training images on which ``loss.logit_updating`` measures recalls.
    """

    schema_name: str = Field("upar", alias="schema")
    image_size: tuple[_Count, _Count] = (256, 128)
    batch_size: _Count = 64
    augmentation: Augmentation = Augmentation(erase=0.0)
    by: By = "person"
    people: str | None = None
    validation: _Share = 0.1
    test: _Share = 0.0
    held_out: _Share = 0.1


class ModelSection(Section):
    """The network; see `reid_attr.create_attribute_model`."""

    name: str = "c2tnet_small"
    dropout: _Share = 0.0
    batch_norm: bool = False
    adapter: Annotated[int, Field(ge=0)] = 0
    tokens: str | None = None
    stages: str | None = None
    scrambled: bool = False
    pretrained: bool = False
    weights: str | None = None
    token_weights: str | None = None
    stage_weights: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class OptimizerSection(Section):
    """The optimiser.

    Attributes:
        name: ``adam`` adds the decay to the gradient, ``adamw`` decays the weights.
        lr: of the trunks.
        head_lr: of everything else.
        weight_decay: of weights; parameters of one dimension have none.
        clip_norm: largest norm of the gradient; none: any.
        ema_decay: validate and keep a moving average of the weights; none: do not.
    """

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    lr: _Rate = 1e-4
    head_lr: _Rate = 1e-4
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    clip_norm: _Rate | None = 10.0
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None


class AttributeRecipe(Section):
    """One way to train an attribute model; a recipe never names a data set or a path to one.

    Attributes:
        description: one line.
        finetune: which parts learn, see `reid_attr.set_finetuning`.
        thresholds: choose each attribute's threshold on the validation images, to make mA or F1
            largest; none: they are 0.5.
        eval_batch_size: images in one batch of validation.
        precision: number format of the network; losses are computed in float32.
    """

    description: str = ""
    data: DataSection = DataSection()  # type: ignore[call-arg]
    model: ModelSection = ModelSection()
    finetune: FineTuning = "full"
    thresholds: Criterion | None = None
    loss: LossOptions = LossOptions()
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection(epochs=20, kind="cosine", warmup_epochs=1)
    eval_batch_size: _Count = 128
    precision: Literal["auto", "bf16", "fp32"] = "auto"


def list_recipes() -> list[str]:
    """Names of the recipes that come with the package, sorted."""
    return recipes_of("reid_attr")


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> AttributeRecipe:
    """Read a recipe by name or from a ``.yaml`` file, apply overrides, and check every key.

    Args:
        name_or_path: one of `list_recipes`, or a path that ends in ``.yaml``.
        overrides: ``"section.key=value"`` with values in YAML.

    Raises:
        ValueError: unknown recipe, unreadable YAML, unknown key (the nearest valid one is named),
            or a value of the wrong type; always one line.

    Examples:
        >>> load_recipe("small", ["optimizer.lr=3e-4", "loss.gradnorm=true"]).loss.gradnorm
        True
    """
    return read_recipe(AttributeRecipe, name_or_path, overrides, package="reid_attr")
