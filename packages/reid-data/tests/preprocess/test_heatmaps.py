from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from reid_data.preprocess.heatmaps import PARTS, joint_heatmaps, part_heatmaps, write_heatmaps
from reid_data.preprocess.poses import JOINT_NAMES, Poses, flip_joints

NAMES = JOINT_NAMES["openpose18"]


def standing():
    """A person of 128 x 64, facing us."""
    places = {
        "nose": (32, 14), "neck": (32, 26),
        "right_shoulder": (22, 27), "right_elbow": (18, 45), "right_wrist": (17, 62),
        "left_shoulder": (42, 27), "left_elbow": (46, 45), "left_wrist": (47, 62),
        "right_hip": (26, 64), "right_knee": (25, 90), "right_ankle": (24, 118),
        "left_hip": (38, 64), "left_knee": (39, 90), "left_ankle": (40, 118),
        "right_eye": (30, 12), "left_eye": (34, 12), "right_ear": (28, 13), "left_ear": (36, 13),
    }  # fmt: skip
    return np.array([places[name] for name in NAMES], dtype=float)


def test_joints_are_the_published_formula():
    joints = np.array([[[3.0, 5.0], [0.5, 9.25], [np.nan, 2.0], [-4.0, -2.0], [40.0, 5.0]]])
    maps = joint_heatmaps(torch.from_numpy(joints), size=(12, 8), sigma=2.5)
    for k, (x, y) in enumerate(joints[0]):
        for row in range(12):
            for column in range(8):
                expected = 0.0
                if not math.isnan(x):
                    expected = math.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * 2.5**2))
                assert maps[0, k, row, column].item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_maps_follow_the_joints_type(dtype):
    joints = torch.from_numpy(standing())[None].to(dtype)
    for maps, channels in ((joint_heatmaps(joints), 18), (part_heatmaps(joints), 10)):
        assert maps.dtype == dtype
        assert maps.shape == (1, channels, 128, 64)
        assert maps.min() >= 0
        assert maps.max() <= 1


def test_joints_pass_gradients_on():
    joints = torch.tensor([[[1.0, 2.5], [3.0, 0.2]]], dtype=torch.float64, requires_grad=True)
    weights = torch.rand(2, 6, 5, dtype=torch.float64)

    def loss(values):
        return (joint_heatmaps(values, size=(6, 5), sigma=1.5) * weights).sum()

    loss(joints).backward()
    with torch.no_grad():
        for place in np.ndindex(1, 2, 2):
            step = torch.zeros_like(joints)
            step[place] = 1e-6
            slope = (loss(joints + step) - loss(joints - step)) / 2e-6
            assert joints.grad[place].item() == pytest.approx(slope.item(), abs=1e-6)


def naive_capsule(start, end, radius, softness, size):
    values = np.zeros(size)
    for row in range(size[0]):
        for column in range(size[1]):
            point = np.array([column, row], dtype=float)
            length = ((end - start) ** 2).sum()
            share = min(max(((point - start) @ (end - start)) / length, 0), 1)
            gap = max(math.dist(point, start + share * (end - start)) - radius, 0)
            values[row, column] = math.exp(-(gap**2) / (2 * softness**2))
    return values


def test_a_limb_is_a_soft_capsule_around_its_bone():
    joints = standing()
    maps = part_heatmaps(torch.from_numpy(joints)[None], softness=3.0)[0].numpy()
    torso = math.dist(joints[1], (joints[8] + joints[11]) / 2)
    limbs = {
        "right_upper_arm": (2, 3, 0.10), "left_lower_arm": (6, 7, 0.10),
        "right_thigh": (8, 9, 0.16), "left_shin": (12, 13, 0.16 * 0.8),
    }  # fmt: skip
    for part, (start, end, radius) in limbs.items():
        expected = naive_capsule(joints[start], joints[end], radius * torso, 3.0, (128, 64))
        assert np.allclose(maps[PARTS.index(part)], expected)
    hips = (joints[8] + joints[11]) / 2
    expected = naive_capsule(joints[1], hips, 0.30 * torso, 3.0, (128, 64))
    assert np.allclose(maps[PARTS.index("torso")], expected)


def test_the_parts_cover_the_person_and_not_the_background():
    maps = part_heatmaps(torch.from_numpy(standing())[None])[0]
    assert PARTS[:2] == ("head", "torso")
    assert len(PARTS) == 10
    body = maps.amax(dim=0)
    for x, y in standing().astype(int):
        assert body[y, x] > 0.99
    assert body[:, 0].max() < 0.1
    head = maps[0]
    rows = torch.nonzero(head > 0.5)[:, 0]
    assert 2 < rows.min() < 10, "the crown is above the eyes"
    assert 18 < rows.max() < 28, "the chin is above the shoulders"
    assert maps[0, 64, 32] < 1e-6


