"""Begin a training with the weights of another, and say what of them fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from reid_core.backbones.weights import read_weights
from reid_core.models import load_heads, read_checkpoint
from reid_core.training.terms import Term
from reid_data.hub import local_model

__all__ = ["WarmStart", "warm_start"]

_SHOWN = 4


@dataclass(frozen=True)
class WarmStart:
    """What became of the tensors of another training.

    Attributes:
        matched: names that were taken over.
        other_shape: names that both have, in other sizes.
        missing: names that only the new network has; they begin as it was drawn.
        left_out: names that only the other training has.
    """

    matched: tuple[str, ...]
    other_shape: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        total = len(self.matched) + len(self.other_shape) + len(self.missing)
        parts = [f"{len(self.matched)} of {total} tensors taken over"]
        for names, what in (
            (self.missing, "not there"),
            (self.other_shape, "of another size"),
            (self.left_out, "left out"),
        ):
            if names:
                more = f" (+{len(names) - _SHOWN} more)" if len(names) > _SHOWN else ""
                parts.append(f"{what}: {', '.join(names[:_SHOWN])}{more}")
        return "; ".join(parts)


def warm_start(
    model: nn.Module, terms: Mapping[str, Term], source: Path | str, *, heads: bool = False
) -> WarmStart:
    """Take over every tensor of another training that has the name and the size of one here.

    Args:
        model: changed in place.
        terms: of the loss, by name; changed in place where ``heads`` is true.
        source: a checkpoint folder, or a file of weights of a whole model or of its backbone.
        heads: take over classifiers and centres too, which fit the same identities only.

    Raises:
        ValueError: nothing fits, the file cannot be read, or heads are asked for and there are
            none or they are of other identities.
    """
    source = local_model(source)
    found = _weights(source)
    expected = dict(model.state_dict())
    if not set(found) & set(expected):
        found = {f"backbone.{name}": value for name, value in found.items()}
    report = _copy(expected, found)
    if not any(expected[name].is_floating_point() for name in report.matched):
        raise ValueError(
            f"nothing in {source} fits this network ({report}); is it of another architecture?"
        )
    if not heads:
        return report
    taken = _copy_heads(terms, source)
    return WarmStart(
        report.matched + taken.matched,
        report.other_shape,
        report.missing + taken.missing,
        report.left_out + taken.left_out,
    )


def _weights(source: Path) -> dict[str, Tensor]:
    if source.is_dir():
        read_checkpoint(source)
        return read_weights(source / "model.safetensors")
    return read_weights(source)


def _copy_heads(terms: Mapping[str, Term], source: Path) -> WarmStart:
    expected = {
        f"{name}.{key}": value
        for name, term in terms.items()
        for key, value in term.state_dict().items()
    }
    if not source.is_dir():
        raise ValueError(f"{source} is a file of weights without heads; name a checkpoint folder")
    report = _copy(expected, load_heads(source))
    if report.other_shape:
        raise ValueError(
            f"the heads of {source} are of other identities than these: "
            f"{', '.join(report.other_shape)}; start without them"
        )
    return report


@torch.no_grad()
def _copy(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> WarmStart:
    both = [name for name in expected if name in found]
    fits = [name for name in both if found[name].shape == expected[name].shape]
    for name in fits:
        expected[name].copy_(found[name])
    return WarmStart(
        tuple(fits),
        tuple(name for name in both if name not in set(fits)),
        tuple(name for name in expected if name not in found),
        tuple(name for name in found if name not in expected),
    )
