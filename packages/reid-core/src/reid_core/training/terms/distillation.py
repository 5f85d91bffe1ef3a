"""Learning from a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Unpack

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses import (
    IdentityHead,
    KlMean,
    cosine_distillation_loss,
    kl_distillation_loss,
    mse_distillation_loss,
)
from reid_core.models import ReidOutput, load_heads, load_model
from reid_core.training.passing import run_model
from reid_core.training.terms.term import FromLoop, Term, term_registry
from reid_data import Batch

__all__ = ["DistillLogitsTerm", "DistillTerm"]


class _Teacher:
    """A frozen model of a checkpoint folder; no part of what is trained or saved."""

    def __init__(self, folder: str) -> None:
        self.model = load_model(Path(folder)).requires_grad_(False)

    @torch.no_grad()
    def __call__(self, batch: Batch) -> Tensor:
        """Embeddings (B, D) of a batch's own images, in float32."""
        images = batch.images
        if len(images) != len(batch):
            raise ValueError(
                f"a teacher must see all {len(batch)} images of the batch, came {len(images)}; "
                "set gather: false for its term"
            )
        model = self.model.to(images.device)
        resized = _resized(images, model.preprocessing.image_size)
        return run_model(model, resized, camids=batch.camids).embedding.float()


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (..., 3, H, W) as uint8 of a size, themselves where they have it."""
    if images.shape[-2:] == size:
        return images
    flat = images.flatten(0, -4).float()
    smooth = F.interpolate(flat, size, mode="bilinear", antialias=True, align_corners=False)
    return smooth.round().clamp(0, 255).to(torch.uint8).view(*images.shape[:-2], *size)


@term_registry.register("distill")
class DistillTerm(Term):
    """Embeddings like those of a teacher.

    Where the teacher's embedding has another length, a linear map to it is learned beside. Images
    are resized to the teacher's size and normalised as its weights expect.

    Args:
        teacher: its checkpoint folder.
        kind: ``cosine``: 1 - cos; ``mse``: squared distance of unit vectors.
        loop: see `FromLoop`.

    Raises:
        ValueError: the folder is no checkpoint.

    Source:
        See [`cosine_distillation_loss`][reid_core.losses] and
        [`mse_distillation_loss`][reid_core.losses].
    """

    def __init__(
        self,
        *,
        teacher: str,
        kind: Literal["cosine", "mse"] = "cosine",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.kind = kind
        self.teacher = _Teacher(teacher)
        size = self.teacher.model.embedding_size
        same = size == self.embedding_size
        self.map = nn.Identity() if same else nn.Linear(self.embedding_size, size, bias=False)

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Distance of ``output.embedding`` (B, D) from the teacher's."""
        student, teacher = self.map(output.embedding), self.teacher(batch)
        if self.kind == "cosine":
            return cosine_distillation_loss(student, teacher)
        return mse_distillation_loss(student, teacher)


@term_registry.register("distill_logits")
class DistillLogitsTerm(Term):
    """Probabilities like those of a teacher with its classifier, over the teacher's identities.

    The student has a classifier of its own for them, so that both may know different people.

    Args:
        teacher: its checkpoint folder, saved with heads.
        head: name of its classifier's weight (C, D) among them.
        temperature: of both softmaxes.
        mean: over ``rows``, or over all ``entries`` of the logits.
        loop: see `FromLoop`.

    Raises:
        ValueError: the folder is no checkpoint, or has no such head.

    Source:
        Hinton et al., "Distilling the Knowledge in a Neural Network", 2015.
    """

    teacher_head: Tensor

    def __init__(
        self,
        *,
        teacher: str,
        head: str = "cross_entropy.classifier.weight",
        temperature: Annotated[float, Field(gt=0)] = 4.0,
        mean: KlMean = "rows",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.teacher = _Teacher(teacher)
        heads = load_heads(teacher)
        length = self.teacher.model.embedding_size
        if head not in heads or heads[head].ndim != 2 or heads[head].shape[1] != length:
            raise ValueError(
                f"{teacher} has no classifier {head!r} of shape (C, {length}); "
                f"its heads: {', '.join(sorted(heads))}"
            )
        self.temperature = temperature
        self.mean: KlMean = mean
        self.register_buffer("teacher_head", heads[head], persistent=False)
        self.classifier = IdentityHead(self.embedding_size, len(heads[head]))

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Divergence of the student's probabilities from the teacher's."""
        target = self.teacher(batch) @ self.teacher_head.T
        return kl_distillation_loss(
            self.classifier(output.embedding), target, temperature=self.temperature, mean=self.mean
        )
