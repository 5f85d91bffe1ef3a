"""One gallery in parts, each held by a process of its own, over ``torch.distributed``."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
import torch.distributed as dist

from reid_eval.metrics.features import FeatureBlocks
from reid_eval.metrics.labels import Labels, as_labels, check_cameras

__all__ = ["Part", "Shards"]

_T = TypeVar("_T")

_ROWS_AT_ONCE = 4096


class Shards:
    """The processes that hold the gallery, in the order of their ranks.

    Args:
        group: those processes; None where this one holds all of it.
        device: where what they exchange lies; NCCL wants a GPU, Gloo the CPU.
    """

    def __init__(self, group: dist.ProcessGroup | None, device: torch.device) -> None:
        self._group = group
        self._device = device

    @property
    def rank(self) -> int:
        """Which part is this process's."""
        return 0 if self._group is None else dist.get_rank(self._group)

    def gather(self, value: _T) -> list[_T]:
        """The values of all processes, by rank."""
        if self._group is None:
            return [value]
        values: list[Any] = [None] * dist.get_world_size(self._group)
        dist.all_gather_object(values, value, group=self._group)
        return values

    def sum(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The sum over all processes of arrays of one shape."""
        if self._group is None:
            return values
        total = torch.from_numpy(values).to(self._device, copy=True)
        dist.all_reduce(total, group=self._group)
        return total.cpu().numpy()

    def together(self, work: Callable[[], _T]) -> _T:
        """What ``work`` returns here, if it refuses nothing anywhere.

        Raises:
            ValueError: in every process, if it was raised in one; nobody waits for the others.
        """
        result: list[_T] = []
        refusal = None
        try:
            result.append(work())
        except ValueError as error:
            refusal = error
        refusals = self.gather(None if refusal is None else str(refusal))
        if refusal is not None:
            raise refusal
        for rank, message in enumerate(refusals):
            if message is not None:
                raise ValueError(f"process {rank}: {message}")
        return result[0]

    def agree(self, facts: Mapping[str, Any]) -> None:
        """Refuse processes that were not given the same.

        Raises:
            ValueError: in every process; names the rank and the fact.
        """
        everyone = self.gather(dict(facts))
        for rank, others in enumerate(everyone):
            for name, value in everyone[0].items():
                if others[name] != value:
                    raise ValueError(
                        f"all processes must be given the same {name}, but process {rank} has "
                        f"others than process 0; only the gallery is shared out"
                    )


class Part(NamedTuple):
    """All queries and one process's part of the gallery.

    Attributes:
        queries: features ``(Q, D)``.
        gallery: features ``(G, D)``.
        query_pids: ``(Q,)``.
        gallery_pids: ``(G,)``.
        query_camids: ``(Q,)`` or None.
        gallery_camids: ``(G,)`` or None.
    """

    queries: FeatureBlocks
    gallery: FeatureBlocks
    query_pids: Labels
    gallery_pids: Labels
    query_camids: Labels | None
    gallery_camids: Labels | None

    @classmethod
    def of(cls, features: tuple[Any, Any], labels: Mapping[str, Any], device: torch.device) -> Part:
        """Look at what a user passes.

        Args:
            features: of queries and gallery.
            labels: the other fields, by name.
            device: where the features are wanted.

        Raises:
            ValueError: features or labels that are none, or do not fit each other.
        """
        check_cameras(labels["query_camids"], labels["gallery_camids"])
        queries = FeatureBlocks("query_features", features[0], device=device)
        gallery = FeatureBlocks("gallery_features", features[1], device=device)

        def known(name: str, length: int) -> Labels | None:
            values = labels[name]
            return None if values is None else as_labels(name, values, length=length)

        return cls(
            queries,
            gallery,
            as_labels("query_pids", labels["query_pids"], length=len(queries)),
            as_labels("gallery_pids", labels["gallery_pids"], length=len(gallery)),
            known("query_camids", len(queries)),
            known("gallery_camids", len(gallery)),
        )

    def facts(self) -> dict[str, Any]:
        """What must be the same in all processes."""
        checksum = 0
        for _, rows in self.queries.blocks(_ROWS_AT_ONCE):
            checksum = zlib.crc32(rows.cpu().numpy().data, checksum)
        labels = [None if x is None else x.tolist() for x in (self.query_pids, self.query_camids)]
        return {
            "queries": (len(self.queries), self.queries.dim, checksum),
            "query labels": labels,
            "presence of cameras": self.gallery_camids is None,
        }

    def joined(self, shards: Shards) -> tuple[dict[str, Any], list[int]]:
        """The labels of all queries and of the whole gallery, and the sizes of its parts."""
        pids = shards.gather(self.gallery_pids)
        camids = shards.gather(self.gallery_camids)
        known = [part for part in camids if part is not None]
        labels = {
            "query_pids": self.query_pids,
            "gallery_pids": np.concatenate(pids),
            "query_camids": self.query_camids,
            "gallery_camids": np.concatenate(known) if known else None,
        }
        return labels, [len(part) for part in pids]
