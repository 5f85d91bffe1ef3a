"""The masks of images in a folder of masks."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from reid_data.datasets.listing import image_names
from reid_data.preprocess.masks import Kind, Mask, read_mask
from reid_data.preprocess.naming import Naming, image_id

__all__ = ["MaskFolder"]


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
