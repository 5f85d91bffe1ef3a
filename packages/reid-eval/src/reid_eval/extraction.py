"""One pass of an embedder over records."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_data.batch import Batch
from reid_data.images import Unreadable, UnreadableImagesError, find_unreadable
from reid_data.loading import eval_loader
from reid_data.records import Records
from reid_eval.embedders import Embedder
from reid_eval.embeddings import Embeddings

__all__ = ["embed"]

_log = logging.getLogger(__name__)


def embed(
    embedder: Embedder,
    records: Records,
    *,
    batch_size: int = 128,
    workers: int = 2,
    flip: bool = False,
    skip_unreadable: bool = False,
    advance: Callable[[int], None] | None = None,
) -> Embeddings:
    """Embed every image, in the order of the records.

    ``meta`` of the result says which model it was and how fast it went (``images_per_second``).

    Args:
        embedder: the model.
        records: N images.
        batch_size: images in one forward pass; changes the result by rounding only.
        workers: loader processes; they do not change the result.
        flip: mean of the embeddings of each image and of its mirror image.
        skip_unreadable: drop the rows of unreadable images (``meta["unreadable"]`` counts them).
        advance: called with the number of images just embedded.

    Raises:
        UnreadableImagesError: lists every unreadable image; those that a glance at the files
            shows are reported before the pass, those that decoding shows after it.
        ValueError: nothing is left to embed, or the embedder returns something else than finite
            embeddings (B, D), or does not describe itself in plain values.
    """
    facts = _facts(embedder, flip)
    if not skip_unreadable:
        _refuse(find_unreadable(records, workers=workers, decode=False))
    started = time.perf_counter()
    features = np.empty((len(records), embedder.embedding_size), np.float32)
    done, unreadable = np.zeros(len(records), bool), list[Unreadable]()

    def loaded() -> Iterator[Batch]:
        # Every fault is wanted, not only the first one, so the loader never stops at one.
        for batch in eval_loader(
            records,
            image_size=embedder.image_size,
            batch_size=batch_size,
            workers=workers,
            skip_unreadable=True,
            pin_memory=embedder.device.type == "cuda",
        ):
            unreadable.extend(Unreadable(paths[row], reason) for row, reason in batch.unreadable)
            if len(batch):
                yield batch

    paths = records.paths
    for rows, values in _embedded(embedder, loaded(), flip):
        if not np.isfinite(values).all():
            row = rows[~np.isfinite(values).all(axis=1)][0]
            raise ValueError(f"the embedder's output for {paths[row]} is not finite")
        features[rows], done[rows] = values, True
        if advance is not None:
            advance(len(rows))
    if unreadable and not skip_unreadable:
        _refuse(unreadable)
    if not done.any():
        raise ValueError(f"none of the {len(records)} images in {records.root} can be read")
    if unreadable:
        _log.info("%d unreadable images were left out", len(unreadable))
    seconds = time.perf_counter() - started
    meta = {
        **facts,
        "unreadable": len(unreadable),
        "seconds": round(seconds, 3),
        "images_per_second": round(int(done.sum()) / seconds, 1),
    }
    root = records.root.absolute()
    if done.all():
        return Embeddings(features, records.table, root, meta)
    return Embeddings(features[done], records.table[done].reset_index(drop=True), root, meta)


def _embedded(
    embedder: Embedder, batches: Iterator[Batch], flip: bool
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Rows and embeddings, batch by batch; the device works on the next one meanwhile."""
    waiting: tuple[Tensor, Tensor] | None = None
    for batch in batches:
        images = batch.images.to(embedder.device, non_blocking=True)
        # Not around the yield below, which would switch it on for the caller as well.
        with torch.inference_mode():
            output = _checked(embedder, images)
            if flip:
                output = (output + _checked(embedder, images.flip(-1))) / 2
        if waiting is not None:
            yield waiting[0].numpy(), waiting[1].cpu().numpy()
        waiting = batch.indices, output
    if waiting is not None:
        yield waiting[0].numpy(), waiting[1].cpu().numpy()


def _checked(embedder: Embedder, images: Tensor) -> Tensor:
    output = embedder(images)
    expected = (len(images), embedder.embedding_size)
    if not isinstance(output, Tensor) or tuple(output.shape) != expected:
        came = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(f"the embedder must return a tensor {expected}, it returned {came}")
    return output.float()


def _facts(embedder: Embedder, flip: bool) -> dict[str, Any]:
    facts = {
        "fingerprint": embedder.fingerprint,
        "embedder": embedder.describe(),
        "image_size": list(embedder.image_size),
        "flip": flip,
        "normalised": False,
        "device": str(embedder.device),
        "software": {"reid-eval": version("reid-eval"), "torch": str(torch.__version__)},
    }
    try:
        json.dumps(facts)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the embedder must describe itself in plain JSON values: {error}"
        ) from error
    return facts


def _refuse(unreadable: list[Unreadable]) -> None:
    if unreadable:
        raise UnreadableImagesError(unreadable)
