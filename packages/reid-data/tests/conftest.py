"""Small data sets, written anew for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def _write_image(path: Path, *, seed: int = 0, size: tuple[int, int] = (48, 24)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 3, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def write_image() -> Callable[..., Path]:
    """Write a smooth random picture: ``write_image(path, seed=0, size=(height, width))``."""
    return _write_image


@pytest.fixture
def write_market() -> Callable[..., Path]:
    """Write ``{folder: names}`` as pictures, in Market-1501's layout by default."""

    def write(root: Path, extra: dict[str, Iterable[str]] | None = None) -> Path:
        names = {
            "bounding_box_train": [
                f"{p:04d}_c{c}s1_{p * c:06d}_00.jpg" for p in (2, 7) for c in (1, 3)
            ],
            "query": ["0003_c1s1_000151_00.jpg", "0005_c12s4_000007_00.jpg"],
            "bounding_box_test": [
                "0003_c3s2_013762_01.jpg",
                "0005_c2s1_000001_02.jpg",
                "0000_c1s1_000151_01.jpg",
                "-1_c1s1_000401_03.jpg",
            ],
        }
        for folder, more in (extra or {}).items():
            names[folder] = [*names.get(folder, []), *more]
        for folder, files in names.items():
            for seed, name in enumerate(files):
                _write_image(root / folder / name, seed=seed)
        return root

    return write
