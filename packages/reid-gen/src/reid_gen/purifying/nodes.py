"""Embeddings of all nodes of a graph: real images, planted corruptions, generated images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from reid_data.loading import eval_loader
from reid_data.records import Records
from reid_data.workers import WorkerCount
from reid_eval.embedders import Embedder
from reid_eval.embeddings import Embeddings
from reid_eval.extraction import embed
from reid_gen.purifying.corruptions import corrupt, list_corruptions

__all__ = ["GENERATED", "PLANTED", "REAL", "embed_nodes"]

REAL, PLANTED, GENERATED = "real", "planted", "generated"


def embed_nodes(
    embedder: Embedder,
    real: Records,
    *,
    generated: Records | None = None,
    plant: float = 0.25,
    plant_of: NDArray[np.int64] | None = None,
    seed: int = 0,
    batch_size: int = 64,
    workers: WorkerCount = 0,
    advance: Callable[[int], None] | None = None,
) -> Embeddings:
    """Embed everything that the graph connects.

    Args:
        embedder: the re-ID model.
        real: real images with their identities.
        generated: generated images with the identities that they claim.
        plant: corrupted copies of real images, as a share of their number; they show nobody
            (pid -1) and teach a GCN what bad images look like.
        plant_of: identities whose images are copied; all by default.
        seed: which are copied, and how.
        batch_size: images at once.
        workers: loader processes.
        advance: called with the number of images just embedded.

    Returns:
        The embeddings, with a column ``role``: real, planted or generated.

    Raises:
        ValueError: the share is not from 0 to 1, or an image cannot be read.
    """
    if not 0 <= plant <= 1:
        raise ValueError(f"plant must be a share from 0 to 1, came {plant}")
    parts = [embed(embedder, real, batch_size=batch_size, workers=workers, advance=advance)]
    roles = [REAL]
    open_to = (
        np.arange(len(real)) if plant_of is None else np.isin(real.pids, plant_of).nonzero()[0]
    )
    chosen = np.random.default_rng(seed).permutation(open_to)[: round(plant * len(open_to))]
    if len(chosen) > 1:
        parts.append(_planted(embedder, real.take(np.sort(chosen)), parts[0], seed, batch_size))
        roles.append(PLANTED)
    if generated is not None:
        parts.append(
            embed(embedder, generated, batch_size=batch_size, workers=workers, advance=advance)
        )
        roles.append(GENERATED)
    return _joined(parts, roles)


def _planted(
    embedder: Embedder, records: Records, like: Embeddings, seed: int, batch_size: int
) -> Embeddings:
    generator = torch.Generator(embedder.device).manual_seed(seed)
    kinds, features, rows, names = list_corruptions(), [], [], []
    loader = eval_loader(records, image_size=embedder.image_size, batch_size=max(2, batch_size))
    for batch in loader:
        images = batch.images.to(embedder.device)
        for first, kind in enumerate(kinds):
            # Spoiled together, because a blend needs somebody else; a lone image blurs.
            named = kind if len(images) > 1 else "blur"
            spoiled = corrupt(images, named, generator=generator)[first :: len(kinds)]
            if len(spoiled):
                features.append(embedder(spoiled).float().cpu().numpy())
                rows.append(batch.indices[first :: len(kinds)].numpy())
                names += [named] * len(spoiled)
    table = records.table.iloc[np.concatenate(rows)].reset_index(drop=True)
    table = table.assign(pid=-1, corruption=names)
    return Embeddings(np.concatenate(features), table, like.root, like.meta)


def _joined(parts: list[Embeddings], roles: list[str]) -> Embeddings:
    tables = [
        part.table.assign(role=role, path=[str(path) for path in part.paths])
        for part, role in zip(parts, roles, strict=True)
    ]
    features = np.concatenate([part.features for part in parts])
    return Embeddings(features, pd.concat(tables, ignore_index=True), parts[0].root, parts[0].meta)
