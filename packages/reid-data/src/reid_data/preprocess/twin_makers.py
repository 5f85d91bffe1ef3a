"""Changed copies for the loader: people in other colours, and images of low quality."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np

from reid_data.console import Advance
from reid_data.images import Pixels
from reid_data.preprocess.damages import Mixture
from reid_data.preprocess.degrade import degrade_image
from reid_data.preprocess.mask_checks import MaskCheck, check_masks
from reid_data.preprocess.mask_faults import FAULT_LISTS
from reid_data.preprocess.mask_folder import MaskFolder
from reid_data.preprocess.masks import Kind
from reid_data.preprocess.naming import image_id
from reid_data.preprocess.published import read_names
from reid_data.preprocess.recolour import Outfit, Recolouring
from reid_data.records import Records
from reid_data.twin_making import Twin

__all__ = ["DegradedTwins", "RecolouredTwins"]


@dataclass(frozen=True)
class DegradedTwins:
    """A copy of low quality, at the same place; what is done to it is drawn for each batch anew.

    Attributes:
        mixture: how often each kind of damage happens, and how strongly.
        aligned: always; losses between an image and its copy compare the same places.
    """

    mixture: Mixture
    aligned: bool = True

    def make(self, image: Pixels, row: int, *, generator: np.random.Generator) -> Twin:  # noqa: ARG002 - any image
        """The damaged image."""
        return Twin(degrade_image(image, self.mixture.draw(generator)))


class RecolouredTwins:
    """A copy in other clothes, see `Recolouring`, flipped, moved and erased by draws of its own.

    Colours are drawn anew each time an image is loaded. The copy's entry ``clothes`` of the targets
    is ``classes + person * C**2 + shirt * C + trousers`` for C colours, as in
    `reid_data.preprocess.Outfits`, so that no real outfit shares it. An image without usable masks
    is copied as it is, and keeps its outfit.

    Args:
        records: relabelled training images.
        masks: their masks.
        recolouring: the colours, and how strong they are.
        classes: number of real outfits.
        faulty: names of images whose trousers or shirt cannot be trusted; they get one colour.
        unusable: paths of images without masks of their size.

    Attributes:
        aligned: never; a copy is one more image of the person.
    """

    aligned = False

    def __init__(
        self,
        records: Records,
        masks: MaskFolder,
        *,
        recolouring: Recolouring,
        classes: int,
        faulty: Collection[str] = (),
        unusable: Collection[str] = (),
    ) -> None:
        self._paths: list[str] = records.table["path"].tolist()
        self._people: list[int] = records.labels.tolist()
        self._masks = masks
        self._recolouring = recolouring
        self._classes = classes
        self._faulty = frozenset(faulty)
        self._unusable = frozenset(unusable)

    @classmethod
    def checked(
        cls,
        records: Records,
        masks: MaskFolder,
        *,
        recolouring: Recolouring,
        classes: int,
        workers: int = 0,
        advance: Advance | None = None,
    ) -> tuple[Self, MaskCheck]:
        """Look at the masks first, and at the list of the faulty ones where the folder has one.

        Args:
            records: relabelled training images.
            masks: their masks.
            recolouring: the colours, and how strong they are.
            classes: number of real outfits.
            workers: threads; 0 works in the caller's.
            advance: called with the number of files just measured.

        Returns:
            The maker, and which images it has to leave as they are.

        Raises:
            ValueError: no image has masks of its size.
        """
        listed = masks.root / f"faulty_{FAULT_LISTS[-1]}.csv"
        faulty = read_names(listed) if listed.is_file() else ()
        kinds: list[Kind] = ["shirt", "pant"]
        kinds += ["full_shirt", "full_pant"] if recolouring.full else []
        kinds += ["clothes"] if faulty else []
        check = check_masks(records, masks, kinds=kinds, workers=workers, advance=advance)
        unusable = (*check.missing, *check.wrong_size)
        if len(unusable) == check.images:
            raise ValueError(f"nobody can be recoloured by the masks in {masks.root}: {check}")
        made = cls(
            records,
            masks,
            recolouring=recolouring,
            classes=classes,
            faulty=faulty,
            unusable=unusable,
        )
        return made, check

    def make(self, image: Pixels, row: int, *, generator: np.random.Generator) -> Twin:
        """The image in drawn colours."""
        outfit, path = self._recolouring.draw(generator), self._paths[row]
        if path in self._unusable:
            return Twin(image)
        faulty = image_id(path, self._masks.naming) in self._faulty
        masks = {kind: self._masks.read(path, kind) for kind in _needed(outfit, faulty=faulty)}
        changed = self._recolouring.apply(image, masks, outfit, faulty=faulty)
        return Twin(changed, {"clothes": self._number(row, outfit, faulty=faulty)})

    def _number(self, row: int, outfit: Outfit, *, faulty: bool) -> int:
        colours = len(self._recolouring.colours)
        pant = outfit.shirt if faulty else outfit.pant
        place = self._people[row] * colours**2 + outfit.shirt * colours + pant
        return self._classes + place


def _needed(outfit: Outfit, *, faulty: bool) -> list[Kind]:
    if faulty:
        return ["clothes"]
    return [
        "full_shirt" if outfit.full_shirt else "shirt",
        "full_pant" if outfit.full_pant else "pant",
    ]
