"""A graph on disk: an embeddings folder, ``knn.npy``, ``similarities.npy`` and ``graph.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from reid_data.files import replacing
from reid_data.preprocess.array_files import read_npy
from reid_eval.embeddings import Embeddings
from reid_gen.purifying.graph import NeighbourGraph
from reid_gen.purifying.nodes import GENERATED, PLANTED, REAL

__all__ = ["GraphFolder", "load_graph", "save_graph"]

_FORMAT = "reid-gen graph"
_EMBEDDINGS, _KNN, _COSINES, _INFO = "embeddings", "knn.npy", "similarities.npy", "graph.json"


@dataclass(frozen=True, eq=False)
class GraphFolder:
    """A graph with the table of its nodes.

    Attributes:
        graph: the graph.
        embeddings: its nodes; column ``role`` says what each is, ``taught`` which real and planted
            images a GCN may learn from, and those that are not taught decide.
        facts: fold, seed and what else was said when it was made.
    """

    graph: NeighbourGraph
    embeddings: Embeddings
    facts: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """Of the model that embedded the nodes."""
        return str(self.embeddings.meta.get("fingerprint"))

    def rows(self, *roles: str, taught: bool) -> Tensor:
        """Rows of some roles, of those from which a GCN learns or of those that decide."""
        table = self.embeddings.table
        chosen = table["role"].isin(roles)
        if self.facts.get("fold") is not None:
            chosen &= table["taught"] == taught
        return torch.from_numpy(chosen.to_numpy().nonzero()[0])

    @property
    def lessons(self) -> Tensor:
        """Rows that a GCN learns from."""
        return self.rows(REAL, PLANTED, taught=True)

    @property
    def anchors(self) -> Tensor:
        """Rows of the real images that decide."""
        return self.rows(REAL, taught=False)

    @property
    def generated(self) -> Tensor:
        """Rows of the generated images."""
        return self.rows(GENERATED, taught=False)


def save_graph(found: GraphFolder, folder: Path | str) -> Path:
    """Write the folder; ``graph.json`` last, so one without it was never finished.

    ``knn.npy`` is int64 (N, K + 1) with each row's own number in front, as published.
    """
    target = Path(folder)
    (target / _INFO).unlink(missing_ok=True)
    found.embeddings.save(target / _EMBEDDINGS)
    own = np.arange(len(found.graph))[:, None]
    with replacing(target / _KNN) as temporary, temporary.open("wb") as file:
        np.save(file, np.concatenate([own, found.graph.neighbours.numpy()], axis=1))
    with replacing(target / _COSINES) as temporary, temporary.open("wb") as file:
        np.save(file, found.graph.similarities.numpy())
    info = {"format": _FORMAT, "nodes": len(found.graph), **found.facts}
    with replacing(target / _INFO) as temporary:
        temporary.write_text(json.dumps(info, indent=2) + "\n")
    return target


def load_graph(folder: Path | str) -> GraphFolder:
    """Read the folder back.

    Raises:
        ValueError: it is no such folder, or its files do not belong together.
    """
    source = Path(folder)
    try:
        facts = json.loads((source / _INFO).read_text())
    except FileNotFoundError as error:
        raise ValueError(f"{source} holds no graph; reid-gen graph --out {source} makes one") from (
            error
        )
    except ValueError as error:
        raise ValueError(f"{source / _INFO} is damaged, make the graph again: {error}") from error
    embeddings = Embeddings.load(source / _EMBEDDINGS, mmap=False)
    knn, cosines = read_npy(source / _KNN), read_npy(source / _COSINES)
    count = len(embeddings)
    fits = knn.ndim == 2 and knn.shape == (count, cosines.shape[-1] + 1) and len(cosines) == count
    if facts.get("format") != _FORMAT or not fits or knn.min() < -1 or knn.max() >= count:
        raise ValueError(f"{source} is damaged: its files do not belong together; make it again")
    features = torch.from_numpy(embeddings.features)
    graph = NeighbourGraph(
        features=normalize(features, dim=1),
        pids=torch.tensor(embeddings.pids),
        is_anchor=torch.tensor((embeddings.table["role"] == REAL).to_numpy()),
        neighbours=torch.from_numpy(np.array(knn[:, 1:], np.int64)),
        similarities=torch.from_numpy(np.array(cosines, np.float32)),
    )
    return GraphFolder(graph, embeddings, facts)
