"""From embeddings to clusters: density-based, or whatever is registered.

A clusterer is a function ``cluster(features: Tensor (N, D), **options) -> Tensor (N,)`` that gives
int64 clusters, -1 for images that belong to none. A package registers it under the entry-point
group ``reid.clusterers``, a module with ``@clusterer_registry.register("name")``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import torch
from torch import Tensor

from reid_core.registry import Registry, UnknownNameError, nearest

__all__ = [
    "Clusterer",
    "cluster_dbscan",
    "clusterer_registry",
    "list_clusterers",
    "load_clusterer",
]

GROUP = "reid.clusterers"

Clusterer = Callable[[Tensor], Tensor]
"""From embeddings (N, D) to clusters (N,) int64, -1 for those that belong to none."""

clusterer_registry: Registry[Callable[..., Tensor]] = Registry("clusterer")


@clusterer_registry.register("dbscan")
def cluster_dbscan(
    features: Tensor, *, eps: float = 0.6, min_samples: int = 4, k1: int = 30, k2: int = 6
) -> Tensor:
    """DBSCAN on the Jaccard distance of k-reciprocal neighbourhoods.

    Args:
        features: (N, D) embeddings.
        eps: largest distance of neighbours, from 0 to less than 1.
        min_samples: neighbours, itself included, that make an image the core of a cluster.
        k1: size of the neighbourhood in which reciprocity is asked for.
        k2: neighbours over which neighbourhoods are averaged.

    Returns:
        (N,) int64, 0 .. C-1, and -1 for outliers.

    Raises:
        ValueError: an option is out of range, or features are not finite.

    Source:
        Dai et al., "Cluster Contrast for Unsupervised Person Re-Identification", ACCV 2022
        (arXiv 2103.11568), section 4.2, after Ge et al., SpCL, NeurIPS 2020.
    """
    from scipy import sparse
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import sort_graph_by_row_values

    from reid_eval.rerank import jaccard_neighbours

    if len(features) < 2:
        return torch.full((len(features),), -1)
    near = jaccard_neighbours(features.detach().cpu(), within=eps, k1=k1, k2=k2)
    ordered = sort_graph_by_row_values(sparse.csr_matrix(near), warn_when_not_sorted=False)
    found = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit_predict(ordered)
    return torch.from_numpy(found).long()


def list_clusterers() -> list[str]:
    """Names of all registered clusterers, sorted."""
    return sorted({*clusterer_registry.names(), *_registered()})


def load_clusterer(name: str, options: Mapping[str, Any] | None = None) -> Clusterer:
    """A clusterer with its options.

    Args:
        name: one of `list_clusterers`.
        options: its keyword arguments.

    Raises:
        UnknownNameError: there is none of that name; names the nearest.
        ValueError: it has no such option, or cannot be imported.

    Examples:
        >>> cluster = load_clusterer("dbscan", {"min_samples": 2, "k2": 1})
        >>> cluster(torch.eye(2)[[0, 0, 1, 1]]).tolist()
        [0, 0, 1, 1]
    """
    function = clusterer_registry[name] if name in clusterer_registry else _load(name)
    chosen = dict(options or {})
    parameters = inspect.signature(function).parameters.values()
    known = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    anything = any(each.kind is each.VAR_KEYWORD for each in parameters)
    for option in chosen:
        if option not in known and not anything:
            hint = "".join(
                f", did you mean {alike!r}?" for alike in nearest(option, known, count=1)
            )
            raise ValueError(
                f"the clusterer {name!r} has no option {option!r}{hint}; "
                f"it has: {', '.join(known) or 'none'}"
            )
    return partial(function, **chosen)


def _registered() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _load(name: str) -> Callable[..., Tensor]:
    found = _registered()
    if name not in found:
        known = list_clusterers()
        alike = nearest(name, known)
        hint = f"; nearest: {', '.join(alike)}" if alike else ""
        more = "" if "graph" in known else " (reid-gen adds graph)"
        raise UnknownNameError(f"unknown clusterer {name!r}{hint}; known: {', '.join(known)}{more}")
    try:
        function: Callable[..., Tensor] = found[name].load()
    except Exception as error:  # a stranger's code may raise anything
        raise ValueError(
            f"the clusterer {name!r} ({found[name].value}) cannot be imported: {error}"
        ) from error
    return function
