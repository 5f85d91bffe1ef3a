"""Re-ranking by name: a chain of feature expansions, and at most one re-ranker of distances."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

from torch import Tensor

from reid_data.datasets.options import split_name
from reid_eval._settings import from_settings
from reid_eval.rerank import (
    Distances,
    GraphReranking,
    KReciprocal,
    alpha_query_expansion,
    average_query_expansion,
    database_augmentation,
)

__all__ = [
    "AlphaExpansion",
    "AverageExpansion",
    "DatabaseAugmentation",
    "Expansion",
    "Reranker",
    "Reranking",
    "list_rerankers",
    "parse_reranking",
]


class Expansion(Protocol):
    """Features pulled towards their neighbours, before anything is ranked."""

    def __call__(self, query: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
        """New features ``(Q, D)`` and ``(G, D)``, L2-normalised where they were changed."""
        ...


class Reranker(Protocol):
    """Distances made anew from the distances among all items."""

    def blocks(
        self, distances: Distances, *, query_block: int = 256
    ) -> Iterator[tuple[slice, Tensor]]:
        """Slices of queries with their re-ranked distances ``(b, G)``."""
        ...


@dataclass(frozen=True)
class AverageExpansion:
    """``aqe``: see [`average_query_expansion`][reid_eval.rerank.average_query_expansion]."""

    neighbours: int = 5

    def __call__(self, query: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
        """Queries pulled towards their nearest gallery images, and the gallery as it is."""
        return average_query_expansion(query, gallery, neighbours=self.neighbours), gallery


@dataclass(frozen=True)
class AlphaExpansion:
    """``alpha-qe``: see [`alpha_query_expansion`][reid_eval.rerank.alpha_query_expansion]."""

    neighbours: int = 5
    alpha: float = 3.0

    def __call__(self, query: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
        """Queries pulled towards their nearest gallery images, and the gallery as it is."""
        expanded = alpha_query_expansion(
            query, gallery, neighbours=self.neighbours, alpha=self.alpha
        )
        return expanded, gallery


@dataclass(frozen=True)
class DatabaseAugmentation:
    """``dba``: see [`database_augmentation`][reid_eval.rerank.database_augmentation]."""

    neighbours: int = 5
    alpha: float = 0.0

    def __call__(self, query: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
        """The queries as they are, and gallery images pulled towards each other."""
        return query, database_augmentation(gallery, neighbours=self.neighbours, alpha=self.alpha)


_EXPANSIONS: Mapping[str, type[Any]] = {
    "aqe": AverageExpansion,
    "alpha-qe": AlphaExpansion,
    "dba": DatabaseAugmentation,
}
_RERANKERS: Mapping[str, type[Any]] = {"k-reciprocal": KReciprocal, "gnn": GraphReranking}


@dataclass(frozen=True)
class Reranking:
    """Expansions in their order, then a re-ranker of distances.

    Attributes:
        expansions: applied to the features one after the other.
        reranker: applied to the distances; None: they are ranked as they are.
        steps: the whole in words, for reports: names with all their settings.
    """

    expansions: tuple[Expansion, ...] = ()
    reranker: Reranker | None = None
    steps: tuple[str, ...] = ()


def list_rerankers() -> list[str]:
    """The names that `parse_reranking` knows."""
    return [*_RERANKERS, *_EXPANSIONS]


def parse_reranking(text: str, *, settings: Sequence[str] = ()) -> Reranking:
    """A chain as it is written after ``--rerank``.

    Args:
        text: one of `list_rerankers` or several with commas between, for example
            ``dba,alpha-qe:neighbours=3,k-reciprocal``; empty for none.
        settings: further options ``KEY=VALUE``, of the one step that has such an option.

    Raises:
        ValueError: an unknown name or option (the nearest is named), a value out of range, or
            something behind the re-ranker of distances.

    Examples:
        >>> parse_reranking("dba,k-reciprocal", settings=["k1=10"]).steps
        ('dba:neighbours=5,alpha=0.0', 'k-reciprocal:k1=10,k2=6,lambda_value=0.3')
    """
    steps = [(name, dict(options)) for name, options in map(split_name, _pieces(text))]
    kinds = [_kind(name) for name, _ in steps]
    for setting in settings:
        key, value = _setting(setting)
        owners = [n for n, kind in enumerate(kinds) if key in {each.name for each in fields(kind)}]
        if len(owners) != 1:
            raise ValueError(_no_owner(key, [name for name, _ in steps], kinds, len(owners)))
        steps[owners[0]][1][key] = value
    made = [
        from_settings("re-ranker", name, kind, options)
        for kind, (name, options) in zip(kinds, steps, strict=True)
    ]
    last = [name for name, _ in steps if name in _RERANKERS]
    if len(last) > 1 or (last and steps[-1][0] not in _RERANKERS):
        raise ValueError(
            f"{last[0]} re-ranks distances and comes last; expected expansions "
            f"({', '.join(_EXPANSIONS)}) before it, came {text!r}"
        )
    return Reranking(
        expansions=tuple(made[: len(made) - len(last)]),
        reranker=made[-1] if last else None,
        steps=tuple(_said(name, step) for (name, _), step in zip(steps, made, strict=True)),
    )


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for part in (piece.strip() for piece in text.split(",") if piece.strip()):
        if pieces and "=" in part and ":" not in part:
            pieces[-1] += ("," if ":" in pieces[-1] else ":") + part
        else:
            pieces.append(part)
    return pieces


def _kind(name: str) -> type[Any]:
    known = {**_RERANKERS, **_EXPANSIONS}
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(f"no re-ranker is called {name!r}; {hint}known: {', '.join(known)}")
    return known[name]


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = (piece.strip() for piece in text.partition("="))
    if not (key and equals and value):
        raise ValueError(f"settings of re-ranking are written KEY=VALUE, came {text!r}")
    return key, value


def _no_owner(key: str, names: list[str], kinds: list[type[Any]], owners: int) -> str:
    if owners:
        return f"several steps have the setting {key!r}; write it as {names[0]}:{key}=VALUE"
    known = [each.name for kind in kinds for each in fields(kind)]
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    which = ", ".join(names) or "no re-ranking"
    return f"{which} has no setting {key!r}; {hint}valid: {', '.join(known) or 'none'}"


def _said(name: str, step: Any) -> str:
    settings = ",".join(f"{each.name}={getattr(step, each.name)}" for each in fields(step))
    return f"{name}:{settings}"
