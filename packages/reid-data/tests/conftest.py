"""Small data sets, written anew for each test."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
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


def _mutations(content: bytes, *, count: int, seed: int) -> Iterator[bytes]:
    """Damaged copies of a file: bytes changed, cut out, repeated, put in or cut off."""
    dice = random.Random(seed)
    if not content:
        return
    tokens = (
        b",",
        b"\n",
        b'"',
        b"-1",
        b"nan",
        b"1e999",
        b"0",
        b"9" * 30,
        b"\x00",
        b"\xff\xfe",
        b" ",
    )
    for _ in range(count):
        damaged = bytearray(content)
        for _ in range(dice.choice((1, 1, 2, 5))):
            at = dice.randrange(len(damaged) + 1)
            width = dice.choice((0, 1, 1, 4, 40))
            kind = dice.randrange(4)
            if kind == 0:
                damaged[at : at + 1] = bytes([dice.randrange(256)])
            elif kind == 1:
                damaged[at : at + width] = b""
            elif kind == 2:
                damaged[at:at] = damaged[at : at + width]
            else:
                damaged[at : at + width] = dice.choice(tokens)
        if dice.random() < 0.1:
            del damaged[dice.randrange(len(damaged) + 1) :]
        yield bytes(damaged)


@pytest.fixture(scope="session")
def fuzz() -> Callable[..., int]:
    """Read damaged copies of a file: each is read or refused with a reason, nothing else.

    ``fuzz(path, read, count=20, seed=0)`` gives how many were refused and restores the file.
    """

    def run(path: Path, read: Callable[[], object], *, count: int, seed: int = 0) -> int:
        content = path.read_bytes()
        refused = 0
        try:
            for damaged in _mutations(content, count=count, seed=seed):
                path.write_bytes(damaged)
                try:
                    read()
                except ValueError as error:
                    refused += 1
                    assert str(error).strip(), damaged  # noqa: PT017 - either outcome is right
                except Exception as error:
                    raise AssertionError(f"{path.name}: {error!r} for {damaged!r:.2000}") from error
        finally:
            path.write_bytes(content)
        return refused

    return run
