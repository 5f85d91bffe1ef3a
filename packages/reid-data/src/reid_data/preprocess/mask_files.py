"""Masks of a whole data set, and the list of those that cannot be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from PIL import Image

from reid_data.console import Advance
from reid_data.datasets.listing import image_names
from reid_data.images import Unreadable, UnreadableImagesError
from reid_data.preprocess.masks import (
    KINDS,
    Kind,
    Labels,
    Mask,
    mask_image,
    part_masks,
    read_mask,
    read_parsing,
)
from reid_data.preprocess.naming import Naming, image_id
from reid_data.preprocess.outputs import do_each, new_folder
from reid_data.preprocess.published import write_names

__all__ = [
    "FAULT_LISTS",
    "MaskFault",
    "MaskFolder",
    "MaskReport",
    "find_faults",
    "parsing_files",
    "write_masks",
]

Reason = Literal["empty", "small", "everything", "size", "missing", "unreadable"]

FAULT_LISTS = ("pant", "shirt", "union")
"""The lists of faulty silhouettes that are published, as ``faulty_pant.csv`` and so on."""

_JUDGED: tuple[Kind, ...] = ("sil", "pant", "shirt")


@dataclass(frozen=True)
class MaskFault:
    """A mask that cannot be trusted.

    Attributes:
        image: the name of its image, as in the faulty lists.
        kind: which mask; ``sil`` where the parsing as a whole is at fault.
        reason: ``empty`` or ``small`` (too few pixels), ``everything`` (all of them), ``size`` (not
            that of the image), ``missing`` or ``unreadable`` (the parsing itself).
        share: of the image's pixels that the mask holds.
        detail: more for people.
    """

    image: str
    kind: Kind
    reason: Reason
    share: float = 0.0
    detail: str = ""


@dataclass(frozen=True)
class MaskReport:
    """What became of the parsings.

    Attributes:
        images: how many were turned into masks.
        faults: masks that cannot be trusted, by image.
    """

    images: int
    faults: tuple[MaskFault, ...]

    def faulty(self, of: Literal["pant", "shirt", "union"]) -> tuple[str, ...]:
        """Names of the images whose trousers, shirt or either cannot be trusted, sorted.

        A fault of the whole parsing counts for both.
        """
        kinds = ("pant", "shirt", "sil") if of == "union" else (of, "sil")
        return tuple(sorted({fault.image for fault in self.faults if fault.kind in kinds}))


def find_faults(labels: Labels, *, image: str, least_share: float = 0.005) -> list[MaskFault]:
    """Judge the silhouette, the trousers and the shirt of a parsing.

    Faulty lists are published without the script that made them; judged by their use (recolouring
    trousers and shirt), a mask is faulty that is empty or covers too little to be seen.

    Args:
        labels: a class for each pixel, ``(H, W)``.
        image: the name to report.
        least_share: of the pixels that a mask must hold.
    """
    shares = part_masks(labels, _JUDGED).mean(axis=(1, 2)) if labels.size else np.zeros(3)
    faults = []
    for kind, share in zip(_JUDGED, shares.tolist(), strict=True):
        reason: Reason | None = None
        if share < least_share:
            reason = "small" if share else "empty"
        elif kind == "sil" and share == 1:
            reason = "everything"
        if reason is not None:
            faults.append(MaskFault(image, kind, reason, round(share, 6)))
    return faults


def parsing_files(root: Path | str) -> list[str]:
    """The parsings below a folder, relative and sorted: ``.npy``, or ``.png`` labels.

    Where a parsing lies there in both forms, the labels are taken: they are the argmax of the
    logits at a hundredth of the size.

    Raises:
        ValueError: there is no such folder or no parsing in it.
    """
    place = Path(root)
    if not place.is_dir():
        raise ValueError(f"expected a folder of parsings at {place}; there is none")
    found = {
        path.relative_to(place).with_suffix("").as_posix(): path.relative_to(place).as_posix()
        for suffix in (".npy", ".png")
        for path in place.rglob(f"*{suffix}")
        if not path.name.startswith(".")
    }
    if not found:
        raise ValueError(f"expected parsings (.npy or .png) below {place}; found none")
    return sorted(found.values())


def write_masks(
    parsings: Path | str,
    out: Path | str,
    *,
    kinds: Sequence[Kind] = KINDS,
    naming: Naming = "stem",
    images: Path | str | None = None,
    least_share: float = 0.005,
    channels: Literal[1, 3] = 3,
    workers: int = 0,
    skip_unreadable: bool = False,
    advance: Advance | None = None,
) -> MaskReport:
    """Turn a folder of parsings into masks, reading each parsing once.

    ``train/000_1_c10_001003.npy`` becomes ``train/000_1_c10_001003_shirt.png`` and so on; with the
    naming ``parent``, ``train/092/A_cropped_rgb001.npy`` becomes
    ``train/092_A_cropped_rgb001_shirt.png``. Beside them lie ``faulty_pant.csv``,
    ``faulty_shirt.csv`` and ``faulty_union.csv``, lists without a header.

    Args:
        parsings: the folder, in any layout.
        out: the new folder.
        kinds: which masks.
        naming: how masks are called.
        images: the folder of the images in the same layout; then parsings that are missing, or
            differ from their image in size, are faults.
        least_share: see `find_faults`.
        channels: of the mask images.
        workers: threads; 0 works in the caller's.
        skip_unreadable: count parsings that cannot be read as faults and go on.
        advance: called with the number of parsings just finished.

    Raises:
        UnreadableImagesError: parsings cannot be read.
        ValueError: there is no parsing, two would be written to one name, or `out` is not empty.
    """
    root = Path(parsings)
    names = parsing_files(root)
    targets = _targets(names, naming)
    known = _image_paths(images)
    with new_folder(Path(out)) as folder:

        def convert(name: str) -> list[MaskFault]:
            image = image_id(name, naming)
            try:
                labels = read_parsing(root / name)
            except ValueError as error:
                return [MaskFault(image, "sil", "unreadable", detail=f"{name}: {error}")]
            target = folder / targets[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            for kind, mask in zip(kinds, part_masks(labels, kinds), strict=True):
                picture = mask_image(mask, channels=channels)
                picture.save(f"{target}_{kind}.png", compress_level=1)
            faults = find_faults(labels, image=image, least_share=least_share)
            return _wrong_size(labels, known.get(_plain(name)), image) + faults

        results = do_each(convert, names, workers=workers, advance=advance)
        faults = [fault for found in results for fault in found]
        broken = [fault for fault in faults if fault.reason == "unreadable"]
        if broken and not skip_unreadable:
            raise UnreadableImagesError([_unreadable(root, fault) for fault in broken])
        faults += _missing(names, known, naming)
        report = MaskReport(len(names) - len(broken), tuple(faults))
        for of in FAULT_LISTS:
            write_names(folder / f"faulty_{of}.csv", report.faulty(of))  # type: ignore[arg-type]
    return report


class MaskFolder:
    """Finds the masks of images in a folder of masks, whether or not it mirrors their layout.

    Args:
        root: the folder, as `write_masks` or the published systems write it.
        naming: how masks are called.

    Raises:
        ValueError: there is no such folder.
    """

    def __init__(self, root: Path | str, *, naming: Naming = "stem") -> None:
        self.root = Path(root)
        self.naming = naming
        names = image_names(self.root, below=True)
        self._mirrored = set(names)
        self._by_name: dict[str, list[str]] = {}
        for name in names:
            self._by_name.setdefault(PurePosixPath(name).name, []).append(name)

    def find(self, image: str, kind: Kind) -> Path:
        """The mask of an image, given by its path relative to the data set's root.

        Raises:
            ValueError: there is none, or several folders hold one of that name.
        """
        file = f"{image_id(image, self.naming)}_{kind}.png"
        folder = PurePosixPath(image).parent
        folder = folder.parent if self.naming == "parent" else folder
        mirrored = (folder / file).as_posix()
        if mirrored in self._mirrored:
            return self.root / mirrored
        candidates = self._by_name.get(file, [])
        if len(candidates) != 1:
            what = f"{len(candidates)} of that name" if candidates else "none"
            raise ValueError(f"expected a mask {file} for {image} below {self.root}; found {what}")
        return self.root / candidates[0]

    def read(self, image: str, kind: Kind) -> Mask:
        """Read the mask of an image.

        Raises:
            ValueError: there is none, or it is no image.
        """
        return read_mask(self.find(image, kind))


def _unreadable(root: Path, fault: MaskFault) -> Unreadable:
    name, _, reason = fault.detail.partition(": ")
    return Unreadable(root / name, reason)


def _targets(names: Sequence[str], naming: Naming) -> dict[str, str]:
    """Where the masks of each parsing go, without the kind; distinct."""
    targets: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in names:
        folder = PurePosixPath(name).parent
        folder = folder.parent if naming == "parent" else folder
        target = (folder / image_id(name, naming)).as_posix()
        if target in taken:
            raise ValueError(
                f"the masks of {taken[target]} and {name} would have one name: {target}"
            )
        targets[name], taken[target] = target, name
    return targets


def _plain(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _image_paths(images: Path | str | None) -> dict[str, Path]:
    if images is None:
        return {}
    root = Path(images)
    return {_plain(name): root / name for name in image_names(root, below=True)}


def _wrong_size(labels: Labels, path: Path | None, image: str) -> list[MaskFault]:
    if path is None:
        return []
    try:
        with Image.open(path) as picture:
            size = (picture.height, picture.width)
    except (OSError, SyntaxError, ValueError) as error:
        return [MaskFault(image, "sil", "size", detail=f"its image cannot be read: {error}")]
    if size == labels.shape:
        return []
    detail = f"parsing {labels.shape[0]}x{labels.shape[1]}, image {size[0]}x{size[1]}"
    return [MaskFault(image, "sil", "size", detail=detail)]


def _missing(names: Sequence[str], known: dict[str, Path], naming: Naming) -> list[MaskFault]:
    there = {_plain(name) for name in names}
    return [
        MaskFault(image_id(name, naming), "sil", "missing")
        for name in sorted(known)
        if name not in there
    ]
