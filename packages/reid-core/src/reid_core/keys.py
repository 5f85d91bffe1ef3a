"""Say how a file of weights differs from the network that shall take it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from torch import Tensor

__all__ = ["mismatch"]

_SHOWN = 3


def mismatch(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], *, may_lack: Collection[str] = ()
) -> str:
    """One line that names the first differing keys, empty if there are none.

    Args:
        expected: the network's tensors by name.
        found: the file's.
        may_lack: names that the file need not have. Counters of batch normalisation are never
            needed, for older files have none.

    Examples:
        >>> import torch
        >>> mismatch({"a": torch.zeros(2), "b": torch.zeros(1)}, {"a": torch.zeros(3)})
        'it lacks b; a is (3,), expected (2,)'
    """
    optional = {key for key in expected if key.endswith("num_batches_tracked")} | set(may_lack)
    lacks = [key for key in expected if key not in found and key not in optional]
    strange = [key for key in found if key not in expected]
    shapes = [
        f"{key} is {tuple(found[key].shape)}, expected {tuple(value.shape)}"
        for key, value in expected.items()
        if key in found and found[key].shape != value.shape
    ]
    parts = [
        f"it lacks {_first(lacks)}" if lacks else "",
        f"it has no place for {_first(strange)}" if strange else "",
        _first(shapes) if shapes else "",
    ]
    return "; ".join(part for part in parts if part)


def _first(items: Iterable[str]) -> str:
    listed = list(items)
    more = f" (+{len(listed) - _SHOWN} more)" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
