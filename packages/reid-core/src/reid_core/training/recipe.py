"""What a recipe says: typed sections, every key with its default, unknown keys refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from reid_data import Augmentation
from reid_data.packed import Cache

__all__ = [
    "ComputeSection",
    "DataSection",
    "EvaluationSection",
    "ModelSection",
    "OptimizerSection",
    "Recipe",
    "ScheduleSection",
    "TermSection",
]

_Count = Annotated[int, Field(ge=1)]
_Epochs = Annotated[int, Field(ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataSection(_Section):
    """How a batch is drawn and what happens to its images.

    Attributes:
        image_size: (height, width) in pixels that the network takes.
        identities_per_batch: P, distinct people in a batch.
        images_per_identity: K, images of each of them.
        augmentation: flip, pad and crop, random erasing, as `reid_data.Augmentation` names them.
    """

    image_size: tuple[_Count, _Count] = (256, 128)
    identities_per_batch: Annotated[int, Field(ge=2)] = 16
    images_per_identity: _Count = 4
    augmentation: Augmentation = Augmentation()


class ModelSection(_Section):
    """The network, in the words of `reid_core.create_model`.

    Attributes:
        name: backbone with its library, such as ``timm:resnet50``; a plain name means timm.
        pooling: how the feature map becomes one vector.
        last_stride: stride of the last stage; 1 keeps twice the resolution of the usual 2.
        pretrained: start from the backbone's published weights (fetched by timm).
        weights: start from this local file instead.
        options: further arguments of the backbone, such as ``{drop_path_rate: 0.1}``.
    """

    name: str = "timm:resnet50"
    pooling: Literal["avg", "gem"] = "avg"
    last_stride: Literal[1, 2] = 1
    pretrained: bool = False
    weights: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class TermSection(_Section):
    """One named part of the loss; each registered term adds its own options to these.

    Attributes:
        term: registered name; left out, the key under which the section stands.
        weight: factor of this part in the sum.
        start_epoch: first epoch (from 0) in which it counts.
    """

    term: str
    weight: Annotated[float, Field(gt=0)] = 1.0
    start_epoch: _Epochs = 0


class OptimizerSection(_Section):
    """The optimiser of the network and of the heads; a term may declare one of its own beside it.

    Attributes:
        name: ``adam`` adds the decay to the gradient (L2), ``adamw`` decays the weights.
        lr: learning rate after the warm-up.
        weight_decay: decay of every weight, biases included.
        momentum: used by ``sgd`` only.
        clip_norm: rescale gradients to at most this norm; none: never.
        ema_decay: keep an exponential moving average of the weights, validate and save that one;
            none: do not.
    """

    name: Literal["adam", "adamw", "sgd"] = "adam"
    lr: Annotated[float, Field(gt=0)] = 3.5e-4
    weight_decay: Annotated[float, Field(ge=0)] = 5e-4
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None


class ScheduleSection(_Section):
    """How long to train, and the learning rate of each epoch, see `learning_rate_factor`.

    Attributes:
        epochs: passes over the sampler; 0 writes the untrained network.
        kind: what follows the warm-up.
        warmup_epochs: the rate rises linearly, (e + 1) / warmup_epochs in epoch e.
        milestones: epochs at whose start ``step`` multiplies the rate by ``gamma``.
        gamma: factor of ``step``.
        final_factor: where ``cosine`` would arrive one epoch after the last.
    """

    epochs: _Epochs = 120
    kind: Literal["step", "cosine", "constant"] = "step"
    warmup_epochs: _Epochs = 10
    milestones: tuple[_Count, ...] = (40, 70)
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.1
    final_factor: Annotated[float, Field(ge=0, le=1)] = 0.0


class EvaluationSection(_Section):
    """Validation during training; the test split is never read.

    Attributes:
        every: validate after every so many epochs, and after the last one.
        val_identities: share of the training identities held out for validation when the data
            set has no ``val`` split of its own; 0: no validation, the last epoch is kept.
        metric: distance between embeddings; a query is looked for in other cameras only.
        batch_size: images embedded at once.
    """

    every: _Count = 10
    val_identities: Annotated[float, Field(ge=0, lt=1)] = 0.1
    metric: Literal["cosine", "euclidean"] = "cosine"
    batch_size: _Count = 128


class ComputeSection(_Section):
    """How the device computes.

    Attributes:
        precision: ``auto`` takes bfloat16 where the device is faster with it, see
            `choose_precision`; losses are always computed in float32.
        channels_last: keep feature maps in (B, H, W, C) memory order, faster for convolutions.
        cache: for slow disks, ``ram`` keeps the encoded images in memory and ``packed`` in one file
            in the data's folder; it changes nothing else.
    """

    precision: Literal["auto", "bf16", "fp32"] = "auto"
    channels_last: bool = True
    cache: Cache = "files"


class Recipe(_Section):
    """One way to train a network; a recipe never names a data set or a path to one.

    Attributes:
        description: one line for `reid-core recipes`.
        loss: terms by name; `load_recipe` gives every one the type of its registered class.
    """

    description: str = ""
    data: DataSection = DataSection()
    model: ModelSection = ModelSection()
    loss: dict[str, SerializeAsAny[TermSection]]
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection()
    evaluation: EvaluationSection = EvaluationSection()
    compute: ComputeSection = ComputeSection()

    @model_validator(mode="after")
    def _has_a_loss(self) -> Self:
        if not self.loss:
            raise ValueError("loss names no term, so there is nothing to learn from")
        if all(term.start_epoch for term in self.loss.values()):
            raise ValueError("loss has no term from the first epoch on; set one's start_epoch to 0")
        return self
