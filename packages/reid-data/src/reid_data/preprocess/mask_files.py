"""From a folder of parsings to one of masks, with lists of those that cannot be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from PIL import Image

from reid_data.console import Advance
from reid_data.datasets.listing import image_names
from reid_data.images import Unreadable, UnreadableImagesError
from reid_data.preprocess.mask_faults import FAULT_LISTS, MaskFault, MaskReport, find_faults
from reid_data.preprocess.masks import KINDS, Kind, Labels, mask_image, part_masks, read_parsing
from reid_data.preprocess.naming import Naming, image_id
from reid_data.preprocess.outputs import do_each, new_folder
from reid_data.preprocess.published import write_names

__all__ = ["parsing_files", "write_masks"]


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
