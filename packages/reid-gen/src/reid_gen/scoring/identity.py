"""Whether generated images look like the person that they claim, to a re-ID model."""

from __future__ import annotations

import torch

from reid_data.records import Records
from reid_eval.embedders import Embedder
from reid_eval.extraction import embed
from reid_gen.purifying.knn import nearest_neighbours
from reid_gen.scoring.score import Score

__all__ = ["identity_score"]


def identity_score(
    generated: Records, real: Records, embedder: Embedder, *, name: str = "reid"
) -> Score:
    """Share of generated images whose nearest real image shows the person that they claim.

    Cameras play no part: a generated image has none of its own.

    Args:
        generated: with the identities claimed.
        real: with true identities; images of nobody (pid below 0) count as others.
        embedder: the re-ID model.
        name: of the model, which becomes part of the score's name.

    Raises:
        UnreadableImagesError: an image cannot be read.
    """
    ours, theirs = embed(embedder, generated, workers=0), embed(embedder, real, workers=0)
    nearest, _ = nearest_neighbours(torch.tensor(ours.features), torch.tensor(theirs.features), k=1)
    right = theirs.pids[nearest[:, 0].numpy()] == ours.pids
    how = (
        f"features of {name} ({embedder.fingerprint[:12]}), {len(theirs)} real images, all cameras"
    )
    return Score(f"rank-1 {name}", float(right.mean()), len(ours), how)
