"""How fast an evaluation falls as images get worse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from reid_data.images import Pixels, read_image, resize
from reid_data.workers import WorkerCount, count_threads
from reid_eval.embeddings import Embeddings
from reid_eval.metrics import RetrievalReport
from reid_eval.metrics.options import check_option
from reid_eval.robustness.levels import Level

__all__ = ["DegradedResult", "DegradedSide", "embed_degraded", "measure_robustness"]

DegradedSide = Literal["query", "gallery", "both"]
"""Whose images get worse."""

Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class DegradedResult:
    """The evaluation at one level; ``level`` is None for the images as they are."""

    level: Level | None
    side: DegradedSide
    report: RetrievalReport

    def to_dict(self) -> dict[str, Any]:
        """Plain values: kind, amount, side, mAP, Rank-1, mINP."""
        kind, amount = (self.level.kind, self.level.amount) if self.level else ("none", None)
        figures = {"mAP": self.report.mAP, "Rank-1": self.report.rank(1), "mINP": self.report.mINP}
        return {"kind": kind, "amount": amount, "side": self.side, **figures}


def measure_robustness(
    query: Embeddings,
    gallery: Embeddings,
    levels: Sequence[Level],
    *,
    embed_at: Callable[[Embeddings, Level], Embeddings],
    evaluate: Callable[[Embeddings, Embeddings], RetrievalReport],
    side: DegradedSide = "query",
) -> tuple[DegradedResult, ...]:
    """Evaluate at every level.

    A side whose images stay is used as it is, and never embedded again.

    Args:
        query: embeddings of the images as they are.
        gallery: embeddings of the images as they are.
        levels: how much worse.
        embed_at: embeds the images of a side at a level, see
            [`embed_degraded`][reid_eval.robustness.evaluation.embed_degraded].
        evaluate: what is measured.
        side: whose images get worse.

    Returns:
        The images as they are first, then each level.

    Raises:
        ValueError: an unknown side.
    """
    check_option("side", side, DegradedSide)
    results = [DegradedResult(None, side, evaluate(query, gallery))]
    for level in levels:
        asked = embed_at(query, level) if side != "gallery" else query
        searched = embed_at(gallery, level) if side != "query" else gallery
        results.append(DegradedResult(level, side, evaluate(asked, searched)))
    return tuple(results)


def embed_degraded(
    run: Run,
    side: Embeddings,
    level: Level,
    *,
    image_size: tuple[int, int],
    device: torch.device,
    batch_size: int = 128,
    workers: WorkerCount = 0,
    advance: Callable[[int], None] | None = None,
) -> Embeddings:
    """Embed the images of a side again, made worse as they are read.

    Args:
        run: from uint8 images (B, 3, H, W) to embeddings (B, D), as the side was made.
        side: N embeddings, whose files are read again.
        level: how much worse.
        image_size: height and width that ``run`` takes.
        device: where ``run`` works.
        batch_size: images in one forward pass.
        workers: threads that read and change images; they do not change the result.
        advance: called with the number of images just embedded.

    Returns:
        N embeddings of the same rows.

    Raises:
        UnreadableImagesError: a file cannot be read.
        ValueError: ``run`` gives something else than finite embeddings of the side's size.
    """
    features = np.empty(side.features.shape, np.float32)
    with ThreadPoolExecutor(max(count_threads(workers), 1)) as pool:
        for start in range(0, len(side), batch_size):
            rows = slice(start, min(start + batch_size, len(side)))
            pixels = _worse_images(side, rows, level, image_size, pool)
            with torch.inference_mode():
                values = run(pixels.to(device)).float().cpu().numpy()
            if values.shape != features[rows].shape or not np.isfinite(values).all():
                raise ValueError(
                    f"at {level.name} the model gave {values.shape}, or values that are not "
                    f"finite; expected finite embeddings {features[rows].shape}"
                )
            features[rows] = values
            if advance is not None:
                advance(len(values))
    return Embeddings(features, side.table, side.root, {**side.meta, "degraded": level.name})


def _worse_images(
    side: Embeddings,
    rows: slice,
    level: Level,
    size: tuple[int, int],
    pool: ThreadPoolExecutor,
) -> Tensor:
    """The images of some rows, uint8 (B, 3, H, W), made worse at their own size, then resized."""
    names = side.table["path"].iloc[rows].tolist()

    def worse(name: str) -> Pixels:
        return resize(level(read_image(side.root / name), name), size)

    stacked = np.stack(list(pool.map(worse, names)))
    return torch.from_numpy(stacked).permute(0, 3, 1, 2)
