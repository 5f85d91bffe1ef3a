"""What outfits, walks, knobs and routes draw is frozen as the usual pictures are."""

from __future__ import annotations

import numpy as np
import pytest

from reid_data.synth import Difficulty, Shot, open_studio, plan_shots
from reid_data.synth.writing import RENDERER

USUAL = Difficulty()
HARD = Difficulty(camera_shift=2.0, occlusion=1.0, resolution=(1.0, 4.0))

DRAWN = {
    "outfit": (USUAL, Shot("train", 2, camid=3, index=0, frame=0, outfit=2),
               [[76, 93, 91], [112, 136, 131], [97, 92, 87], [137, 133, 124],
                [84, 96, 84], [89, 116, 77], [114, 131, 102], [131, 150, 113]]),
    "walk": (USUAL, Shot("train", 5, camid=4, index=0, frame=0, tracklet=0, step=12),
             [[108, 73, 37], [142, 93, 47], [94, 70, 43], [141, 106, 71],
              [111, 81, 51], [163, 120, 86], [82, 69, 67], [104, 88, 86]]),
    "hard": (HARD, Shot("train", 3, camid=6, index=0, frame=0),
             [[148, 147, 109], [129, 130, 96], [116, 114, 80], [97, 101, 71],
              [158, 130, 106], [149, 121, 99], [151, 128, 103], [124, 105, 84]]),
    "hard walk": (HARD, Shot("query", 9, camid=2, index=1, frame=0, tracklet=3, step=5),
                  [[129, 111, 151], [101, 87, 126], [215, 151, 167], [136, 101, 134],
                   [132, 106, 148], [88, 70, 101], [221, 180, 231], [193, 151, 213]]),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn_is_frozen(name: str) -> None:
    """Means of 4 x 2 blocks change only together with `RENDERER`, as those of the usual shots."""
    assert RENDERER == 1
    difficulty, shot, expected = DRAWN[name]
    image = open_studio(cameras=6, seed=0, difficulty=difficulty).draw(shot).image
    means = image.reshape(4, 32, 2, 32, 3).mean((1, 3)).reshape(8, 3)
    np.testing.assert_allclose(means, expected, atol=1.0)


def test_what_is_planned_is_frozen() -> None:
    plan = plan_shots(
        identities=3,
        test_identities=2,
        cameras=4,
        images_per_camera=1,
        distractors=2,
        seed=0,
        outfits=3,
        tracklet_length=2,
        transitions=True,
    )
    assert len(plan) == 62
    rows = [plan[index] for index in (0, 6, 17, 30, 50, 58)]
    assert [(s.pid, s.camid, s.frame, s.outfit, s.tracklet, s.step) for s in rows] == [
        (1, 1, 26638, 0, 0, 0),
        (1, 4, 25711, 0, 3, 0),
        (3, 1, 77376, 1, 8, 1),
        (4, 2, 77863, 0, 15, 0),
        (5, 3, 45698, 1, 25, 0),
        (0, 2, 34525, 0, 29, 0),
    ]
