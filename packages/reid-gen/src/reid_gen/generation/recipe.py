"""What a recipe of generation says, and where recipes come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reid_core.training.recipes.sections import Section
from reid_core.training.recipes.texts import recipes_of
from reid_core.training.recipes.typed import read_recipe
from reid_gen.generation.layers import Norm
from reid_gen.generation.losses import Adversarial

__all__ = [
    "AdversarialSection",
    "DataSection",
    "GanRecipe",
    "IdentitySection",
    "LossSection",
    "ModelSection",
    "OptimizerSection",
    "PerceptualSection",
    "ScheduleSection",
    "list_recipes",
    "load_recipe",
]

_Count = Annotated[int, Field(ge=1)]
_Natural = Annotated[int, Field(ge=0)]
_Rate = Annotated[float, Field(gt=0)]
_Weight = Annotated[float, Field(ge=0)]
_Chance = Annotated[float, Field(ge=0, le=1)]
_Share = Annotated[float, Field(ge=0, lt=1)]


class DataSection(Section):
    """Which pairs are learnt from.

    Attributes:
        image_size: (height, width) in pixels, each divisible by 8.
        batch_size: pairs of one process in a batch.
        pairs: two images of one person, of any cameras or of one; of one, a generated image keeps
            the place and the light of its source.
        pairs_per_epoch: random pairs of an epoch, over all processes.
        flip: how often a pair is mirrored, left and right joints exchanged.
        val_identities: share of the people held out to measure on.
        val_pairs: at most so many pairs of theirs are measured.
    """

    image_size: tuple[_Count, _Count] = (128, 64)
    batch_size: _Count = 32
    pairs: Literal["all", "same_camera"] = "all"
    pairs_per_epoch: _Count = 4000
    flip: _Chance = 0.5
    val_identities: _Share = 0.1
    val_pairs: _Count = 64

    @model_validator(mode="after")
    def _halves_three_times(self) -> Self:
        if any(side % 8 for side in self.image_size):
            raise ValueError(f"image_size must be divisible by 8, came {list(self.image_size)}")
        return self


class ModelSection(Section):
    """Generator and discriminators; see `PoseGenerator` and `PatchDiscriminator`.

    Attributes:
        hide: with appearance codes, how often the image stream does not see a part.
        sigma: of the joints' heatmaps, in pixels of an image of height 128.
        discriminator_width: channels of their first layers.
    """

    width: _Count = 64
    blocks: _Count = 9
    norm: Norm = "batch"
    dropout: _Share = 0.5
    appearance: bool = False
    resize: bool = False
    hide: _Chance = 0.5
    sigma: _Rate = 6.0
    discriminator_width: _Count = 64


class PerceptualSection(Section):
    """Distance of VGG19's features.

    Attributes:
        weight: 0 switches the term off.
        layer: which of VGG19's layers, as torchvision counts them; 3 is relu1_2.
        weights: a file, or ``hf://owner/repository/file``.
    """

    weight: _Weight = 0.0
    layer: Annotated[int, Field(ge=0, le=36)] = 3
    weights: str | None = None


class AdversarialSection(Section):
    """What the discriminators say.

    Attributes:
        kind: of loss.
        weight: of the mean of both; 0 trains without discriminators.
        pool: so many earlier drawings are kept to be shown again.
        start_epoch: first epoch (from 0) in which they count.
    """

    kind: Adversarial = "hinge"
    weight: _Weight = 1.0
    pool: _Natural = 0
    start_epoch: _Natural = 0


class IdentitySection(Section):
    """Whether a re-ID model still knows the person.

    Attributes:
        weight: 0 switches the term off.
        model: checkpoint folder of a re-ID model, or ``hf://owner/repository``.
        start_epoch: first epoch (from 0) in which it counts.
    """

    weight: _Weight = 0.0
    model: str | None = None
    start_epoch: _Natural = 0


class LossSection(Section):
    """The terms and their weights.

    Attributes:
        l1: of the mean absolute difference.
        person: by how much more it counts where the parts of the pose wanted are (Ma et al., Pose
            Guided Person Image Generation, NIPS 2017); 0 in PATN.
    """

    l1: _Weight = 10.0
    person: _Weight = 0.0
    perceptual: PerceptualSection = PerceptualSection()
    adversarial: AdversarialSection = AdversarialSection()
    identity: IdentitySection = IdentitySection()


class OptimizerSection(Section):
    """Adam for the generator, and for both discriminators.

    Attributes:
        lr: learning rate.
        discriminator_lr: of the discriminators; none: the same.
        betas: of Adam.
        ema_decay: keep a moving average of the generator; none: keep its last state.
    """

    lr: _Rate = 2e-4
    discriminator_lr: _Rate | None = None
    betas: tuple[_Share, _Share] = (0.5, 0.999)
    ema_decay: _Share | None = 0.999


class ScheduleSection(Section):
    """How long.

    Attributes:
        epochs: in all.
        constant: epochs with the full learning rate, which then falls to 0 on a line.
    """

    epochs: _Count = 20
    constant: _Natural = 10


class GanRecipe(Section):
    """One way to train a generator; a recipe never names a data set or a path to one.

    Attributes:
        description: one line.
        precision: number format of the networks; losses are computed in float32.
        grids_every: epochs between pictures of held-out pairs.
    """

    description: str = ""
    data: DataSection = DataSection()
    model: ModelSection = ModelSection()
    loss: LossSection = LossSection()
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection()
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    grids_every: _Count = 1


def list_recipes() -> list[str]:
    """Names of the recipes that come with the package, sorted."""
    return recipes_of("reid_gen")


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> GanRecipe:
    """Read a recipe by name or from a ``.yaml`` file, apply overrides, and check every key.

    Args:
        name_or_path: one of `list_recipes`, or a path that ends in ``.yaml``.
        overrides: ``"section.key=value"`` with values in YAML.

    Raises:
        ValueError: unknown recipe, unreadable YAML, unknown key (the nearest valid one is named),
            or a value of the wrong type; always one line.

    Examples:
        >>> load_recipe("patn", ["loss.perceptual.weight=0"]).model.blocks
        9
    """
    return read_recipe(GanRecipe, name_or_path, overrides, package="reid_gen")
