"""Query and gallery as the command line names them: image folders or embeddings folders."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reid_data.console import note, progress

if TYPE_CHECKING:
    from reid_data.records import Records
    from reid_data.workers import WorkerCount
    from reid_eval.acceleration import Backend
    from reid_eval.embedders import Embedder
    from reid_eval.embeddings import Embeddings
    from reid_eval.views import Views

__all__ = [
    "Pass",
    "accelerated",
    "check_model",
    "check_out_file",
    "embed_sides",
    "open_model",
    "open_sides",
]

_SAMPLE = 32
"""Images on which backends are tried."""


@dataclass(frozen=True)
class Pass:
    """How images are embedded, as the command line says."""

    model: str
    device: str
    batch_size: int
    workers: WorkerCount
    views: Views
    skip_unreadable: bool
    backend: Backend = "auto"


def open_sides(
    query: Path | None, gallery: Path | None, *, pids: Literal["required", "optional"]
) -> dict[str, Records | Embeddings]:
    """Read what both folders hold; no image is opened.

    Raises:
        ValueError: a folder is not given, is missing, or holds neither images nor embeddings.
    """
    return {"query": _open("query", query, pids), "gallery": _open("gallery", gallery, pids)}


def _open(
    name: str, folder: Path | None, pids: Literal["required", "optional"]
) -> Records | Embeddings:
    from reid_data.datasets import from_images
    from reid_eval.embeddings import Embeddings, is_embeddings_folder

    if folder is None:
        raise ValueError(f"--{name} is missing: expected a folder of images, or of embeddings")
    if is_embeddings_folder(folder):
        return Embeddings.load(folder)
    if not folder.is_dir():
        state = "is a file" if folder.exists() else "does not exist"
        raise ValueError(
            f"--{name} {folder} {state}; expected a folder of images, or of embeddings"
        )
    return from_images(folder, split=name, pids=pids)


def embed_sides(
    sides: Mapping[str, Records | Embeddings], how: Pass
) -> tuple[dict[str, Embeddings], float | None]:
    """Embed what is not embedded yet, and say how fast (images per second; None: nothing was).

    Everything that can be wrong is looked for before the first image is decoded.

    Raises:
        UnreadableImagesError: lists what cannot be read on all sides.
        ValueError: a model is needed and not given, or is not the one of the other side.
    """
    from reid_data.images import UnreadableImagesError, find_unreadable
    from reid_eval.embeddings import Embeddings
    from reid_eval.extraction import embed

    done = {name: side for name, side in sides.items() if isinstance(side, Embeddings)}
    todo = {name: side for name, side in sides.items() if not isinstance(side, Embeddings)}
    if not todo:
        if how.model:
            note("--model is not used: the query and the gallery are embeddings already")
        return done, None
    embedder = open_model(how, needed_for=" and ".join(todo))
    check_model(embedder, done, how)
    if not how.skip_unreadable:
        found = [
            fault
            for side in todo.values()
            for fault in find_unreadable(side, workers=how.workers, decode=False)
        ]
        if found:
            raise UnreadableImagesError(found)
    embedder = accelerated(embedder, todo.values(), how)
    for name, side in todo.items():
        with progress(name, total=len(side)) as advance:
            done[name] = embed(
                embedder,
                side,
                batch_size=how.batch_size,
                workers=how.workers,
                views=how.views,
                skip_unreadable=how.skip_unreadable,
                advance=advance,
            )
        if dropped := done[name].meta["unreadable"]:
            note(f"{name}: {dropped} unreadable image(s) left out")
    seconds = sum(float(done[name].meta["seconds"]) for name in todo)
    images = sum(len(done[name]) for name in todo)
    return done, round(images / max(seconds, 1e-3), 1)


def check_out_file(out: Path) -> None:
    """Refuse a file that could not be written at the end.

    Raises:
        ValueError: ``out`` is a folder, or below a file.
    """
    if out.is_dir():
        raise ValueError(f"--out {out} is a folder; expected a file to write")
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if not above.is_dir():
        raise ValueError(f"--out {out} cannot be written: {above} is a file")


def open_model(how: Pass, *, needed_for: str) -> Embedder:
    """Load the embedder.

    Raises:
        ValueError: none is named, or it cannot be loaded.
    """
    from reid_eval.embedders import load_embedder

    if not how.model:
        raise ValueError(
            f"--model is missing: it is needed to embed the images of the {needed_for}"
        )
    # As `python -m` would: package.module:function may be a file of the current folder.
    if "" not in sys.path:
        sys.path.append("")
    return load_embedder(how.model, device=how.device)


def accelerated(embedder: Embedder, sides: Iterable[Records], how: Pass) -> Embedder:
    """The embedder as the wanted backend runs it, tried on some images of the sides.

    Raises:
        ValueError: the backend that was asked for cannot run here, or does not agree.
    """
    if how.backend == "torch" or embedder.device.type != "cpu":
        return embedder
    from reid_eval.clips import clip_size

    if clip_size(embedder) is not None:
        if how.backend != "auto":
            raise ValueError(
                f"--backend {how.backend} runs networks of images, and {how.model} takes clips; "
                "use --backend torch"
            )
        return embedder
    import numpy as np
    import torch

    from reid_data.loading import eval_loader
    from reid_eval.acceleration import accelerate

    parts = list(sides)
    size = min(_SAMPLE, how.batch_size)
    largest = max(parts, key=len)
    rows = np.unique(np.linspace(0, len(largest) - 1, size).astype(np.int64))
    loader = eval_loader(
        largest.take(rows),
        image_size=embedder.image_size,
        batch_size=size,
        skip_unreadable=True,
    )
    sample = torch.cat([batch.images for batch in loader])
    images = sum(map(len, parts)) * max(1, len(how.views.names))
    return accelerate(embedder, sample, images=images, backend=how.backend)


def check_model(embedder: Embedder, done: Mapping[str, Embeddings], how: Pass) -> None:
    """Refuse another model than that of the embeddings on the other side, before embedding."""
    from reid_eval.embeddings import check_same_making

    facts = {
        "fingerprint": embedder.fingerprint,
        "image_size": list(embedder.image_size),
        "views": how.views.names,
        "normalised": False,
    }
    for name, side in done.items():
        check_same_making(facts, side.meta, names=("--model", name))
