"""A look at recolouring: what the masks say, and what becomes of an image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reid_data.images import Pixels, read_image
from reid_data.preprocess.mask_folder import MaskFolder
from reid_data.preprocess.masks import Kind, Mask
from reid_data.preprocess.recolour import Colour, Recolouring, recolour_image
from reid_data.preprocess.seeding import generator_for
from reid_data.preprocess.sheets import contact_sheet
from reid_data.records import Records

__all__ = ["recolour_sheet"]

_SHOWN: dict[Kind, Colour] = {"shirt": (230, 60, 40), "pant": (40, 120, 230)}


def recolour_sheet(
    records: Records,
    masks: MaskFolder,
    *,
    recolouring: Recolouring | None = None,
    images: int = 6,
    draws: int = 6,
    seed: int = 0,
    height: int = 128,
) -> Pixels:
    """Images, their masks (shirt red, trousers blue) and several recolourings, a row an image.

    Args:
        records: from which images of different people are drawn, as far as there are so many.
        masks: the masks.
        recolouring: how; by default as published.
        images: rows.
        draws: recolourings of each.
        seed: which images and colours.
        height: of each picture on the sheet.

    Raises:
        ValueError: a mask is missing or not of its image's size.
    """
    how = Recolouring() if recolouring is None else recolouring
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(records))
    fresh = np.zeros(len(records), dtype=bool)
    fresh[np.unique(records.pids[order], return_index=True)[1]] = True
    chosen = np.concatenate([order[fresh], order[~fresh]])[:images]
    rows = []
    for path in records.table["path"].iloc[chosen]:
        image = read_image(records.root / path)
        parts = {kind: masks.read(path, kind) for kind in _SHOWN}
        marked = recolour_image(image, [(parts[kind], _SHOWN[kind]) for kind in _SHOWN])
        drawn = [_drawn(image, parts, how, seed, f"{path} {number}") for number in range(draws)]
        rows.append((path, [image, marked, *drawn]))
    return contact_sheet(rows, height=height)


def _drawn(image: Pixels, parts: dict[Kind, Mask], how: Recolouring, seed: int, key: str) -> Pixels:
    outfit = replace(how.draw(generator_for(seed, key)), full_shirt=False, full_pant=False)
    return how.apply(image, parts, outfit)
