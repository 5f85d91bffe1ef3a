"""Losses that draw a student to a teacher."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_positive, check_same_shape
from reid_core.losses.precision import in_full_precision

__all__ = [
    "CosineDistillationLoss",
    "KlDistillationLoss",
    "KlMean",
    "MseDistillationLoss",
    "cosine_distillation_loss",
    "kl_distillation_loss",
    "mse_distillation_loss",
]

KlMean = Literal["rows", "entries"]


@in_full_precision
def kl_distillation_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 4.0,
    mean: KlMean = "rows",
    detach: bool = True,
) -> Tensor:
    """``t^2 KL(softmax(teacher / t) || softmax(student / t))`` of logits.

    Args:
        student: logits (B, C); half precision is widened.
        teacher: logits (B, C).
        temperature: t; its square keeps the gradients' size.
        mean: over the B ``"rows"``, or over all B C ``"entries"``.
        detach: let no gradient flow to the teacher; without it, both learn from each other.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or a setting is out of range.

    Source:
        Hinton et al., "Distilling the Knowledge in a Neural Network", 2015, section 2. The mean
        over entries, undetached and with temperature 0.8, is that of arXiv 2505.12580.

    Examples:
        >>> even, sure = torch.zeros(1, 2), torch.tensor([[0.0, 1.0]])
        >>> kl_distillation_loss(sure, even, temperature=1.0)
        tensor(0.1201)
    """
    check_same_shape(student, teacher, kind="logits (B, C)")
    check_positive(temperature=temperature)
    if mean not in ("rows", "entries"):
        raise ValueError(f"mean must be over 'rows' or 'entries', not {mean!r}")
    target = F.log_softmax((teacher.detach() if detach else teacher) / temperature, dim=1)
    found = F.log_softmax(student / temperature, dim=1)
    divergence = F.kl_div(found, target, log_target=True, reduction="sum")
    return divergence * temperature**2 / (len(student) if mean == "rows" else student.numel())


@in_full_precision
def mse_distillation_loss(
    student: Tensor, teacher: Tensor, *, normalize: bool = True, detach: bool = True
) -> Tensor:
    """``mean_i ||s_i - t_i||^2``, by default of features brought to length one.

    Args:
        student: features (B, D); half precision is widened.
        teacher: features (B, D).
        normalize: compare directions; without it, the features as they are.
        detach: let no gradient flow to the teacher.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit.

    Source:
        Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015, eq. 3, without its 1/2;
        normalised as in arXiv 2505.12580.

    Examples:
        >>> mse_distillation_loss(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 3.0]]))
        tensor(2.)
    """
    check_same_shape(student, teacher)
    target = teacher.detach() if detach else teacher
    if normalize:
        student, target = F.normalize(student, dim=1), F.normalize(target, dim=1)
    return (student - target).square().sum(dim=1).mean()


@in_full_precision
def cosine_distillation_loss(student: Tensor, teacher: Tensor, *, detach: bool = True) -> Tensor:
    """``mean_i (1 - cos(s_i, t_i))``.

    Args:
        student: features (B, D); half precision is widened.
        teacher: features (B, D).
        detach: let no gradient flow to the teacher.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit.

    Examples:
        >>> cosine_distillation_loss(torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0, 4.0]]))
        tensor(0.4000)
    """
    check_same_shape(student, teacher)
    target = teacher.detach() if detach else teacher
    return (1 - F.cosine_similarity(student, target, dim=1)).mean()


class KlDistillationLoss(nn.Module):
    """[`kl_distillation_loss`][reid_core.losses] with its settings.

    Args:
        temperature: of both softmaxes.
        mean: over ``"rows"`` or ``"entries"``.
        detach: let no gradient flow to the teacher.
    """

    def __init__(
        self, *, temperature: float = 4.0, mean: KlMean = "rows", detach: bool = True
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.mean: KlMean = mean
        self.detach = detach

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Loss of two networks' logits (B, C)."""
        return kl_distillation_loss(
            student, teacher, temperature=self.temperature, mean=self.mean, detach=self.detach
        )


class MseDistillationLoss(nn.Module):
    """[`mse_distillation_loss`][reid_core.losses] with its settings.

    Args:
        normalize: compare directions.
        detach: let no gradient flow to the teacher.
    """

    def __init__(self, *, normalize: bool = True, detach: bool = True) -> None:
        super().__init__()
        self.normalize = normalize
        self.detach = detach

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Loss of two networks' features (B, D)."""
        return mse_distillation_loss(student, teacher, normalize=self.normalize, detach=self.detach)


class CosineDistillationLoss(nn.Module):
    """[`cosine_distillation_loss`][reid_core.losses] with its settings.

    Args:
        detach: let no gradient flow to the teacher.
    """

    def __init__(self, *, detach: bool = True) -> None:
        super().__init__()
        self.detach = detach

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Loss of two networks' features (B, D)."""
        return cosine_distillation_loss(student, teacher, detach=self.detach)
