"""The contact sheet: it is complete, and the picture in the docs is the one that is drawn today."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from reid_data.synth import contact_sheet

PICTURE = Path(__file__).parents[4] / "docs" / "images" / "synthetic-people.jpg"


def test_the_picture_in_the_docs_is_what_is_drawn() -> None:
    drawn = contact_sheet(columns=11).astype(int)
    with Image.open(PICTURE) as image:
        shown = np.asarray(image).astype(int)
    assert shown.shape == drawn.shape
    assert np.abs(shown - drawn).mean() < 6
    blocks = [
        picture[:, :720].reshape(len(picture) // 8, 8, 90, 8, 3).mean((1, 3))
        for picture in (shown, drawn)
    ]
    assert np.abs(blocks[0] - blocks[1]).max() < 20


def test_any_seed_number_and_size() -> None:
    sheet = contact_sheet(seed=3, columns=2, height=64, width=32)
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == 2 * (32 + 2)
    assert sheet.shape[0] % (64 + 2 + 14) == 0
    assert not np.array_equal(sheet, contact_sheet(seed=4, columns=2, height=64, width=32))
