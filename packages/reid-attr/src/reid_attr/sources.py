"""The images of a verb: a picture, a folder, or a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reid_attr.training.images import AttributeImages
    from reid_data import Records

__all__ = ["chosen_records", "images_at", "records_of_set", "split_of"]

_SPLITS = {"test": "gallery", "validation": "val", "train": "train"}


def images_at(place: Path, *, images: Path | None = None) -> Records:
    """One image, all images of a folder and its folders, or those that a ``.csv`` file lists.

    Args:
        place: the image, folder or list.
        images: folder to which the paths of a list are relative; its own by default.

    Raises:
        ValueError: there is nothing, or no image.
    """
    import pandas as pd

    from reid_data import Records, from_images

    if place.is_file() and place.suffix.lower() == ".csv":
        return _listed(place, images or place.parent)
    if place.is_file():
        frame = pd.DataFrame({"path": [place.name], "pid": -1, "split": "gallery"})
        return Records(frame, place.parent)
    if not place.is_dir():
        raise ValueError(f"{place} does not exist; expected an image or a folder of images")
    return from_images(place, pids="optional")


def records_of_set(name: str, root: Path, *, images: Path | None) -> Records:
    """The images of a data set, or of a published table of attributes, whatever its attributes.

    Raises:
        ValueError: the name is unknown, or the data cannot be read.
    """
    from reid_attr.training.images import load_images
    from reid_data import list_datasets, load_dataset

    if name.partition(":")[0] in list_datasets() or "+" in name:
        return load_dataset(name, root)
    return load_images(name, root, schema=None, images=images).records


def chosen_records(
    place: Path | None, data: str | None, root: Path | None, *, images: Path | None
) -> Records:
    """The images of a folder, or those of ``--data`` and ``--root``.

    Raises:
        ValueError: both or neither were given, or the images cannot be found.
    """
    if place is not None and data is None:
        if root is not None:
            raise ValueError("--root goes with --data")
        return images_at(place, images=images)
    if data is not None and place is None:
        if root is None:
            raise ValueError(f"--data {data} needs --root, the folder that holds it")
        return records_of_set(data, root, images=images)
    raise ValueError("name an image or a folder of images, or a data set with --data and --root")


def _listed(path: Path, folder: Path) -> Records:
    """The images of a list: the first column, under a header such as ``# image`` or none."""
    import csv

    import pandas as pd

    from reid_data import Records

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = [row[0].strip() for row in csv.reader(file) if row and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"the list {path} cannot be read: {error}") from error
    if names and names[0].lstrip("#").strip().lower() in ("image", "path", "img", "file"):
        names = names[1:]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing or not names:
        first = f"; {len(missing)} are not there, first {missing[0]}" if missing else ""
        raise ValueError(
            f"expected a list of images below {folder} in {path}, came {len(names)} names{first}; "
            "name their folder with --images"
        )
    return Records(pd.DataFrame({"path": names, "pid": -1, "split": "gallery"}), folder)


def split_of(whole: AttributeImages, model: Path, part: str) -> AttributeImages:
    """A part of a data set; of one that publishes no such part, what the training left for it.

    Args:
        whole: all images.
        model: checkpoint folder, whose ``division.csv`` is asked.
        part: ``test``, ``validation``, ``train`` or ``all``.

    Raises:
        ValueError: an unknown part, or there is none.
    """
    from reid_attr.training.division import read_division

    if part not in (*_SPLITS, "all"):
        raise ValueError(f"--part must be one of {', '.join((*_SPLITS, 'all'))}; came {part}")
    if part == "all":
        return whole
    found = whole.split(_SPLITS[part])
    division = model / "division.csv"
    if division.is_file() and not (part == "test" and len(found)):
        found = read_division(division, whole, part)
    if not len(found):
        raise ValueError(f"the data has no part {part}; take --part all, or another table")
    return found
