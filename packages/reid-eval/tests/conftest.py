"""A tiny deterministic model, small pictures and made-up embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from reid_eval.embeddings import Embeddings

TINY_MODEL = '''
import torch
from torch.nn import functional as F


class Pixels:
    """The colours of a few patches."""

    image_size = (32, 16)
    embedding_size = 24

    def __init__(self, device, fingerprint="pixels"):
        self.device, self.fingerprint = device, fingerprint

    def describe(self):
        return {"name": "downsampled pixels"}

    def __call__(self, images):
        return F.adaptive_avg_pool2d(images.float(), (4, 2)).flatten(1) - 100


def embedder(device):
    return Pixels(device)


def other(device):
    return Pixels(device, "other pixels")
'''


class Pixels:
    """The colours of a few patches, as they are."""

    image_size = (32, 16)
    embedding_size = 24
    fingerprint = "pixels"
    device = torch.device("cpu")

    def describe(self) -> dict[str, Any]:
        return {"name": "downsampled pixels"}

    def __call__(self, images: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(images.float(), (4, 2)).flatten(1) - 100


def paint(path: Path, pid: int, *, noise: int = 0) -> Path:
    """A picture whose patches are the identity's colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colours = np.random.default_rng(abs(pid)).integers(0, 256, (4, 2, 3)).astype(float)
    grain = np.random.default_rng(noise).normal(0, 12, (32, 16, 3))
    pixels = np.kron(colours, np.ones((8, 8, 1))) + grain
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def pixels() -> Pixels:
    return Pixels()


@pytest.fixture
def write_picture() -> Callable[..., Path]:
    """``write_picture(path, pid, noise=0)``."""
    return paint


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """Four people by three cameras, a distractor and a piece of junk, as Market-1501 has them."""
    root = tmp_path / "market"
    for pid in range(1, 5):
        for camera in (1, 2, 3):
            noise = 10 * pid + camera
            name = f"{pid:04d}_c{camera}s1_000001_00.jpg"
            paint(root / "bounding_box_test" / name, pid, noise=noise)
        paint(root / "query" / f"{pid:04d}_c1s1_000009_00.jpg", pid, noise=90 + pid)
        paint(root / "bounding_box_train" / f"{100 + pid:04d}_c1s1_000001_00.jpg", 100 + pid)
    paint(root / "bounding_box_test" / "0000_c2s1_000001_00.jpg", 77)
    paint(root / "bounding_box_test" / "-1_c2s1_000001_00.jpg", 78)
    return root


@pytest.fixture
def tiny_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model that the command line finds in the current folder."""
    (tmp_path / "tiny_model.py").write_text(TINY_MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "tiny_model", raising=False)
    return "tiny_model:embedder"


Make = Callable[..., Embeddings]


@pytest.fixture
def make() -> Make:
    """``make(features, pids, camids=None, names=None, root="pictures", **meta)``."""

    def build(
        features: Any,
        pids: Sequence[int],
        camids: Sequence[int | None] | None = None,
        *,
        names: Sequence[str] | None = None,
        root: str | Path = "pictures",
        split: str = "gallery",
        **meta: Any,
    ) -> Embeddings:
        array = np.asarray(features, np.float32)
        cameras = [None] * len(array) if camids is None else list(camids)
        table = pd.DataFrame(
            {
                "path": list(names or [f"{row:04d}.jpg" for row in range(len(array))]),
                "pid": np.asarray(pids, np.int64),
                "camid": pd.array(cameras, dtype="Int64"),
                "split": split,
            }
        )
        return Embeddings(array, table, Path(root), {"fingerprint": "made up", **meta})

    return build
