"""A checkpoint and a folder of images to one picture."""

from __future__ import annotations

import logging
from os import PathLike
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reid_core.embedder import checkpoint
from reid_core.models import ReidModel
from reid_core.visualizing.class_activation import grad_cam
from reid_core.visualizing.covering import occlusion
from reid_core.visualizing.overlays import contact_sheet, overlay
from reid_core.visualizing.rollout import attention_rollout
from reid_core.visualizing.scatter import plot_embeddings
from reid_data import Records
from reid_data.console import require
from reid_data.datasets import from_images
from reid_data.files import replacing
from reid_data.loading import eval_loader
from reid_eval.embedders import resolve_device
from reid_eval.extraction import embed

__all__ = ["Kind", "visualize"]

Kind = Literal["gradcam", "occlusion", "attention", "embedding"]

_MOST: dict[str, int] = {"gradcam": 32, "occlusion": 32, "attention": 32, "embedding": 600}
_BATCH = 32
_FEW_ROWS = 8
_log = logging.getLogger(__name__)


def visualize(
    model: str | PathLike[str],
    images: str | PathLike[str],
    out: str | PathLike[str],
    *,
    kind: Kind,
    method: Literal["tsne", "pca"] = "tsne",
    most: int | None = None,
    device: str = "auto",
    seed: int = 0,
) -> Path:
    """Draw what a network looks at, or where it puts people, as a PNG.

    Args:
        model: checkpoint folder.
        images: folder of images, or of one folder a person; names that begin with a number
            (``0002_c1...``) say who is seen.
        out: file to write, ending in ``.png``.
        kind: ``gradcam``, ``occlusion`` and ``attention`` (of a ViT) give a sheet of images, each
            beside its heat; ``embedding`` gives a map of all.
        method: of the map.
        most: images to show, spread over the folder, or for the map whole people; none: 32, and
            600 on the map.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        seed: of the map.

    Raises:
        ValueError: there is no such checkpoint, no image, or the network has nothing of the kind.
        MissingExtraError: matplotlib or scikit-learn is not installed.
    """
    path, count = Path(out), _checked(out, kind, most)
    for module in ("matplotlib", "sklearn"):
        require(module, extra="reid-core[plots]", for_what="reid-core visualize")
    records = from_images(Path(images), pids="optional")
    embedder = checkpoint.load(str(model), device=resolve_device(device))
    if kind == "embedding":
        shown = records.take(_whole_people(records.pids, count))
        found = embed(embedder, shown)
        figure = plot_embeddings(np.asarray(found.features), found.pids, method=method, seed=seed)
        with replacing(path) as temporary:
            figure.savefig(temporary, format="png")
        return path
    rows = np.unique(np.linspace(0, len(records) - 1, min(count, len(records))).astype(np.int64))
    shown = records.take(rows)
    sheet = _sheet(embedder.network.model, shown, kind, device=embedder.device)
    with replacing(path) as temporary:
        Image.fromarray(sheet).save(temporary, format="png")
    return path


def _checked(out: str | PathLike[str], kind: str, most: int | None) -> int:
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}; came {kind!r}")
    if Path(out).suffix.lower() != ".png" or Path(out).is_dir():
        raise ValueError(f"--out names a file that ends in .png; came {out}")
    count = _MOST[kind] if most is None else most
    if count < 1:
        raise ValueError(f"--most must be 1 or more; came {count}")
    return count


def _sheet(
    model: ReidModel, records: Records, kind: Kind, *, device: torch.device
) -> NDArray[np.uint8]:
    loader = eval_loader(
        records, image_size=model.preprocessing.image_size, batch_size=len(records)
    )
    pixels = torch.cat([batch.images for batch in loader])
    heat = _heat(model, pixels.to(device), kind).cpu().numpy()
    images = pixels.permute(0, 2, 3, 1).contiguous().numpy()
    tiles = [(image, overlay(image, warm)) for image, warm in zip(images, heat, strict=True)]
    captions = [
        path.name if pid < 0 else f"person {pid}"
        for path, pid in zip(records.paths, records.pids, strict=True)
    ]
    columns = 8 if images.shape[1] > 1.5 * images.shape[2] else 5
    return contact_sheet(tiles, captions, columns=columns)


def _heat(model: ReidModel, images: Tensor, kind: Kind) -> Tensor:
    """Heat (N, H', W'); in one batch where it depends on the others beside an image."""
    if kind == "occlusion":
        return occlusion(model, images)
    if kind == "gradcam":
        heat = grad_cam(model, images)
        rows, columns = heat.shape[1:]
        if rows < _FEW_ROWS:
            _log.warning(
                "the map that Grad-CAM looks at has only %d x %d places; "
                "--kind occlusion tells more of this network",
                rows,
                columns,
            )
        return heat
    parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
    return torch.cat([attention_rollout(model, part) for part in parts])


def _whole_people(pids: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Rows of the first people, as many as fit; nobody is left out in part."""
    if len(pids) <= most:
        return np.arange(len(pids))
    people, counts = np.unique(pids[pids >= 0], return_counts=True)
    kept = people[np.cumsum(counts) <= most]
    rows = np.flatnonzero(np.isin(pids, kept)) if len(kept) else np.arange(len(pids))
    return rows[:most]
