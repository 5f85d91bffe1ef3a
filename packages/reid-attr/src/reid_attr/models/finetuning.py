"""Which parts of a model learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from torch import nn

from reid_attr.models.attribute_model import AttributeModel

__all__ = ["FineTuning", "PartCount", "count_parameters", "set_finetuning"]

FineTuning = Literal["full", "partial", "cross-fusion", "head", "adapter"]
"""All; channel attention, cross-fusion and head; cross-fusion only; head only; adapter only."""

_MOVES: dict[str, tuple[str, ...]] = {
    "full": ("trunks", "channel attention", "cross-fusion", "head", "adapter"),
    "partial": ("channel attention", "cross-fusion", "head", "adapter"),
    "cross-fusion": ("cross-fusion",),
    "head": ("head", "adapter"),
    "adapter": ("adapter",),
}
_NEEDS = {"partial": "cross-fusion", "cross-fusion": "cross-fusion", "adapter": "adapter"}


@dataclass(frozen=True)
class PartCount:
    """Parameters of a part of a model.

    Attributes:
        part: its name.
        parameters: all of them.
        trainable: those that learn.
    """

    part: str
    parameters: int
    trainable: int


def set_finetuning(model: AttributeModel, mode: FineTuning) -> list[PartCount]:
    """Let some parts of a model learn and keep all others as they are, in place.

    Frozen parts stay in evaluation mode: their running statistics and dropout do not move either.

    Args:
        model: of `create_attribute_model`; it may be frozen otherwise already.
        mode: see `FineTuning`.

    Returns:
        Parameters of each part, and of ``all``.

    Raises:
        ValueError: an unknown mode, or the model has no part that would learn.
    """
    if mode not in _MOVES:
        raise ValueError(f"mode must be one of {', '.join(get_args(FineTuning))}; came {mode!r}")
    parts = model.parts()
    needed = _NEEDS.get(mode)
    if needed is not None and not parts.get(needed):
        hint = "create it with adapter=8" if needed == "adapter" else "only C2T-Net has one"
        raise ValueError(f"fine-tuning mode {mode} needs a model with {needed}; {hint}")
    model.requires_grad_(True)
    model.freeze(
        [module for part, found in parts.items() if part not in _MOVES[mode] for module in found]
    )
    return count_parameters(model)


def count_parameters(model: AttributeModel) -> list[PartCount]:
    """Parameters of each part that the model has, and of ``all``."""
    counts = [_count(part, modules) for part, modules in model.parts().items() if modules]
    return [*counts, _count("all", [model])]


def _count(part: str, modules: list[nn.Module]) -> PartCount:
    parameters = [parameter for module in modules for parameter in module.parameters()]
    return PartCount(
        part,
        sum(parameter.numel() for parameter in parameters),
        sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
    )
