"""Contact sheets: what is shown in which row."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reid_data.preprocess import (
    MaskFolder,
    Poses,
    Recolouring,
    contact_sheet,
    fit_pose_clusters,
    pose_sheet,
    recolour_sheet,
)

LABEL, MARGIN = 14, 2


def flat(value, height=40, width=20):
    return np.full((height, width, 3), value, np.uint8)


def test_pictures_stand_in_their_rows_whatever_their_size():
    sheet = contact_sheet([("a", [flat(10), flat(20, 80, 60)]), ("b", [flat(30)])], height=40)
    assert sheet.shape == (2 * (LABEL + 40 + MARGIN), 20 + 30 + 2 * MARGIN, 3)
    first = sheet[LABEL : LABEL + 40]
    assert (first[:, :20] == 10).all()
    assert (first[:, 22:52] == 20).all()
    second = sheet[2 * LABEL + 40 + MARGIN :][:40]
    assert (second[:, :20] == 30).all()
    assert (second[:, 20:] == 255).all()
    with pytest.raises(ValueError, match="came none"):
        contact_sheet([("nothing", [])])


@pytest.fixture
def leaning(joints=18):
    """Forty people, half of them upright and half bent by up to a right angle, and one unknown."""
    generator = np.random.default_rng(0)
    upright = np.stack([np.linspace(20, 44, joints), np.linspace(10, 118, joints)], axis=1)
    middle = upright.mean(axis=0)
    found = []
    for row in range(40):
        angle = 0.02 * row if row < 20 else 1.2 + 0.02 * row
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        found.append((upright - middle) @ turn.T + middle + generator.normal(0, 0.3, (joints, 2)))
    found.append(np.full((joints, 2), np.nan))
    names = tuple(f"{row}.png" for row in range(41))
    return Poses(names, np.array(found), "openpose18", np.tile([128.0, 64.0], (41, 1)))


def test_each_row_is_a_cluster_from_its_middle_to_its_rim(leaning):
    (clusters,) = fit_pose_clusters(leaning, family="R_A", counts=[2])
    labels, distances = clusters.place(leaning)
    assert (labels == clusters.label(leaning)).all()
    assert np.isnan(distances).tolist() == (labels == 0).tolist()
    asked = []

    def read(name):
        asked.append(int(name.removesuffix(".png")))
        return flat(100, 128, 64)

    sheet = pose_sheet(clusters, leaning, read=read, columns=4)
    assert sheet.shape == (3 * (LABEL + 128 + MARGIN), 4 * (64 + MARGIN), 3)
    rows = [asked[:4], asked[4:8], asked[8:]]
    assert rows[2] == [40], "who has no pose comes last"
    for label, row in zip((1, 2), rows, strict=False):
        members = np.flatnonzero(labels == label)
        assert set(row) <= set(members.tolist())
        assert np.all(np.diff(distances[row]) >= 0)
        assert distances[row[0]] == distances[members].min()
        assert distances[row[-1]] == distances[members].max()
    assert (
        len({labels[row] for row in range(20)}) == len({labels[row] for row in range(20, 40)}) == 1
    )


def test_distances_are_those_to_the_own_centre(leaning):
    (clusters,) = fit_pose_clusters(leaning, family="R_LA", counts=[3])
    labels, distances = clusters.place(leaning)
    known = labels > 0
    # The mean square is the inertia over the number of poses.
    assert (distances[known] ** 2).sum() == pytest.approx(clusters.inertia)


@pytest.fixture
def dressed(tmp_path, make_records):
    """Three images of two people; the shirt is the upper half of the middle, trousers the lower."""
    names = ["train/000_1_c1_000001.png", "train/000_2_c1_000002.png", "train/001_1_c3_000003.png"]
    records = make_records(
        tmp_path / "set", names, size=(64, 32), pids=[0, 0, 1], clothes_id=[1, 2, 3]
    )
    for name in names:
        for kind, rows in (("shirt", slice(10, 30)), ("pant", slice(30, 60))):
            mask = np.zeros((64, 32), np.uint8)
            mask[rows, 8:24] = 255
            path = tmp_path / "masks" / name.replace(".png", f"_{kind}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(path)
    return records


def test_recolouring_is_shown_beside_image_and_masks(dressed, tmp_path):
    masks = MaskFolder(tmp_path / "masks")
    how = Recolouring(colours=((0, 255, 0),), strength=1.0, full=1.0)
    sheet = recolour_sheet(dressed, masks, recolouring=how, images=2, draws=3, height=64)
    assert sheet.shape == (2 * (LABEL + 64 + MARGIN), 5 * (32 + MARGIN), 3)
    for top in (LABEL, 2 * LABEL + 64 + MARGIN):
        cells = [sheet[top : top + 64, left : left + 32] for left in range(0, 5 * 34, 34)]
        image, marked, *drawn = cells
        inside = np.zeros((64, 32), bool)
        inside[10:60, 8:24] = True
        for cell in (marked, *drawn):
            assert (cell[~inside] == image[~inside]).all()
        assert all((cell[inside] == (0, 255, 0)).all() for cell in drawn)
        red, blue = marked[10:30, 8:24].mean((0, 1)), marked[30:60, 8:24].mean((0, 1))
        assert red.argmax() == 0
        assert blue.argmax() == 2


def test_rows_are_different_people_as_long_as_there_are_any(dressed, tmp_path):
    masks = MaskFolder(tmp_path / "masks")
    for seed in range(4):
        sheet = recolour_sheet(dressed, masks, images=2, draws=1, seed=seed, height=64)
        shown = [sheet[top : top + 64, :32] for top in (LABEL, 2 * LABEL + 64 + MARGIN)]
        who = []
        for pid, path in zip(dressed.pids, dressed.paths, strict=True):
            with Image.open(path) as image:
                who += [pid] * sum((np.asarray(image) == cell).all() for cell in shown)
        assert sorted(who) == [0, 1]
