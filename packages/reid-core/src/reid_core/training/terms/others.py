"""Terms that look at the classifiers of other terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from torch import nn

from reid_core.registry import nearest
from reid_core.training.terms.term import Term

__all__ = ["classifier_of", "other"]

Kind = TypeVar("Kind", bound=Term)


def other(terms: Mapping[str, Term], name: str, *, kind: type[Kind]) -> Kind:
    """The term of a name.

    Args:
        terms: all of the recipe, by name.
        name: which.
        kind: what it must be.

    Raises:
        ValueError: there is none of that name, or it is of another kind.
    """
    if name not in terms:
        hint = "".join(f"did you mean {alike!r}? " for alike in nearest(name, terms, count=1))
        raise ValueError(
            f"the recipe has no loss term {name!r}; {hint}there are: {', '.join(terms)}"
        )
    found = terms[name]
    if not isinstance(found, kind):
        raise ValueError(
            f"loss term {name!r} is a {type(found).__name__}, where a {kind.__name__} is needed"
        )
    return found


def classifier_of(terms: Mapping[str, Term], name: str) -> Term:
    """The term of a name, for its `Term.logits`.

    Raises:
        ValueError: there is none of that name, or it has no classifier, or several.
    """
    found = other(terms, name, kind=Term)
    several = isinstance(getattr(found, "classifier", None), nn.ModuleList)
    if type(found).logits is Term.logits or several:
        kind = type(found).__name__
        raise ValueError(f"loss term {name!r} is a {kind} without one classifier to compare")
    return found
