"""Networks of clips: one row a tracklet, the mean of its clips, however the work is cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from reid_data import Records, read_image
from reid_eval import Views, embed
from reid_eval.evaluation import evaluate_protocol
from reid_eval.extraction import embed_to
from reid_eval.protocols import make_protocol

SIZE = (32, 16)
LENGTHS = {7: 5, 3: 1, 4: 2, 9: 4}
"""Frames of each tracklet, two of which have a tail that is shorter than a clip."""


class Differences:
    """Looks at how a clip changes: its mean colour, and its last frame's less its first's."""

    image_size, embedding_size, fingerprint = SIZE, 6, "differences"
    clip_size, clip_stride = 2, 1
    device = torch.device("cpu")

    def describe(self) -> dict[str, Any]:
        return {"name": "differences"}

    def __call__(self, clips: Tensor) -> Tensor:
        assert clips.dtype == torch.uint8
        assert clips.shape[1:] == (2, 3, *SIZE)
        colours = clips.float().mean(dim=(3, 4))
        return torch.cat([colours.mean(dim=1), colours[:, -1] - colours[:, 0]], dim=1)


@pytest.fixture
def walks(tmp_path: Path, write_picture: Callable[..., Path]) -> Records:
    rows = []
    for tracklet, frames in LENGTHS.items():
        for frame in range(frames):
            path = write_picture(tmp_path / f"{tracklet}_{frame}.png", tracklet, noise=frame)
            row = {"path": path.name, "pid": tracklet % 2, "camid": tracklet, "frame": frame}
            rows.append({**row, "tracklet": tracklet, "split": "gallery"})
    shuffled = pd.DataFrame(rows).sample(frac=1, random_state=0)
    return Records(shuffled.reset_index(drop=True), tmp_path)


def by_hand(records: Records, tracklet: int) -> np.ndarray:
    frames = [
        read_image(records.root / f"{tracklet}_{frame}.png").astype(float).mean(axis=(0, 1))
        for frame in range(LENGTHS[tracklet])
    ]
    # What is left over at the end is filled by the clip's own frames, again from its first.
    clips = [frames[start : start + 2] for start in range(0, len(frames), 2)]
    clips = [(clip * 2)[:2] for clip in clips]
    found = [np.concatenate([(a + b) / 2, b - a]) for a, b in clips]
    return np.mean(found, axis=0)


@pytest.mark.parametrize(("batch_size", "workers"), [(1, 0), (3, 0), (64, 1)])
def test_a_tracklet_is_the_mean_of_its_clips(walks: Records, batch_size: int, workers: int) -> None:
    advanced: list[int] = []
    result = embed(
        Differences(), walks, batch_size=batch_size, workers=workers, advance=advanced.append
    )
    assert result.table["tracklet"].tolist() == sorted(LENGTHS)
    for row, tracklet in enumerate(sorted(LENGTHS)):
        np.testing.assert_allclose(result.features[row], by_hand(walks, tracklet), atol=1e-3)
    assert sum(advanced) == len(walks)
    assert result.meta["clips"] == {"size": 2, "stride": 1}


def test_views_and_processes_change_nothing_else(walks: Records, tmp_path: Path) -> None:
    expected = embed(Differences(), walks, workers=0).features
    mirrored = embed(Differences(), walks, workers=0, views=Views(flip=True)).features
    np.testing.assert_allclose(mirrored, expected, atol=1e-4)
    # Two processes, of which the second finishes the work.
    folder, how = tmp_path / "embeddings", {"batch_size": 2, "workers": 0, "world_size": 2}
    stop = RuntimeError("the first process waits for the second")

    def interrupted() -> None:
        if not calls.append(None) and len(calls) == 2:
            raise stop

    calls: list[None] = []
    with pytest.raises(RuntimeError, match="waits"):
        embed_to(folder, Differences(), walks, rank=0, wait_for_all=interrupted, **how)
    found = embed_to(folder, Differences(), walks, batch_size=2, workers=0)
    np.testing.assert_array_equal(found.features, expected)


def test_tracklets_are_evaluated_as_they_are(walks: Records) -> None:
    rows = embed(Differences(), walks, workers=0)
    found = evaluate_protocol(rows, rows, make_protocol("tracklet"))
    # Of four tracklets, each in a camera of its own, three show one person.
    assert found.report.valid == 3


def test_images_without_tracklets_are_refused(walks: Records) -> None:
    images = Records(walks.table.drop(columns="tracklet"), walks.root)
    with pytest.raises(ValueError, match="clips are cut from tracklets"):
        embed(Differences(), images, workers=0)
