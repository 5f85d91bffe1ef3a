"""Low quality on purpose: pixelation, motion, defocus, noise and JPEG, one kind an image.

Published (for clothes-changing re-ID) are pixelation, motion blur and a mild Gaussian that it calls
out of focus, in mixtures that depend on the target data set. Added are a real defocus, sensor noise
and JPEG artefacts. What happens to an image is drawn from the run's seed and the image's own name,
so it does not depend on the order, the subset or the number of workers; its size stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import asdict, astuple
from pathlib import Path

import numpy as np
from PIL import Image

from reid_data.console import Advance
from reid_data.images import Pixels
from reid_data.preprocess.blur_kernels import Kernel
from reid_data.preprocess.damages import Damage, Mixture
from reid_data.preprocess.rewriting import Rewritten, rewrite_images
from reid_data.records import Records

__all__ = ["blur", "degrade_image", "write_degraded"]


def degrade_image(image: Pixels, damage: Damage) -> Pixels:
    """Damage one image.

    Args:
        image: ``(H, W, 3)``, uint8.
        damage: what to do; pixelation to a side that is not smaller does nothing.

    Returns:
        A new image of the same size.
    """
    if (kernel := damage.kernel()) is not None:
        return blur(image, kernel)
    if damage.kind == "pixelation":
        return _pixelated(image, short_side=int(damage.amount))
    if damage.kind == "noise":
        noise = np.random.default_rng(damage.seed).standard_normal(image.shape)
        return _rounded(image + damage.amount * noise)
    if damage.kind == "jpeg":
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=int(damage.amount))
        return np.array(Image.open(buffer))
    return image.copy()


def blur(image: Pixels, kernel: Kernel) -> Pixels:
    """Convolve an image with a kernel, its border pixels repeated outwards.

    Args:
        image: ``(H, W, 3)``, uint8.
        kernel: ``(S, S)``, odd.

    Returns:
        A new image of the same size.
    """
    height, width = image.shape[:2]
    reach = len(kernel) // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    shape = padded.shape[:2]
    spectrum = np.fft.rfft2(padded, axes=(0, 1)) * np.fft.rfft2(kernel, s=shape)[..., None]
    whole = np.fft.irfft2(spectrum, s=shape, axes=(0, 1))
    return _rounded(whole[2 * reach :, 2 * reach :][:height, :width])


def write_degraded(
    records: Records,
    out: Path | str,
    *,
    mixture: Mixture,
    seed: int,
    workers: int = 0,
    skip_unreadable: bool = False,
    advance: Advance | None = None,
) -> Rewritten:
    """Write a low-quality copy of a data set, same names and layout.

    What was done to each image is written beside them, in ``damages.csv``.

    Args:
        records: what to damage.
        out: the new folder.
        mixture: how.
        seed: which damage; an image's depends on the seed and its path only.
        workers: threads; 0 works in the caller's.
        skip_unreadable: leave out images that cannot be read.
        advance: called with the number of images just finished.

    Raises:
        ValueError: `out` is not empty, or images cannot be read.
    """
    paths = list(dict.fromkeys(records.table["path"]))
    damages = dict(zip(paths, mixture.draw_each(paths, seed=seed), strict=True))

    def finish(folder: Path, unreadable: Collection[Path]) -> None:
        left_out = frozenset(unreadable)
        with (folder / "damages.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["path", *asdict(Damage("none"))])
            for path, damage in damages.items():
                if records.root / path not in left_out:
                    writer.writerow([path, *astuple(damage)])

    return rewrite_images(
        records,
        out,
        lambda image, path: degrade_image(image, damages[path]),
        workers=workers,
        skip_unreadable=skip_unreadable,
        advance=advance,
        finish=finish,
    )


def _pixelated(image: Pixels, *, short_side: int) -> Pixels:
    height, width = image.shape[:2]
    factor = min(height, width) / short_side
    if factor <= 1:
        return image.copy()
    size = (max(round(width / factor), 1), max(round(height / factor), 1))
    small = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
    return np.array(small.resize((width, height), Image.Resampling.BICUBIC))


def _rounded(values: Kernel) -> Pixels:
    return np.rint(values).clip(0, 255).astype(np.uint8)
