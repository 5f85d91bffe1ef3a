"""Parameters by pattern: learning rates of their own, and those that stay as they are.

A parameter of the network has the name that it has in the checkpoint, such as
``backbone.network.conv1.weight``; those of a loss term follow after ``heads.`` and the term's name,
such as ``heads.cross_entropy.classifier.weight``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import Field
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from reid_core.registry import nearest

__all__ = ["Freeze", "Group", "apply_freezes", "check_patterns", "grouped", "named_parameters"]


@dataclass(frozen=True)
class Group:
    """Parameters with a learning rate or a decay of their own.

    Attributes:
        parameters: pattern with ``*`` and ``?`` for the whole name; of several groups that match,
            the first takes a parameter.
        lr_factor: factor on the learning rate.
        weight_decay: instead of the optimiser's; none: as the others.
    """

    parameters: str
    lr_factor: Annotated[float, Field(gt=0)] = 1.0
    weight_decay: Annotated[float, Field(ge=0)] | None = None


@dataclass(frozen=True)
class Freeze:
    """Parameters that stay as they are.

    Normalisation layers all of whose parameters are frozen use their running statistics and leave
    them alone.

    Attributes:
        parameters: pattern with ``*`` and ``?`` for the whole name.
        until: first epoch (from 0) in which they learn; none: they never do.
    """

    parameters: str
    until: Annotated[int, Field(ge=1)] | None = None

    def holds(self, epoch: int) -> bool:
        """Whether the parameters are frozen in an epoch, counted from 0."""
        return self.until is None or epoch < self.until


def named_parameters(network: nn.ModuleDict) -> dict[str, nn.Parameter]:
    """Parameters of ``network["model"]`` and ``network["terms"]`` by the names that recipes use."""
    heads = network["terms"].named_parameters()
    return {
        **dict(network["model"].named_parameters()),
        **{f"heads.{name}": weight for name, weight in heads},
    }


def check_patterns(patterns: Iterable[str], names: Iterable[str], *, key: str) -> None:
    """Refuse patterns that match no parameter.

    Args:
        patterns: with ``*`` and ``?``.
        names: of the parameters.
        key: where in the recipe the patterns stand.

    Raises:
        ValueError: names the pattern and the parameters most like it.
    """
    known = list(names)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            alike = nearest(pattern, known) or known[:3]
            raise ValueError(
                f"recipe key {key}: no parameter matches {pattern!r}; there are, for example, "
                f"{', '.join(alike)}"
            )


def grouped(
    parameters: Mapping[str, nn.Parameter], groups: Sequence[Group], *, lr: float
) -> list[dict[str, Any]]:
    """Parameter groups for an optimiser: the rest first, then each group that has any.

    Args:
        parameters: by name.
        groups: the first that matches takes a parameter.
        lr: learning rate of a factor of 1.
    """
    taken: list[list[nn.Parameter]] = [[] for _ in range(len(groups) + 1)]
    for name, weight in parameters.items():
        matching = [i for i, group in enumerate(groups, 1) if fnmatchcase(name, group.parameters)]
        taken[matching[0] if matching else 0].append(weight)
    made: list[dict[str, Any]] = [{"params": taken[0]}]
    for group, weights in zip(groups, taken[1:], strict=True):
        if weights:
            decay = {} if group.weight_decay is None else {"weight_decay": group.weight_decay}
            made.append({"params": weights, "lr": lr * group.lr_factor, **decay})
    return made


def apply_freezes(network: nn.ModuleDict, freezes: Sequence[Freeze], *, epoch: int) -> None:
    """Freeze what an epoch wants frozen, and let learn what was frozen before it.

    Parameters that no pattern matches, such as a neck's bias, are left as they are.
    """
    if not freezes:
        return
    touched = set()
    for name, weight in named_parameters(network).items():
        concerned = [f for f in freezes if fnmatchcase(name, f.parameters)]
        if concerned:
            touched.add(id(weight))
            weight.requires_grad_(not any(freeze.holds(epoch) for freeze in concerned))
    for layer in _normalisations(network):
        if touched & {id(weight) for weight in layer.parameters()}:
            # Nobody else sets a layer back to training between epochs.
            layer.train(any(weight.requires_grad for weight in layer.parameters()))


def _normalisations(network: nn.Module) -> Iterator[nn.Module]:
    return (
        layer
        for layer in network.modules()
        if isinstance(layer, _BatchNorm) and layer.weight is not None
    )
