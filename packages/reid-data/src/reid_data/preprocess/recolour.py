"""Other clothes for the same person: recolouring shirt and trousers under their masks.

The published augmentation (``foreround_overlap``): inside shirt and trousers, 30% of the image and
70% of a flat colour each; with ``full`` above 0, each mask is exchanged for the one that includes
arms or legs with that probability (``fore_full_overlap``). An image whose masks are faulty gets one
colour over all its clothes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid_data.console import Advance
from reid_data.images import Pixels
from reid_data.preprocess.mask_folder import MaskFolder
from reid_data.preprocess.masks import Kind, Mask
from reid_data.preprocess.naming import image_id
from reid_data.preprocess.outfits import outfits_of
from reid_data.preprocess.rewriting import rewrite_images
from reid_data.preprocess.seeding import generator_for
from reid_data.records import Records

__all__ = [
    "COLOURS",
    "LAST_COLOURS",
    "Colour",
    "Outfit",
    "Recolouring",
    "recolour_image",
    "write_recoloured",
]

Colour = tuple[int, int, int]
"""Red, green and blue, 0 .. 255."""

COLOURS: Mapping[str, Colour] = {
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "purple": (128, 0, 128),
    "red": (255, 0, 0),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "orange": (255, 165, 0),
    "yellow": (255, 255, 0),
    "pink": (255, 192, 203),
}
"""The nine colours of the published system, as CSS defines them."""

LAST_COLOURS: Mapping[str, Colour] = {
    name: COLOURS[name] for name in ("green", "blue", "purple", "red", "yellow", "pink")
}
"""The six that it uses for LaST."""


@dataclass(frozen=True)
class Outfit:
    """The new colours of one image.

    Attributes:
        shirt: index of the shirt's colour.
        pant: index of the trousers' colour.
        full_shirt: colour the arms too.
        full_pant: colour the legs too.
    """

    shirt: int
    pant: int
    full_shirt: bool = False
    full_pant: bool = False


@dataclass(frozen=True)
class Recolouring:
    """How to recolour.

    Attributes:
        colours: red, green, blue of each colour.
        strength: share of the new colour, the rest being the image.
        full: probability of exchanging a mask for the one with arms or legs, each on its own.

    Raises:
        ValueError: there is no colour, or a share is not between 0 and 1.
    """

    colours: tuple[Colour, ...] = tuple(COLOURS.values())
    strength: float = 0.7
    full: float = 0.0

    def __post_init__(self) -> None:
        if not self.colours:
            raise ValueError("recolouring needs at least one colour")
        for name in ("strength", "full"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be between 0 and 1, came {getattr(self, name)}")

    def draw(self, generator: np.random.Generator) -> Outfit:
        """Draw the colours of shirt and trousers, independent of each other."""
        shirt, pant = generator.integers(len(self.colours), size=2).tolist()
        full_shirt, full_pant = (generator.random(2) < self.full).tolist()
        return Outfit(shirt, pant, full_shirt, full_pant)

    def apply(
        self, image: Pixels, masks: Mapping[Kind, Mask], outfit: Outfit, *, faulty: bool = False
    ) -> Pixels:
        """Recolour an image.

        Args:
            image: ``(H, W, 3)``, uint8.
            masks: those that the outfit needs: ``shirt`` or ``full_shirt`` and ``pant`` or
                ``full_pant``, or for a faulty image ``clothes``.
            outfit: from `draw`.
            faulty: colour all clothes in the shirt's colour.

        Raises:
            ValueError: a mask is missing or not of the image's size.
        """
        wanted = _regions(outfit, faulty=faulty)
        if missing := [kind for kind, _ in wanted if kind not in masks]:
            raise ValueError(
                f"recolouring needs the masks {', '.join(missing)}; there are: {', '.join(masks)}"
            )
        regions = [(masks[kind], self.colours[colour]) for kind, colour in wanted]
        return recolour_image(image, regions, strength=self.strength)


def recolour_image(
    image: Pixels, regions: Sequence[tuple[Mask, Colour]], *, strength: float = 0.7
) -> Pixels:
    """Blend flat colours into regions of an image; where regions overlap, the last one counts.

    Args:
        image: ``(H, W, 3)``, uint8.
        regions: masks ``(H, W)`` and their colours.
        strength: share of the new colour.

    Returns:
        A new image.

    Raises:
        ValueError: a mask is not of the image's size.

    Examples:
        >>> image = np.full((1, 2, 3), 100, np.uint8)
        >>> recolour_image(image, [(np.array([[True, False]]), (250, 0, 0))]).tolist()
        [[[205, 30, 30], [100, 100, 100]]]
    """
    result = image.copy()
    for mask, colour in regions:
        if mask.shape != image.shape[:2]:
            raise ValueError(
                f"a mask must have the size of its image {image.shape[:2]}, came {mask.shape}"
            )
        mixed = (1 - strength) * image[mask] + strength * np.array(colour)
        result[mask] = np.rint(mixed).astype(np.uint8)
    return result


def write_recoloured(
    records: Records,
    masks: MaskFolder,
    out: Path | str,
    *,
    recolouring: Recolouring | None = None,
    faulty: Collection[str] = (),
    seed: int,
    workers: int = 0,
    skip_unreadable: bool = False,
    advance: Advance | None = None,
) -> Records:
    """Write every image once in other clothes, under its own name, with the outfit ids extended.

    The table is written too, as ``records.csv``, so that ``--data csv`` reads the result.

    Args:
        records: what to recolour, with a column ``clothes_id``; normally the training split.
        masks: the masks.
        out: the new folder.
        recolouring: how; by default as published.
        faulty: names of images whose masks cannot be trusted (the list of the union).
        seed: which colours; each image draws its own, whatever else is recoloured.
        workers: threads; 0 works in the caller's.
        skip_unreadable: leave out images that cannot be read.
        advance: called with the number of images just finished.

    Returns:
        Records of what was written: `clothes_id` is the outfit's label in `outfits_of` with these
        colours, so that real and recoloured images of one training run never share an outfit.

    Raises:
        ValueError: the records have no outfits, a mask is missing, or images cannot be read.
    """
    how = Recolouring() if recolouring is None else recolouring
    outfits, _ = outfits_of(records, colours=len(how.colours))
    bad = frozenset(faulty)
    paths = records.table["path"]
    drawn = {path: how.draw(generator_for(seed, path)) for path in paths}
    wrong = {path for path in paths if image_id(path, masks.naming) in bad}
    for path, outfit in drawn.items():
        # Missing masks are found before any work.
        for kind, _ in _regions(outfit, faulty=path in wrong):
            masks.find(path, kind)

    def change(image: Pixels, path: str) -> Pixels:
        parts = _regions(drawn[path], faulty=path in wrong)
        found = {kind: masks.read(path, kind) for kind, _ in parts}
        return how.apply(image, found, drawn[path], faulty=path in wrong)

    def number(person: int, path: str) -> int:
        shirt, pant = drawn[path].shirt, drawn[path].pant
        return outfits.recoloured_id(person, shirt=shirt, pant=shirt if path in wrong else pant)

    labels = records.relabel().labels.tolist()
    ids = [number(person, path) for person, path in zip(labels, paths, strict=True)]
    renumbered = Records(records.table.assign(clothes_id=ids), Path(out), records.info)

    def finish(folder: Path, unreadable: Collection[Path]) -> None:
        _without(renumbered, records, unreadable).to_csv(folder / "records.csv")

    done = rewrite_images(
        records,
        out,
        change,
        workers=workers,
        skip_unreadable=skip_unreadable,
        advance=advance,
        finish=finish,
    )
    return _without(renumbered, records, [fault.path for fault in done.unreadable])


def _regions(outfit: Outfit, *, faulty: bool) -> list[tuple[Kind, int]]:
    if faulty:
        return [("clothes", outfit.shirt)]
    return [
        ("full_pant" if outfit.full_pant else "pant", outfit.pant),
        ("full_shirt" if outfit.full_shirt else "shirt", outfit.shirt),
    ]


def _without(records: Records, originals: Records, unreadable: Collection[Path]) -> Records:
    left_out = frozenset(unreadable)
    return records.take(np.array([path not in left_out for path in originals.paths], dtype=bool))
