"""A batch of images, as the loaders make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from reid_data.device_augmentation import PendingAugmentation

__all__ = ["Batch"]


@dataclass(frozen=True)
class Batch:
    """Images and what is known about them.

    Attributes:
        images: uint8 RGB, ``(B, 3, H, W)``, channels last in memory; normalise them on the device.
            Where a row is a clip, ``(B, T, 3, H, W)``.
        pids: identities, ``(B,)`` int64.
        camids: cameras, ``(B,)`` int64; -1 for unknown, which never equals another.
        indices: rows of the records, ``(B,)`` int64.
        labels: training labels 0 .. C-1, ``(B,)`` int64, where the records have them.
        scales: by what each image was reduced, ``(B,)`` int64, 1 for not at all; none where nothing
            is reduced. Where every image is there twice, the originals (1) and their reduced twins
            (more than 1) follow each other in the same order.
        mask: ``(B, T)`` bool for clips, False where a frame only fills a tail.
        targets: further training labels by name, such as ``clothes``, ``(B,)`` int64 each, -1 for
            unknown.
        twins: ``(B,)`` bool, True for changed copies, which follow their originals in the same
            order; none where the loader makes none.
        unreadable: rows that should be here but could not be read, with the reason.
        pending: an augmentation that the loader left to the device; `to` does it on arrival.
    """

    images: Tensor
    pids: Tensor
    camids: Tensor
    indices: Tensor
    labels: Tensor | None = None
    scales: Tensor | None = None
    mask: Tensor | None = None
    targets: Mapping[str, Tensor] = field(default_factory=dict)
    twins: Tensor | None = None
    unreadable: tuple[tuple[int, str], ...] = ()
    pending: PendingAugmentation | None = None

    def __len__(self) -> int:
        return len(self.pids)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """The batch on a device, augmented there if that is pending.

        The signature is that of `torch.Tensor.to`.
        """
        moved = self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))
        if moved.pending is None:
            return moved
        return replace(moved, images=moved.pending.apply(moved.images), pending=None)

    def pin_memory(self) -> Batch:
        """The same batch in page-locked memory, from which copies to a GPU are asynchronous."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        def where_known(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else change(tensor)

        return replace(
            self,
            images=change(self.images),
            pids=change(self.pids),
            camids=change(self.camids),
            indices=change(self.indices),
            labels=where_known(self.labels),
            scales=where_known(self.scales),
            mask=where_known(self.mask),
            targets={name: change(values) for name, values in self.targets.items()},
            twins=where_known(self.twins),
            pending=None if self.pending is None else self.pending.each(change),
        )
