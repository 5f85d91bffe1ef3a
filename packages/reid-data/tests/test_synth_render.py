"""Rendering one crop: what is drawn, and that it is frozen."""

from __future__ import annotations

import numpy as np
import pytest

from reid_data.synth import render, render_crop, sample_cameras, sample_person
from reid_data.synth.canvas import Canvas
from reid_data.synth.parts import Part
from reid_data.synth.people import Garment, sample_stranger
from reid_data.synth.pose import JOINTS, Stance, walking_pose
from reid_data.synth.streams import Stream, generator


def crop_of(pid: int, camid: int, *, seed: int = 0, index: int = 0, **size: int):
    camera = sample_cameras(6, seed=seed)[camid - 1]
    rng = generator(seed, Stream.CROP, pid, camid, index)
    return render_crop(sample_person(pid, seed=seed), camera, rng=rng, **size)


def test_same_key_same_bytes_and_other_keys_other_crops():
    crop = crop_of(3, 2).image
    assert crop.dtype == np.uint8
    assert crop.shape == (128, 64, 3)
    np.testing.assert_array_equal(crop, crop_of(3, 2).image)
    for other in (crop_of(3, 2, index=1), crop_of(3, 3), crop_of(4, 2), crop_of(3, 2, seed=1)):
        assert np.abs(crop.astype(int) - other.image).mean() > 2


def test_render_is_the_image_of_the_crop():
    camera = sample_cameras(6, seed=0)[1]
    rng = generator(0, Stream.CROP, 3, 2, 0)
    image = render(sample_person(3, seed=0), camera, rng=rng)
    np.testing.assert_array_equal(image, crop_of(3, 2).image)


@pytest.mark.parametrize(("height", "width"), [(64, 32), (256, 128), (96, 96), (32, 16)])
def test_any_size(height: int, width: int):
    assert crop_of(1, 1, height=height, width=width).image.shape == (height, width, 3)


def test_an_identity_does_not_depend_on_how_many_there_are():
    assert sample_person(7, seed=3) == sample_person(7, seed=3)
    assert sample_person(7, seed=3) != sample_person(8, seed=3)
    assert sample_person(7, seed=3) != sample_person(7, seed=4)


def test_a_second_outfit_keeps_the_body():
    first, second = sample_person(7, seed=0), sample_person(7, seed=0, outfit=1)
    assert first.body == second.body
    assert first.outfit != second.outfit


def test_keypoints_lie_on_the_person():
    inside = []
    for pid in range(1, 30):
        crop = crop_of(pid, 1 + pid % 6)
        body = crop.parsing > 0
        columns, rows = np.floor(crop.keypoints.T).astype(int)
        seen = (rows >= 0) & (rows < 128) & (columns >= 0) & (columns < 64)
        inside.append(body[rows[seen], columns[seen]].mean())
    assert np.mean(inside) > 0.8


def test_parsing_map_knows_the_large_parts():
    total = np.zeros(20)
    for pid in range(1, 40):
        parsing = crop_of(pid, 1 + pid % 6).parsing
        assert 0.08 < (parsing > 0).mean() < 0.75
        total += np.bincount(parsing.ravel(), minlength=20)
    drawn = {Part(number) for number in np.flatnonzero(total)}
    assert drawn >= {
        Part.HAIR, Part.FACE, Part.UPPER_CLOTHES, Part.COAT, Part.TROUSERS, Part.SKIRT,
        Part.LEFT_ARM, Part.RIGHT_ARM, Part.LEFT_LEG, Part.RIGHT_LEG, Part.LEFT_SHOE,
        Part.RIGHT_SHOE, Part.HAT,
    }  # fmt: skip


def test_left_and_right_change_sides_between_front_and_back():
    body = sample_person(1, seed=0).body
    front = walking_pose(body, Stance(azimuth=0.0))
    back = walking_pose(body, Stance(azimuth=np.pi))
    assert front["left_shoulder"][0] > 0 > front["right_shoulder"][0]
    assert back["left_shoulder"][0] < 0 < back["right_shoulder"][0]
    assert front["nose"][2] > 0 > back["nose"][2]
    rightwards = walking_pose(body, Stance(azimuth=np.pi / 2, elevation=0.0))
    assert rightwards["nose"][0] > rightwards["head"][0]


def test_a_walker_stands_on_the_ground_and_has_the_height_one():
    for phase in np.linspace(0, 2 * np.pi, 12):
        body = sample_person(int(phase * 10) + 1, seed=0).body
        pose = walking_pose(body, Stance(azimuth=0.7, elevation=0.0, phase=float(phase)))
        heights = {name: pose[name][1] for name in JOINTS}
        assert -0.05 < min(heights["left_heel"], heights["right_heel"]) < 0.05
        assert 0.9 < heights["head"] + body.head < 1.02


def test_a_tube_covers_the_area_of_its_outline():
    canvas = Canvas(np.zeros((3, 200, 200), np.float32), scale=100.0, foot=(100.0, 150.0))
    patch = canvas.tube((-0.3, 0.2), (0.4, 1.0), (0.1, 0.2))
    assert patch is not None
    length, first, second = np.hypot(70, 80), 10.0, 20.0
    outline = length * (first + second) + np.pi / 2 * (first**2 + second**2)
    assert patch.alpha.sum() == pytest.approx(outline, rel=0.01)
    flat = canvas.tube((0.0, 0.2), (0.0, 1.0), (0.1, 0.1), round_start=False, round_end=False)
    assert flat is not None
    assert flat.alpha.sum() == pytest.approx(20 * 80, rel=0.01)


def test_shapes_outside_the_picture_are_nothing():
    canvas = Canvas(np.zeros((3, 64, 32), np.float32), scale=50.0, foot=(16.0, 60.0))
    assert canvas.tube((5.0, 5.0), (6.0, 6.0), (0.1, 0.1)) is None
    assert canvas.ellipse((5.0, 5.0), (0.1, 0.1)) is None


def test_a_print_on_the_chest_is_not_seen_from_behind():
    from reid_data.synth.fabric import cloth

    shirt = Garment("white", (1.0, 1.0, 1.0), "black", (0.0, 0.0, 0.0), "print", 1.0)
    canvas = Canvas(np.zeros((3, 128, 64), np.float32), scale=110.0, foot=(32.0, 120.0))
    patch = canvas.tube((0.0, 0.8), (0.0, 0.5), (0.1, 0.1))
    assert patch is not None
    shown = {azimuth: cloth(shirt, patch, azimuth)[0] for azimuth in (0.0, np.pi)}
    assert shown[0.0][patch.alpha > 0.5].min() < 0.05
    assert shown[np.pi][patch.alpha > 0.5].min() > 0.95


def test_cameras_differ_and_shift_zero_has_no_colour_cast():
    cameras = sample_cameras(6, seed=5)
    assert [camera.camid for camera in cameras] == [1, 2, 3, 4, 5, 6]
    assert len({camera.white_balance for camera in cameras}) == 6
    assert len({round(camera.azimuth, 3) for camera in cameras}) == 6
    for camera in sample_cameras(6, seed=5, shift=0.0):
        assert camera.white_balance == (1.0, 1.0, 1.0)
        assert camera.gain == camera.gamma == 1.0


def test_strangers_have_no_number():
    assert sample_stranger(np.random.default_rng(0)).pid == -1
