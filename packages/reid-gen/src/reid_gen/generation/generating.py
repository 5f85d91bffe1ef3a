"""Drawing a plan into a folder, batch by batch, so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from reid_data import ImageDataset, UnreadableImagesError
from reid_data.console import Advance
from reid_data.files import replacing
from reid_data.images import Unreadable
from reid_data.records import Ids
from reid_gen.generation.engine import DrawRequest, Engine
from reid_gen.generation.planning import Plan
from reid_gen.generation.posed import PosedImages
from reid_gen.manifest import write_manifest

__all__ = ["generate"]

_REQUEST = "request.json"


def generate(
    engine: Engine,
    images: PosedImages,
    plan: Plan,
    out: Path | str,
    *,
    batch_size: int = 64,
    resume: bool = False,
    advance: Advance | None = None,
) -> pd.DataFrame:
    """Draw a plan.

    Images appear one by one, each whole; the manifest, which makes a generated set of them, is
    written last.

    Args:
        engine: draws.
        images: sources and donors, posed on the engine's canvas.
        plan: what to draw.
        out: a new or empty folder; with ``resume``, one where the same plan was begun.
        batch_size: images at once.
        resume: draw only what is not there yet.
        advance: called with the number of images just written.

    Returns:
        The manifest.

    Raises:
        ValueError: the folder holds something else, or the engine cannot change clothes.
        UnreadableImagesError: a source or donor cannot be read.
    """
    folder = Path(out)
    if plan.parts and not engine.changes_clothes:
        raise ValueError(
            "this generator knows no parts, so clothes stay as they are; train one with "
            "--set model.appearance=true"
        )
    _claim(folder, engine, plan, resume=resume)
    table = plan.table.assign(checkpoint=engine.fingerprint)
    there = np.array([(folder / name).is_file() for name in table["file"]], dtype=bool)
    if advance is not None:
        advance(int(there.sum()))
    for rows, drawn in _draw(engine, images, plan, np.flatnonzero(~there), batch_size):
        for row, pixels in zip(rows.tolist(), drawn, strict=True):
            _write(pixels, folder / table["file"].iloc[row])
        if advance is not None:
            advance(len(rows))
    write_manifest(table, folder)
    return table


def _claim(folder: Path, engine: Engine, plan: Plan, *, resume: bool) -> None:
    digest = hashlib.sha256(f"{engine.fingerprint} {plan.fingerprint}".encode()).hexdigest()
    path = folder / _REQUEST
    if not resume:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ValueError(
                f"{folder} is not empty; name another --out, or go on in it with --resume"
            )
        with replacing(path) as temporary:
            temporary.write_text(json.dumps({"digest": digest, "images": len(plan)}) + "\n")
        return
    if not path.is_file():
        raise ValueError(f"{folder} holds no generation to go on with (no {_REQUEST})")
    if json.loads(path.read_text(encoding="utf-8")).get("digest") != digest:
        raise ValueError(
            f"{folder} was begun with another generator, other images, poses or options; name "
            "another --out"
        )


def _draw(
    engine: Engine, images: PosedImages, plan: Plan, rows: Ids, batch_size: int
) -> Iterator[tuple[Ids, Tensor]]:
    pixels = ImageDataset(images.records, image_size=engine.image_size)
    seeds = torch.from_numpy(plan.table["seed"].to_numpy(dtype=np.int64).copy())
    for start in range(0, len(rows), batch_size):
        part = rows[start : start + batch_size]
        sources, donors = plan.sources[part], plan.donors[part]
        lent = bool(plan.parts)
        request = DrawRequest(
            images=_load(pixels, sources),
            joints=torch.from_numpy(images.joints[sources]),
            targets=torch.from_numpy(plan.joints[part]),
            seeds=seeds[part],
            donors=_load(pixels, donors) if lent else None,
            donor_joints=torch.from_numpy(images.joints[donors]) if lent else None,
            parts=plan.parts,
        )
        yield part, engine.draw(request)


def _load(pixels: ImageDataset, rows: Ids) -> Tensor:
    batch = pixels.__getitems__(rows.tolist())
    if batch.unreadable:
        raise UnreadableImagesError(
            [Unreadable(Path(pixels.files[at]), why) for at, why in batch.unreadable]
        )
    return batch.images


def _write(pixels: Tensor, path: Path) -> None:
    with replacing(path) as temporary:
        Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy()).save(temporary, format="PNG")
