"""Are there masks for all images, and do they fit?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reid_data.console import Advance
from reid_data.preprocess.mask_folder import MaskFolder
from reid_data.preprocess.masks import Kind
from reid_data.preprocess.sizes import image_sizes
from reid_data.records import Records

__all__ = ["MaskCheck", "check_masks"]


@dataclass(frozen=True)
class MaskCheck:
    """What is wrong with the masks of a data set.

    Attributes:
        images: how many were looked at.
        missing: images that lack a mask, by path.
        wrong_size: images one of whose masks has another size.
    """

    images: int
    missing: tuple[str, ...]
    wrong_size: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Every image has masks of its size."""
        return not self.missing and not self.wrong_size

    def __str__(self) -> str:
        """One line for people, with the verb that makes masks where some are missing."""
        if self.ok:
            return f"all {self.images} images have masks of their size"
        first = (*self.missing, *self.wrong_size)[0]
        return (
            f"{len(self.missing)} of {self.images} images have no masks and {len(self.wrong_size)} "
            f"have masks of another size, first {first}; `reid-data masks` makes them"
        )


def check_masks(
    records: Records,
    masks: MaskFolder,
    *,
    kinds: Sequence[Kind] = ("shirt", "pant"),
    workers: int = 0,
    advance: Advance | None = None,
) -> MaskCheck:
    """Look for the masks of images, without decoding a picture.

    Args:
        records: the images.
        masks: the folder of masks.
        kinds: which masks each image needs.
        workers: threads; 0 works in the caller's.
        advance: called with the number of files just measured.

    Raises:
        UnreadableImagesError: an image or a mask is no picture.
    """
    paths = list(dict.fromkeys(records.table["path"]))
    found, missing = {}, []
    for path in paths:
        try:
            found[path] = [masks.find(path, kind) for kind in kinds]
        except ValueError:
            missing.append(path)
    files = [file for path, own in found.items() for file in (records.root / path, *own)]
    sizes = image_sizes(files, workers=workers, advance=advance).reshape(-1, 1 + len(kinds), 2)
    fits = (sizes[:, 1:] == sizes[:, :1]).all(axis=(1, 2)).tolist()
    wrong = tuple(path for path, fit in zip(found, fits, strict=True) if not fit)
    return MaskCheck(len(paths), tuple(missing), wrong)