@pytest.mark.parametrize(
    ("missing", "empty"),
    [
        (["nose"], []),
        (["nose", "right_eye", "left_eye", "right_ear", "left_ear"], ["head"]),
        (["nose", "right_eye", "right_ear", "left_ear"], []),
        (["neck"], ["head", "torso"]),
        (["left_elbow"], ["left_upper_arm", "left_lower_arm"]),
        (["right_ankle"], ["right_shin"]),
        (["right_hip"], ["torso", "right_thigh"]),
        (list(NAMES), list(PARTS)),
    ],
)
def test_parts_of_missing_joints_are_zero(missing, empty):
    joints = standing()
    joints[[NAMES.index(name) for name in missing]] = np.nan
    maps = part_heatmaps(torch.from_numpy(joints)[None])[0]
    assert torch.isfinite(maps).all()
    assert {PARTS[k] for k in range(10) if maps[k].max() == 0} == set(empty)


def test_the_maps_of_a_mirrored_pose_are_the_mirrored_maps():
    joints = standing() + np.random.default_rng(0).normal(0, 3, (18, 2))
    flipped = torch.from_numpy(flip_joints(joints, width=64, layout="openpose18"))[None]
    maps = joint_heatmaps(torch.from_numpy(joints)[None]).flip(-1)
    partners = [
        NAMES.index(name.replace("left", "x").replace("right", "left").replace("x", "right"))
        for name in NAMES
    ]
    assert torch.allclose(joint_heatmaps(flipped), maps[:, partners])


@pytest.mark.parametrize("make", [joint_heatmaps, part_heatmaps])
@pytest.mark.parametrize(
    "joints",
    [torch.zeros(18, 2), torch.zeros(1, 18, 3), torch.zeros(1, 18, 2, dtype=torch.int64)],
)
def test_other_tensors_are_refused(make, joints):
    with pytest.raises(ValueError, match="expected floating joints"):
        make(joints)


def test_other_numbers_are_refused():
    with pytest.raises(ValueError, match="above 0 pixels, came 0"):
        joint_heatmaps(torch.zeros(1, 18, 2), sigma=0)
    with pytest.raises(ValueError, match="OpenPose's order"):
        part_heatmaps(torch.zeros(1, 17, 2))


@pytest.fixture
def poses():
    joints = np.stack([standing(), standing() * 2, standing()])
    joints[2, 5] = np.nan
    sizes = np.array([[128, 64], [256, 128], [128, 64]], dtype=float)
    return Poses(("a.jpg", "sub/b.jpg", "c"), joints, "openpose18", sizes)


@pytest.mark.parametrize("batch_size", [2, 64])
def test_files_are_the_published_ones(poses, tmp_path, batch_size):
    counts = []
    done = write_heatmaps(poses, tmp_path / "h", batch_size=batch_size, advance=counts.append)
    assert done == sum(counts) == 3
    first = np.load(tmp_path / "h" / "a.jpg.npy")
    assert first.shape == (128, 64, 18)
    assert first.dtype == np.float32
    rows, columns = np.mgrid[:128, :64]
    x, y = standing()[9]
    expected = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 6**2))
    assert np.allclose(first[..., 9], expected, atol=1e-6)
    # Twice the size, scaled to the same canvas: half a pixel is lost at the centre of pixels.
    second = np.load(tmp_path / "h" / "sub" / "b.jpg.npy")
    assert abs(second - first).max() < 0.06
    third = np.load(tmp_path / "h" / "c.npy")
    assert (third[..., 5] == 0).all()
    assert np.array_equal(np.delete(third, 5, axis=2), np.delete(first, 5, axis=2))


def test_parts_and_half_floats_on_another_canvas(poses, tmp_path):
    write_heatmaps(poses, tmp_path / "h", kind="parts", size=(64, 32), sigma=1.0, half=True)
    array = np.load(tmp_path / "h" / "a.jpg.npy")
    assert array.shape == (64, 32, 10)
    assert array.dtype == np.float16
    assert array.max() == 1


def test_bad_requests_leave_nothing(poses, tmp_path):
    with pytest.raises(ValueError, match="above 0 pixels"):
        write_heatmaps(poses, tmp_path / "h", sigma=0.0)
    with pytest.raises(ValueError, match="need the size"):
        write_heatmaps(poses.with_sizes((np.nan, np.nan)), tmp_path / "h")
    escaping = Poses(("../x",), poses.joints[:1], "openpose18", poses.sizes[:1])
    with pytest.raises(ValueError, match="expected names of images"):
        write_heatmaps(escaping, tmp_path / "h")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.gpu
@pytest.mark.parametrize("make", [joint_heatmaps, part_heatmaps])
def test_the_device_agrees_with_the_cpu(make):
    joints = torch.from_numpy(standing())[None].float()
    assert torch.allclose(make(joints.cuda()).cpu(), make(joints), atol=1e-5)
