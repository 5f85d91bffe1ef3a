"""Two data sets in one training: the batches of one step, and in which order they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Literal, Protocol

from reid_data import Batch, ClipBatch, ClipLoader, ImageLoader

__all__ = [
    "BatchChange",
    "Loader",
    "Order",
    "Sees",
    "Step",
    "StepLoader",
    "Stream",
    "as_step",
    "images_in_epoch",
    "images_of",
]

Stream = Literal["first", "second"]
Sees = Literal["first", "second", "both"]
Order = Literal["together", "mixed", "alternating", "passes"]
Loader = ImageLoader | ClipLoader
Step = dict[Stream, Batch]
"""The batches of one step of the training, by the data set that they come from."""


class BatchChange(Protocol):
    """What happens to the batches of a data set on their device, before the network sees them."""

    def apply(self, batch: Batch, *, seed: tuple[int, ...]) -> Batch:
        """The changed batch; the same seed changes it in the same way."""
        ...


def as_step(batch: Batch | Step) -> Step:
    """A batch of the only data set as a step of one batch; other steps as they are."""
    return {"first": batch} if isinstance(batch, Batch) else batch


def images_of(step: Batch | ClipBatch | Mapping[Stream, Batch | ClipBatch]) -> int:
    """How many images (or clips) a step holds."""
    return sum(map(len, step.values())) if isinstance(step, Mapping) else len(step)


def images_in_epoch(loader: Loader | StepLoader) -> int:
    """How many images (or clips) an epoch holds, on each process."""
    if isinstance(loader, StepLoader):
        return loader.images
    return len(loader) * _batch_size(loader)


class StepLoader:
    """Steps of the batches of two data sets, or of one where the other has not begun.

    An epoch is one pass over the first data set. Of the second it takes with ``together``,
    ``mixed`` and ``alternating`` as many batches, going through it as often as that needs, and with
    ``passes`` one whole pass, which comes first. Where the first has not begun, an epoch is one
    pass over the second.

    Args:
        loaders: of each data set that takes part.
        order: ``together`` and ``mixed`` put a batch of each into a step; with ``alternating``
            steps take turns, beginning with the first; with ``passes`` every epoch is a pass over
            the second and then one over the first.

    Raises:
        ValueError: there is no loader.
    """

    def __init__(self, loaders: Mapping[Stream, Loader], *, order: Order) -> None:
        if not loaders:
            raise ValueError("expected the loader of at least one data set, came none")
        self.loaders = dict(loaders)
        self.order: Order = order
        self.epoch = 0

    def __len__(self) -> int:
        """Steps of an epoch."""
        lengths = [len(loader) for loader in self.loaders.values()]
        if len(lengths) == 1 or self.order == "passes":
            return sum(lengths)
        first = len(self.loaders["first"])
        return 2 * first if self.order == "alternating" else first

    @property
    def images(self) -> int:
        """Images (or clips) of an epoch, on each process."""
        if len(self.loaders) == 1 or self.order == "passes":
            return sum(images_in_epoch(loader) for loader in self.loaders.values())
        return len(self.loaders["first"]) * sum(map(_batch_size, self.loaders.values()))

    @property
    def sampler(self) -> StepLoader:
        """Itself: Lightning looks here for `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass over each data set."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[dict[Stream, Batch | ClipBatch]]:
        passes = {stream: self._pass(stream, self.epoch) for stream in self.loaders}
        if len(passes) == 1 or self.order == "passes":
            ordered = [stream for stream in ("second", "first") if stream in passes]
            yield from chain.from_iterable(passes[stream] for stream in ordered)
            return
        for first, second in zip(passes["first"], self._endless("second"), strict=False):
            if self.order == "alternating":
                yield first
                yield second
            else:
                yield {**first, **second}

    def _endless(self, stream: Stream) -> Iterator[dict[Stream, Batch | ClipBatch]]:
        """As many passes as the first data set needs, none of them that of another epoch."""
        needed = -(-len(self.loaders["first"]) // len(self.loaders[stream]))
        for number in range(self.epoch * needed, (self.epoch + 1) * needed):
            yield from self._pass(stream, number)

    def _pass(self, stream: Stream, number: int) -> Iterator[dict[Stream, Batch | ClipBatch]]:
        loader = self.loaders[stream]
        sampler: Any = loader.batch_sampler
        sampler.set_epoch(number)
        for batch in loader:
            yield {stream: batch}


def _batch_size(loader: Loader) -> int:
    sampler: Any = loader.batch_sampler
    return int(sampler.identities_per_batch * sampler.images_per_identity)
