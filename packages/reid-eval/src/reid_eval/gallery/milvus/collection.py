"""A collection as the gallery talks to it: rows in and out, in parts that Milvus takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid_eval.gallery.checks import check_present
from reid_eval.gallery.milvus.address import Address, connect
from reid_eval.gallery.milvus.expressions import EVERY, among
from reid_eval.gallery.milvus.schema import make_collection
from reid_eval.metrics.options import Metric

if TYPE_CHECKING:
    from pymilvus import MilvusClient

__all__ = ["MOST_ANSWERS", "Collection", "parts"]

MOST_ANSWERS = 16384
"""Milvus' own limit for one answer."""

_FACTS = "reid.facts"
_AT_ONCE = 1000


class Collection:
    """An open collection; what changes is seen by the next question (strong consistency).

    Args:
        address: where it is.
        client: connected to it.

    Attributes:
        shown: its address without the password.
    """

    def __init__(self, address: Address, client: MilvusClient) -> None:
        self.shown = address.shown
        self._name, self._client = address.collection, client

    @classmethod
    def create(
        cls, address: Address, facts: Mapping[str, Any], *, dimension: int, metric: Metric
    ) -> Collection:
        """Make an empty one.

        Raises:
            ValueError: there is one of that name.
        """
        client = connect(address)
        if client.has_collection(address.collection):
            client.close()
            raise ValueError(f"{address.shown} exists already; open it, or choose another name")
        make_collection(client, address.collection, dimension, metric)
        made = cls(address, client)
        made.state(facts)
        return made

    @classmethod
    def open(cls, address: Address) -> Collection:
        """Open one that exists.

        Raises:
            ValueError: there is none.
        """
        client = connect(address)
        if not client.has_collection(address.collection):
            client.close()
            raise ValueError(f"{address.shown} is no gallery: there is no such collection")
        client.load_collection(address.collection)
        return cls(address, client)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def facts(self) -> dict[str, Any]:
        """What was stated about the gallery.

        Raises:
            ValueError: nothing was; the collection is someone else's.
        """
        properties = self._client.describe_collection(self._name)["properties"]
        if _FACTS not in properties:
            raise ValueError(f"{self.shown} is no gallery of this software")
        facts: dict[str, Any] = json.loads(properties[_FACTS])
        return facts

    def state(self, facts: Mapping[str, Any]) -> None:
        """State facts about the gallery, in place of the old ones."""
        self._client.alter_collection_properties(self._name, {_FACTS: json.dumps(facts)})

    def insert(self, entities: Iterator[dict[str, Any]], count: int) -> None:
        """Insert so many rows."""
        for start in range(0, count, _AT_ONCE):
            some = [next(entities) for _ in range(min(_AT_ONCE, count - start))]
            self._client.insert(self._name, some)

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Delete rows, those that are not there as well."""
        for part in parts(ids.tolist()):
            self._client.delete(self._name, filter=among("id", part))

    def compact(self) -> None:
        """Ask Milvus to give back room, in its own time."""
        self._client.compact(self._name)

    def count(self, condition: str) -> int:
        """How many rows meet a condition."""
        found = self._client.query(
            self._name,
            filter=condition,
            output_fields=["count(*)"],
            consistency_level="Strong",
        )
        return int(found[0]["count(*)"])

    def nearest(
        self,
        features: NDArray[np.float32],
        k: int,
        condition: str,
        *,
        metric: Metric,
        fields: list[str],
    ) -> list[list[dict[str, Any]]]:
        """The k nearest rows that meet a condition, for each of Q queries (Q, D)."""
        found = self._client.search(
            self._name,
            data=features.tolist(),
            filter=condition,
            limit=k,
            output_fields=fields,
            search_params={"metric_type": "COSINE" if metric == "cosine" else "L2"},
            consistency_level="Strong",
        )
        return [list(hits) for hits in found]

    def rows(self, ids: NDArray[np.int64], fields: list[str]) -> dict[int, dict[str, Any]]:
        """Fields of those of the rows that are there, by their ids."""
        found = dict[int, dict[str, Any]]()
        for part in parts(np.unique(ids).tolist()):
            some = self._client.query(
                self._name,
                filter=among("id", part),
                output_fields=["id", *fields],
                limit=MOST_ANSWERS,
                consistency_level="Strong",
            )
            found.update({row["id"]: dict(row) for row in some})
        return found

    def rows_that_exist(
        self, ids: NDArray[np.int64], fields: list[str]
    ) -> dict[int, dict[str, Any]]:
        """The same.

        Raises:
            ValueError: a row does not exist (any more).
        """
        found = self.rows(ids, fields)
        check_present(ids, np.asarray([0 if row in found else -1 for row in ids.tolist()]))
        return found

    def every(self, fields: list[str], condition: str = EVERY) -> list[dict[str, Any]]:
        """Fields of all rows that meet a condition."""
        walk = self._client.query_iterator(
            self._name,
            batch_size=_AT_ONCE,
            filter=condition,
            output_fields=fields,
            consistency_level="Strong",
        )
        found: list[dict[str, Any]] = []
        try:
            while part := walk.next():
                found.extend(dict(row) for row in part)
        finally:
            walk.close()
        return found


def parts(items: Sequence[Any], size: int = _AT_ONCE) -> Iterator[Sequence[Any]]:
    """Runs of at most ``size`` items."""
    return (items[start : start + size] for start in range(0, len(items), size))
