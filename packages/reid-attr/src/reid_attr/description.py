"""People by a description: what was asked for, and how well each image fits."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reid_attr.schema import Schema

__all__ = ["Description", "Distance", "description_distances", "parse_description"]

Distance = Literal["absolute", "euclidean", "likelihood"]
"""Mean of ``|p - q|``; root of the mean of ``(p - q)^2``; mean of ``-log`` of what is wanted."""

_LEAST = 1e-6  # probability that counts as none, whose logarithm stays finite

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True, eq=False)
class Description:
    """What must hold and what must not.

    Attributes:
        values: ``(K,)``: 1 must hold, 0 must not, -1 does not matter.
    """

    values: NDArray[np.int8]


def parse_description(text: str, schema: Schema) -> Description:
    """Read a description such as ``female, backpack, upper red, not hat``.

    Each term is the name of an attribute, or words that only one attribute (with its group) has;
    what a group is called when nothing of it holds, such as ``male``, is a term too. ``not`` turns
    a term round. Upper and lower case are the same.

    Raises:
        ValueError: a term fits no attribute (the nearest is named) or several, two terms contradict
            each other, or there is none.

    Examples:
        >>> from reid_attr import load_schema
        >>> wanted = parse_description("male, upper red", load_schema("upar"))
        >>> [load_schema("upar").names[k] for k in (wanted.values == 1).nonzero()[0]]
        ['UpperBody-Color-Red']
        >>> int(wanted.values[load_schema("upar").column("Gender-Female")])
        0
    """
    values = np.full(len(schema), -1, dtype=np.int8)
    for term in filter(None, (part.strip() for part in text.split(","))):
        negated = term.casefold().startswith("not ")
        for column, holds in _meaning(term[4:].strip() if negated else term, schema, negated):
            if values[column] not in (-1, holds):
                raise ValueError(f"the description contradicts itself about {schema.names[column]}")
            values[column] = holds
    if (values < 0).all():
        raise ValueError("the description is empty; name attributes, separated by commas")
    return Description(values)


def description_distances(
    probabilities: ArrayLike, descriptions: ArrayLike, *, distance: Distance = "absolute"
) -> NDArray[np.float64]:
    """How badly each image fits each description, ``(Q, N)``; 0 is perfectly.

    Only the attributes that matter take part.

    Args:
        probabilities: of N images ``(N, K)``, from 0 to 1.
        descriptions: ``(Q, K)`` of 1, 0 and -1 (does not matter).
        distance: between probabilities and what is wanted, see `Distance`.

    Raises:
        ValueError: the shapes do not fit, a description says nothing or has other values, or an
            unknown distance.
    """
    scores, wanted = np.asarray(probabilities, np.float64), np.asarray(descriptions)
    if scores.ndim != 2 or wanted.ndim != 2 or scores.shape[1] != wanted.shape[1]:
        raise ValueError(
            f"expected probabilities (N, K) and descriptions (Q, K), came {scores.shape} and "
            f"{wanted.shape}"
        )
    if not np.isin(wanted, (-1, 0, 1)).all():
        raise ValueError("descriptions must be of 1, 0 and -1 (does not matter)")
    if distance not in get_args(Distance):
        known = ", ".join(get_args(Distance))
        raise ValueError(f"distance must be one of {known}; came {distance!r}")
    counts = (wanted >= 0).sum(axis=1)
    if not counts.all():
        raise ValueError(f"description {int((counts == 0).argmax())} says nothing")
    yes, no = (wanted == 1).astype(np.float64), (wanted == 0).astype(np.float64)
    total = yes @ _cost(1 - scores, distance).T + no @ _cost(scores, distance).T
    mean = np.asarray(total / counts[:, None])
    return np.sqrt(mean) if distance == "euclidean" else mean


def _cost(wrong: NDArray[np.float64], distance: Distance) -> NDArray[np.float64]:
    """What it costs that an attribute is wrong with this probability."""
    if distance == "absolute":
        return wrong
    if distance == "euclidean":
        return wrong**2
    return -np.log(np.clip(1 - wrong, _LEAST, 1))


def _meaning(term: str, schema: Schema, negated: bool) -> list[tuple[int, int]]:
    """Columns that a term is about, and whether each must hold."""
    known = {name.casefold(): at for at, name in enumerate(schema.names)}
    if term.casefold() in known:
        return [(known[term.casefold()], int(not negated))]
    for group in schema.groups:
        if group.otherwise and group.otherwise.casefold() == term.casefold():
            columns = range(*schema.columns(group.name).indices(len(schema)))
            if negated and len(columns) > 1:
                raise ValueError(f"'not {term}' could be any of {', '.join(group.attributes)}")
            return [(column, int(negated)) for column in columns]
    return [(_only_column(term, schema), int(not negated))]


def _only_column(term: str, schema: Schema) -> int:
    asked = _words(term)
    words = [_words(g.name) | _words(n) for g in schema.groups for n in g.attributes]
    fits = [at for at, mine in enumerate(words) if asked and asked <= mine]
    if len(fits) == 1:
        return fits[0]
    if fits:
        names = ", ".join(schema.names[at] for at in fits)
        raise ValueError(f"{term!r} could be {names}; say more of its name")
    near = difflib.get_close_matches(
        " ".join(sorted(asked)), [" ".join(sorted(mine)) for mine in words], n=1, cutoff=0.0
    )
    nearest = schema.names[[" ".join(sorted(mine)) for mine in words].index(near[0])]
    raise ValueError(
        f"schema {schema.name} has no attribute {term!r}; did you mean {nearest}? There are: "
        f"{', '.join(schema.names)}"
    )


def _words(text: Any) -> set[str]:
    return {word.casefold() for word in _WORD.findall(str(text))}
