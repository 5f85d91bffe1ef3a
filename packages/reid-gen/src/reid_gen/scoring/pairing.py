"""Which target belongs to each generated image, read from folders and manifests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reid_data.datasets.listing import image_names
from reid_data.images import read_image, resize
from reid_gen.manifest import MANIFEST, read_manifest

__all__ = ["ImagePair", "image_files", "pair_images", "read_batches"]


@dataclass(frozen=True)
class ImagePair:
    """A generated image and the image that it should be.

    Attributes:
        fake: the generated file.
        target: the true one.
    """

    fake: Path
    target: Path


def image_files(folder: Path) -> list[Path]:
    """The images of a generated set, in its manifest's order, or of any folder, by name.

    Raises:
        ValueError: there are none.
    """
    if (folder / MANIFEST).is_file():
        return [folder / name for name in read_manifest(folder)["file"]]
    if not folder.is_dir():
        raise ValueError(f"expected a folder of images, came {folder}, which is none")
    names = image_names(folder, below=True)
    if not names:
        raise ValueError(f"there are no images in {folder}")
    return [folder / name for name in names]


def pair_images(fake: Path, target: Path) -> list[ImagePair]:
    """Pair by the manifest's ``target``, or else by name, whatever the suffix.

    Args:
        fake: folder of generated images, with or without a manifest.
        target: folder that the targets are below.

    Returns:
        The pairs in the order of the generated images; none where nothing fits.

    Raises:
        ValueError: the manifest names targets that are not there, or a name fits two files.
    """
    files = image_files(fake)
    if (fake / MANIFEST).is_file():
        table = read_manifest(fake)
        if "target" in table and table["target"].notna().all():
            wanted = [target / str(name) for name in table["target"]]
            missing = [path for path in wanted if not path.is_file()]
            if not missing:
                return [ImagePair(*both) for both in zip(files, wanted, strict=True)]
            if len(missing) < len(wanted):
                raise ValueError(
                    f"{fake / MANIFEST} names {len(missing)} targets that are not below {target}, "
                    f"first {missing[0].name}; give the folder that the pairs were made of"
                )
    stems: dict[str, Path] = {}
    for path in image_files(target):
        stem = path.relative_to(target).with_suffix("").as_posix()
        if stem in stems:
            raise ValueError(f"{target} holds {stems[stem].name} and {path.name}; which is it?")
        stems[stem] = path
    named = ((path, path.relative_to(fake).with_suffix("").as_posix()) for path in files)
    return [ImagePair(path, stems[stem]) for path, stem in named if stem in stems]


def read_batches(
    files: Sequence[Path], *, size: tuple[int, int], batch_size: int
) -> Iterator[Tensor]:
    """Images resized to one size, uint8 (B, 3, H, W).

    Raises:
        UnreadableImagesError: a file is no image.
    """
    for start in range(0, len(files), batch_size):
        part = [resize(read_image(file), size) for file in files[start : start + batch_size]]
        yield torch.from_numpy(np.stack(part)).permute(0, 3, 1, 2)
