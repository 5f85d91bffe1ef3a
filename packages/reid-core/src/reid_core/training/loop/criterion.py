"""The loss of one step: which term sees which batch, and from which epoch on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from reid_core.models import ReidOutput
from reid_core.training.data.mixing import joined, rows_of
from reid_core.training.data.streams import Sees, Step, Stream
from reid_core.training.loop.gathering import gathered_batch, gathered_output, processes
from reid_core.training.terms import Term
from reid_data import Batch

__all__ = ["Criterion"]


class Criterion:
    """Asks the terms for their values.

    Args:
        terms: by name.
        start_epochs: first epoch in which a term counts; 0 where not given.
        gather: terms that see the rows of all processes; where not given, those that say so of
            themselves by ``gathers``.
        sees: with two data sets, whose batches a term sees; those of both where not given.
        second_label: where the labels of the second data set begin for terms that see both.
        mixed: the network sees both batches of a step as one, and so do terms that see both.
    """

    def __init__(
        self,
        terms: Mapping[str, Term],
        *,
        start_epochs: Mapping[str, int] | None = None,
        gather: Mapping[str, bool] | None = None,
        sees: Mapping[str, Sees] | None = None,
        second_label: int = 0,
        mixed: bool = False,
    ) -> None:
        self._terms = dict(terms)
        self._start_epochs = dict(start_epochs or {})
        gathers = {name: getattr(term, "gathers", False) for name, term in terms.items()}
        self._gather = gathers | dict(gather or {})
        self._sees = dict(sees or {})
        self._second_label = second_label
        self._mixed = mixed

    def __call__(
        self, step: Step, run: Callable[[Batch], ReidOutput], *, epoch: int
    ) -> list[tuple[str, Tensor]]:
        """Names and unweighted values of the terms that count in an epoch.

        Args:
            step: the batches; one that no term looks at is not run.
            run: gives the network's output for a batch.
            epoch: from 0.
        """
        if self._mixed and len(step) > 1:
            return self._at_once(step, run, epoch)
        found = []
        for stream, batch in step.items():
            names = self.active(stream, epoch=epoch)
            if not names:
                continue
            output = run(batch)
            if stream == "first":
                found += self._values(names, output, batch)
                continue
            both = [name for name in names if self._sees.get(name, "both") == "both"]
            alone = [name for name in names if name not in both]
            found += self._values(alone, output, batch)
            found += self._values(both, output, self._behind(batch))
        return found

    def active(self, stream: Stream, *, epoch: int) -> list[str]:
        """The terms that look at a data set's batches in an epoch."""
        return [
            name
            for name in self._terms
            if epoch >= self._start_epochs.get(name, 0)
            and self._sees.get(name, "both") in ("both", stream)
        ]

    def _at_once(
        self, step: Step, run: Callable[[Batch], ReidOutput], epoch: int
    ) -> list[tuple[str, Tensor]]:
        whole = joined(step["first"], self._behind(step["second"]))
        output, border = run(whole), len(step["first"])
        parts: list[tuple[Sees, ReidOutput, Batch]] = [
            ("both", output, whole),
            ("first", rows_of(output, slice(border)), step["first"]),
            ("second", rows_of(output, slice(border, None)), step["second"]),
        ]
        active = dict.fromkeys(
            self.active("first", epoch=epoch) + self.active("second", epoch=epoch)
        )
        found = []
        for sees, part, batch in parts:
            names = [name for name in active if self._sees.get(name, "both") == sees]
            found += self._values(names, part, batch)
        return found

    def _values(
        self, names: Sequence[str], output: ReidOutput, batch: Batch
    ) -> list[tuple[str, Tensor]]:
        """In float32, whatever the network computed in."""
        with torch.autocast(output.feature.device.type, enabled=False):
            mine = everyone = output.float(), batch
            if processes() > 1 and any(self._gather[name] for name in names):
                everyone = gathered_output(mine[0]), gathered_batch(batch)
            return [
                (name, self._terms[name](*(everyone if self._gather[name] else mine)))
                for name in names
            ]

    def _behind(self, batch: Batch) -> Batch:
        """A batch of the second data set whose labels come after those of the first."""
        if batch.labels is None:
            return batch
        return replace(batch, labels=batch.labels + self._second_label)
