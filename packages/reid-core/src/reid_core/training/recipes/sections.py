"""The sections of a recipe whose keys do not depend on what is registered."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reid_core.training.data.low_resolution import LowResolution
from reid_core.training.data.streams import Order
from reid_core.training.loop.parameters import Freeze, Group
from reid_core.training.recipes.twin_sections import DegradeSection, RecolourSection
from reid_data import Augmentation
from reid_data.packed import Cache

__all__ = [
    "CheckpointsSection",
    "ClipsSection",
    "ComputeSection",
    "DataSection",
    "EvaluationSection",
    "LoggingSection",
    "OptimizerSection",
    "PseudoLabelsSection",
    "ScheduleSection",
    "SecondSection",
    "Section",
]

_Count = Annotated[int, Field(ge=1)]
_Epochs = Annotated[int, Field(ge=0)]
_Share = Annotated[float, Field(gt=0, le=1)]


class Section(BaseModel):
    """What all sections share: unknown keys, changes and numbers without end are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ClipsSection(Section):
    """Train on clips of tracklets instead of single images.

    Attributes:
        length: frames of a clip, T.
        sampling: in training, a frame from each of T equal chunks of a tracklet (``uniform``), or
            consecutive frames (``random``).
        stride: distance between the consecutive frames, in validation as well.
        most: clips of a tracklet that validation looks at; none: all.
    """

    length: _Count = 4
    sampling: Literal["uniform", "random"] = "uniform"
    stride: _Count = 1
    most: _Count | None = None


class PseudoLabelsSection(Section):
    """Labels that do not come from people.

    Attributes:
        clusterer: gives the images labels anew before each epoch, from their embeddings; one of
            `list_clusterers`.
        options: its keyword arguments.
        file: a CSV file with columns ``path`` and ``label`` that gives them once and for all, in
            place of a clusterer.
    """

    clusterer: str = "dbscan"
    options: dict[str, Any] = {}
    file: str | None = None


class SecondSection(Section):
    """Train on a second data set beside the first; what is left at none is as for the first.

    Which terms see its batches they say themselves, by ``loss.NAME.data``.

    Attributes:
        order: a batch of each in every step, one after the other through the network
            (``together``) or at once (``mixed``), steps of the two in turns (``alternating``), or
            in every epoch a whole pass over the second and then one over the first (``passes``).
            But for the latter an epoch is as long as the first data set.
        identities_per_batch: P.
        images_per_identity: K.
        augmentation: of its images.
        low_resolution: how its images lose their detail; none: they do not.
        degrade: add a copy of low quality of each of its images; none: do not.
        identities_share: share of its identities that an epoch sees, others in each.
        images_share: share of the images of each of these, at least one.
        same_people: a pid means one person in both data sets, which then have the same labels;
            images of people who are not learned from, such as those held out, are left out.
    """

    order: Order = "together"
    identities_per_batch: Annotated[int, Field(ge=2)] | None = None
    images_per_identity: _Count | None = None
    augmentation: Augmentation | None = None
    low_resolution: LowResolution | None = None
    degrade: DegradeSection | None = None
    identities_share: _Share = 1.0
    images_share: _Share = 1.0
    same_people: bool = False


class DataSection(Section):
    """How a batch is drawn and what happens to its images.

    Attributes:
        image_size: (height, width) in pixels that the network takes.
        identities_per_batch: P, distinct people in a batch.
        images_per_identity: K, images (or clips) of each of them.
        augmentation: flip, pad and crop, random erasing, as `reid_data.Augmentation` names them.
        low_resolution: training images that lose their detail, see `LowResolution`; none: no.
        clips: train a video model on clips; none: single images.
        second: train on a second data set too; none: on one.
        pseudo_labels: where labels come from if not from the data set; none: from there.
        recolour: add a copy of each image in which the clothes have other colours; none: do not.
        degrade: add a copy of low quality of each image; none: do not.
        pose_column: which clustering of a table of poses counts.
    """

    image_size: tuple[_Count, _Count] = (256, 128)
    identities_per_batch: Annotated[int, Field(ge=2)] = 16
    images_per_identity: _Count = 4
    augmentation: Augmentation = Augmentation()
    low_resolution: LowResolution | None = None
    clips: ClipsSection | None = None
    second: SecondSection | None = None
    pseudo_labels: PseudoLabelsSection | None = None
    recolour: RecolourSection | None = None
    degrade: DegradeSection | None = None
    pose_column: str = "R_LA_15"

    @model_validator(mode="after")
    def _one_copy(self) -> Self:
        if self.recolour is not None and self.degrade is not None:
            raise ValueError("recolour and degrade both copy every image; set one of them to none")
        if self.clips is not None and (self.recolour is not None or self.degrade is not None):
            raise ValueError("clips have no copies; set recolour and degrade to none, or clips")
        return self


