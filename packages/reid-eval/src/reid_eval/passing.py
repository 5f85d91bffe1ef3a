"""One pass of an embedder over some rows of some records, into arrays that are given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_data.batch import Batch
from reid_data.images import Unreadable
from reid_data.loading import eval_loader
from reid_data.records import Records
from reid_data.workers import WorkerCount
from reid_eval.clips import Samples, clip_size, clip_stride, embed_clips
from reid_eval.embedders import Embedder
from reid_eval.views import Views

__all__ = ["describe_pass", "embed_rows"]

Put = Callable[[NDArray[np.int64], NDArray[np.float32]], None]


def embed_rows(
    embedder: Embedder,
    records: Records,
    put: Put,
    *,
    batch_size: int,
    workers: WorkerCount,
    views: Views,
) -> list[Unreadable]:
    """Embed every image, or every tracklet for an embedder of clips, batch by batch.

    Args:
        embedder: the model.
        records: the images.
        put: called with rows (B,) and their embeddings (B, D): rows of the records, or of the
            tracklets by ascending number.
        batch_size: images in one forward pass.
        workers: loader processes.
        views: of each image.

    Returns:
        The images that cannot be read, every one.

    Raises:
        ValueError: the embedder returns something else than finite embeddings (B, D).
    """
    unreadable = list[Unreadable]()
    paths = records.paths

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

    if clip_size(embedder) is None:
        found = _embedded(embedder, loaded(), views)
    else:
        how: dict[str, Any] = {"batch_size": batch_size, "workers": workers, "views": views}
        found = embed_clips(embedder, records, unreadable=unreadable, **how)
    for rows, values in found:
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            where = Samples(embedder, records).records.paths[rows[~finite][0]]
            raise ValueError(f"the embedder's output for {where} is not finite")
        put(rows, values)
    return unreadable


def describe_pass(embedder: Embedder, views: Views) -> dict[str, Any]:
    """What the embeddings will say of how they were made.

    Raises:
        ValueError: the embedder does not describe itself in plain values.
    """
    facts = {
        "fingerprint": embedder.fingerprint,
        "embedder": embedder.describe(),
        "image_size": list(embedder.image_size),
        "views": views.names,
        "normalised": False,
        "device": str(embedder.device),
        "software": {"reid-eval": version("reid-eval"), "torch": str(torch.__version__)},
    }
    size = clip_size(embedder)
    if size is not None:
        facts["clips"] = {"size": size, "stride": clip_stride(embedder)}
    try:
        json.dumps(facts)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the embedder must describe itself in plain JSON values: {error}"
        ) from error
    return facts


def _embedded(
    embedder: Embedder, batches: Iterator[Batch], views: Views
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Rows and embeddings, batch by batch; the device works on the next one meanwhile."""
    waiting: tuple[Tensor, Tensor] | None = None
    for batch in batches:
        images = batch.images.to(embedder.device, non_blocking=True)
        run = partial(_checked, embedder, camids=_cameras(embedder, batch))
        # Not around the yield below, which would switch it on for the caller as well.
        with torch.inference_mode():
            output = views.embed(run, images)
        if waiting is not None:
            yield waiting[0].numpy(), waiting[1].cpu().numpy()
        waiting = batch.indices, output
    if waiting is not None:
        yield waiting[0].numpy(), waiting[1].cpu().numpy()


def _cameras(embedder: Embedder, batch: Batch) -> Tensor | None:
    """The cameras of a batch, for embedders that want to know them."""
    if not getattr(embedder, "takes_cameras", False):
        return None
    return batch.camids.to(embedder.device, non_blocking=True)


def _checked(embedder: Any, images: Tensor, *, camids: Tensor | None) -> Tensor:
    output = embedder(images) if camids is None else embedder(images, camids)
    expected = (len(images), embedder.embedding_size)
    if not isinstance(output, Tensor) or tuple(output.shape) != expected:
        came = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(f"the embedder must return a tensor {expected}, it returned {came}")
    return output.float()
