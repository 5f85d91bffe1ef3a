"""Embedding records: in memory, or into a folder that survives being killed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_data.images import Unreadable, UnreadableImagesError, find_unreadable
from reid_data.records import Records
from reid_data.workers import WorkerCount
from reid_eval.clips import Samples
from reid_eval.embedders import Embedder
from reid_eval.embeddings import Embeddings, check_target
from reid_eval.journal import Journal
from reid_eval.passing import describe_pass, embed_rows
from reid_eval.views import Views

__all__ = ["embed", "embed_to"]

_log = logging.getLogger(__name__)
_JUST_THE_IMAGE = Views()


def embed(
    embedder: Embedder,
    records: Records,
    *,
    batch_size: int = 128,
    workers: WorkerCount = "auto",
    views: Views = _JUST_THE_IMAGE,
    skip_unreadable: bool = False,
    advance: Callable[[int], None] | None = None,
) -> Embeddings:
    """Embed every image, in the order of the records.

    An embedder of clips embeds tracklets: one row each, the mean of its clips beside its first
    frame, by ascending number; frames of none are left out.

    ``meta`` of the result says which model it was and how fast it went (``images_per_second``).

    Args:
        embedder: the model.
        records: N images.
        batch_size: images in one forward pass; changes the result by rounding only.
        workers: loader processes, which do not change the result; ``"auto"`` takes as many as pay.
        views: mirrored, scaled and cropped views whose embeddings are averaged.
        skip_unreadable: drop the rows of unreadable images (``meta["unreadable"]`` counts them).
        advance: called with the number of images just embedded.

    Raises:
        UnreadableImagesError: lists every unreadable image; those that a glance at the files
            shows are reported before the pass, those that decoding shows after it.
        ValueError: nothing is left to embed, or the embedder returns something else than finite
            embeddings (B, D), or does not describe itself in plain values.
    """
    facts = describe_pass(embedder, views)
    if not skip_unreadable:
        _refuse(find_unreadable(records, workers=workers, decode=False))
    started = time.perf_counter()
    samples = Samples(embedder, records)
    features = np.empty((len(samples.records), embedder.embedding_size), np.float32)
    done = np.zeros(len(samples.records), bool)

    def put(rows: NDArray[np.int64], values: NDArray[np.float32]) -> None:
        features[rows], done[rows] = values, True
        if advance is not None:
            advance(int(samples.images[rows].sum()))

    unreadable = embed_rows(
        embedder, records, put, batch_size=batch_size, workers=workers, views=views
    )
    if not skip_unreadable:
        _refuse(unreadable)
    speed = _speed(int(samples.images[done].sum()), time.perf_counter() - started)
    return _finished(samples.records, features, done, {**facts, **speed})


def embed_to(
    out: str | Path,
    embedder: Embedder,
    records: Records,
    *,
    batch_size: int = 128,
    workers: WorkerCount = "auto",
    views: Views = _JUST_THE_IMAGE,
    skip_unreadable: bool = False,
    advance: Callable[[int], None] | None = None,
    rank: int = 0,
    world_size: int = 1,
    wait_for_all: Callable[[], object] = lambda: None,
) -> Embeddings:
    """Embed every image into an embeddings folder, going on where a killed pass stopped.

    What is embedded lies beside ``out`` in a hidden folder until all is done. The same call goes
    on with it; one with another model, other images or other settings starts afresh. Several
    processes, also on several machines with a common file system, share the work and the hidden
    folder; the result is that of one process, bit by bit.

    Args:
        out: the embeddings folder to write; an older one is replaced at the end.
        embedder: the model.
        records: N images.
        batch_size: images in one forward pass; changes the result by rounding only.
        workers: loader processes, which do not change the result; ``"auto"`` takes as many as pay.
        views: mirrored, scaled and cropped views whose embeddings are averaged.
        skip_unreadable: drop the rows of unreadable images (``meta["unreadable"]`` counts them).
        advance: called with the number of images just embedded, or found embedded.
        rank: which process this is.
        world_size: how many processes there are.
        wait_for_all: returns when all processes have called it, ``torch.distributed.barrier`` say.

    Returns:
        The embeddings, on disk.

    Raises:
        UnreadableImagesError: as in [`embed`][reid_eval.embed]; of this process's share.
        ValueError: as in [`embed`][reid_eval.embed], or ``out`` holds something else.
    """
    target = check_target(out)
    facts, samples = describe_pass(embedder, views), Samples(embedder, records)
    if rank == 0:
        size = {"batch_size": batch_size, "dimension": embedder.embedding_size}
        Journal.prepare(target, samples.records, facts, **size)
    wait_for_all()
    journal = Journal.open(target)
    share = journal.share(rank, world_size)
    todo = share[journal.done[share] == 0]
    if advance is not None and len(share) > len(todo):
        advance(int(samples.images[np.setdiff1d(share, todo)].sum()))
    # Without a row of its own a process still waits for the others.
    unreadable = list[Unreadable]()
    started = time.perf_counter()
    if len(todo):
        mine = samples.take(todo)
        if not skip_unreadable:
            _refuse(find_unreadable(mine, workers=workers, decode=False))

        def put(rows: NDArray[np.int64], values: NDArray[np.float32]) -> None:
            journal.put(todo[rows], values)
            if advance is not None:
                advance(int(samples.images[todo[rows]].sum()))

        unreadable = embed_rows(
            embedder, mine, put, batch_size=batch_size, workers=workers, views=views
        )
        journal.commit()
    if not skip_unreadable:
        _refuse(unreadable)
    speed = _speed(world_size * (len(todo) - len(unreadable)), time.perf_counter() - started)
    wait_for_all()
    if rank == 0:
        features, done = journal.features, journal.done.astype(bool)
        _finished(samples.records, features, done, {**facts, **speed}).save(target)
        journal.remove()
    wait_for_all()
    return Embeddings.load(target)


def _finished(
    records: Records, features: NDArray[np.float32], done: NDArray[np.bool_], meta: dict[str, Any]
) -> Embeddings:
    """The embeddings of the rows that are done."""
    if not done.any():
        raise ValueError(f"none of the {len(records)} images in {records.root} can be read")
    lost = int((~done).sum())
    if lost:
        _log.info("%d unreadable images were left out", lost)
        features = features[done]
    table = records.table[done].reset_index(drop=True) if lost else records.table
    return Embeddings(features, table, records.root.absolute(), {**meta, "unreadable": lost})


def _speed(images: int, seconds: float) -> dict[str, float]:
    return {
        "seconds": round(seconds, 3),
        "images_per_second": round(images / max(seconds, 1e-3), 1),
    }


def _refuse(unreadable: list[Unreadable]) -> None:
    if unreadable:
        raise UnreadableImagesError(unreadable)