class OptimizerSection(Section):
    """The optimiser of the network and of the heads; a term may declare one of its own beside it.

    Attributes:
        name: ``adam`` and ``amsgrad`` add the decay to the gradient (L2), ``adamw`` decays the
            weights.
        lr: learning rate after the warm-up.
        weight_decay: decay of every weight, biases included.
        momentum: used by ``sgd`` only.
        eps: added to the denominator of all but ``sgd``; none: torch's own.
        groups: parameters, by pattern, with a learning rate or decay of their own, see `Group`.
        freeze: parameters, by pattern, that stay as they are for some epochs or for good.
        accumulate: batches whose gradients are averaged for one step.
        clip_norm: rescale gradients to at most this norm; none: never.
        ema_decay: keep an exponential moving average of the weights, validate and save that one;
            none: do not.
        swa_start: from this epoch on (from 0), keep the mean of the weights at the ends of the
            epochs (stochastic weight averaging), validate and save that one; none: do not.
    """

    name: Literal["adam", "amsgrad", "adamw", "adagrad", "sgd"] = "adam"
    lr: Annotated[float, Field(gt=0)] = 3.5e-4
    weight_decay: Annotated[float, Field(ge=0)] = 5e-4
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    eps: Annotated[float, Field(gt=0)] | None = None
    groups: tuple[Group, ...] = ()
    freeze: tuple[Freeze, ...] = ()
    accumulate: _Count = 1
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    swa_start: _Epochs | None = None

    @model_validator(mode="after")
    def _one_average(self) -> Self:
        if self.ema_decay is not None and self.swa_start is not None:
            raise ValueError("ema_decay and swa_start are two averages; set one of them to none")
        return self


class ScheduleSection(Section):
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


class EvaluationSection(Section):
    """Validation during training; the test split is never read.

    Attributes:
        every: validate after every so many epochs, and after the last one.
        start_epoch: but not before this one (from 0) has ended, except after the last.
        patience: stop after so many validations in a row without a better mAP; none: never.
        val_identities: share of the training identities held out for validation when the data
            set has no ``val`` split of its own; 0: no validation, the last epoch is kept.
        metric: distance between embeddings; a query is looked for in other cameras only.
        batch_size: images (or clips) embedded at once.
        query_scale: by what queries are reduced first, as low-resolution cameras do.
        gallery_scale: by what gallery images are.
    """

    every: _Count = 10
    start_epoch: _Epochs = 0
    patience: _Count | None = None
    val_identities: Annotated[float, Field(ge=0, lt=1)] = 0.1
    metric: Literal["cosine", "euclidean"] = "cosine"
    batch_size: _Count = 128
    query_scale: _Count = 1
    gallery_scale: _Count = 1


class ComputeSection(Section):
    """How the device computes.

    Attributes:
        precision: ``auto`` takes bfloat16 where the device is faster with it, see
            `choose_precision`; losses are always computed in float32.
        channels_last: keep feature maps in (B, H, W, C) memory order, faster for convolutions.
        compile: translate the network with `torch.compile`; the first batches take minutes, the
            others less time than without.
        cache: for slow disks, ``ram`` keeps the encoded images in memory and ``packed`` in one file
            in the data's folder; it changes nothing else.
    """

    precision: Literal["auto", "bf16", "fp32"] = "auto"
    channels_last: bool = True
    compile: bool = False
    cache: Cache = "files"


class CheckpointsSection(Section):
    """Networks to keep beside the best one, in ``checkpoints/``.

    Attributes:
        every: that of every so many epochs, as ``epoch_10``; none: no.
        last: that of the last finished epoch, as ``last``.
    """

    every: _Count | None = None
    last: bool = False


class LoggingSection(Section):
    """Who hears of every epoch beside ``metrics.csv``.

    Attributes:
        tensorboard: write TensorBoard's event files.
        wandb: arguments of Lightning's `WandbLogger`, such as ``{project: reid}``; none: no.
        mlflow: arguments of Lightning's `MLFlowLogger`, such as ``{experiment_name: reid}``.
    """

    tensorboard: bool = True
    wandb: dict[str, Any] | None = None
    mlflow: dict[str, Any] | None = None
