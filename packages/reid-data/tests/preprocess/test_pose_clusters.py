from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from sklearn.cluster import KMeans

from reid_data.preprocess.pose_clusters import (
    COUNTS,
    fit_pose_clusters,
    knee,
    load_clusters,
    save_clusters,
)
from reid_data.preprocess.pose_geometry import EDGES, FAMILIES, blocks, pose_vectors
from reid_data.preprocess.pose_labels import cluster_poses, poses_of, write_pose_labels
from reid_data.preprocess.pose_pictures import draw_pose, knee_svg
from reid_data.preprocess.pose_tables import (
    pose_columns,
    pose_table,
    read_pose_table,
    write_pose_table,
)
from reid_data.preprocess.poses import Poses
from reid_data.records import Records


def stance(lean, generator, noise=0.5):
    """A standing person of 100 x 50 whose limbs lean by an angle and are longer to the right."""
    joints = np.zeros((17, 2))
    joints[:5] = [[25, 8], [27, 6], [23, 6], [29, 8], [21, 8]]
    joints[5:7], joints[11:13] = [[32, 20], [18, 20]], [[30, 55], [20, 55]]
    step = np.array([math.sin(math.radians(lean)), math.cos(math.radians(lean))])
    step *= 0.8 + lean / 300
    for start, end, length in ((5, 7, 14), (6, 8, 14), (7, 9, 14), (8, 10, 14)):
        joints[end] = joints[start] + length * step
    for start, end, length in ((11, 13, 20), (12, 14, 20), (13, 15, 20), (14, 16, 20)):
        joints[end] = joints[start] + length * step
    return joints + generator.normal(0, noise, joints.shape)


def crowd(leans, each=12, seed=0, size=(100, 50)):
    generator = np.random.default_rng(seed)
    joints = np.stack([stance(lean, generator) for lean in leans for _ in range(each)])
    names = tuple(f"train/{row:04d}.png" for row in range(len(joints)))
    return Poses(names, joints, "coco17", np.broadcast_to(np.array(size, float), (len(joints), 2)))


def naive_vector(joints, size, family, form):
    height, width = size
    canvas = (192, 384) if family.startswith("R") else (1, 1)
    points = [(x / width * canvas[0], y / height * canvas[1]) for x, y in joints]
    if family.startswith("R") and form == "degrees":
        points = [(float(int(x)), float(int(y))) for x, y in points]
    lengths, angles = [], []
    for start, end in EDGES:
        across, down = points[start][0] - points[end][0], points[start][1] - points[end][1]
        lengths.append(math.sqrt(across**2 + down**2))
        angle = math.atan2(down, across)
        angles += [math.degrees(angle)] if form == "degrees" else [math.cos(angle), math.sin(angle)]
    parts = {"C": [value for point in points for value in point], "L": lengths, "A": angles}
    names = {"LA": "LA", "LAC": "CLA", "A": "A"}[family[2:]]
    return [value for name in names for value in parts[name]]


@pytest.mark.parametrize("form", ["unit", "degrees"])
@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_are_those_of_the_definition(family, form):
    joints = np.random.default_rng(1).uniform(0, 60, (4, 17, 2))
    sizes = np.array([[128, 64], [100, 61], [77, 33], [256, 128]])
    vectors = pose_vectors(joints, sizes, family=family, form=form)
    expected = [naive_vector(*pair, family, form) for pair in zip(joints, sizes, strict=True)]
    assert np.allclose(vectors, expected)
    widths = {"LA": (39, 26), "LAC": (73, 60), "A": (26, 13)}[family[2:]]
    assert vectors.shape[1] == widths[form == "degrees"]
    assert list(blocks(family, form=form).values())[-1].stop == vectors.shape[1]


def test_there_are_the_13_edges_that_exist():
    assert len(EDGES) == 13
    assert max(max(edge) for edge in EDGES) == 16


def test_unit_angles_do_not_jump_at_180_degrees():
    joints = np.full((2, 17, 2), 50.0)
    joints[:, 7] = [[60, 50.1], [60, 49.9]]
    degrees = pose_vectors(joints, (100, 100), family="N_A", form="degrees")
    unit = pose_vectors(joints, (100, 100), family="N_A")
    assert abs(degrees[0] - degrees[1]).max() > 350
    assert abs(unit[0] - unit[1]).max() < 0.05


def test_an_edge_without_length_and_a_missing_joint():
    joints = np.full((2, 17, 2), 5.0)
    joints[1, 3] = np.nan
    vectors = pose_vectors(joints, (10, 10), family="R_LA")
    assert np.isfinite(vectors[0]).all()
    assert (vectors[0] == 0).all()
    assert np.isnan(vectors[1]).all()


@pytest.mark.parametrize(
    ("joints", "family", "form", "words"),
    [
        (np.zeros((2, 18, 2)), "R_A", "unit", r"\(N, 17, 2\)"),
        (np.zeros((2, 17, 2)), "R_B", "unit", "came 'R_B' and 'unit'"),
        (np.zeros((2, 17, 2)), "R_A", "radians", "'radians'"),
    ],
)
def test_bad_vectors_are_refused(joints, family, form, words):
    with pytest.raises(ValueError, match=words):
        pose_vectors(joints, (10, 10), family=family, form=form)


def agreement(labels, each):
    """How many of the groups of equal stance got one label each, all different."""
    groups = labels.reshape(-1, each)
    return (groups == groups[:, :1]).all() and len(set(groups[:, 0])) == len(groups)


@pytest.mark.parametrize("family", FAMILIES)
def test_stances_are_told_apart_and_new_people_join_them(family):
    leans = (-60, -20, 20, 60)
    (fitted,) = fit_pose_clusters(crowd(leans), family=family, counts=[4])
    train = fitted.label(crowd(leans))
    assert agreement(train, 12)
    assert set(train) == {1, 2, 3, 4}
    test = fitted.label(crowd(leans, seed=9))
    assert (test == train).all(), "the clusters of train are applied, not fitted again"
    assert fitted.name == f"{family}_4"


def test_labels_are_those_of_kmeans():
    poses = crowd((-60, -20, 20, 60))
    (fitted,) = fit_pose_clusters(poses, family="R_LAC", counts=[3], form="degrees", seed=5)
    vectors = pose_vectors(poses.joints, poses.sizes, family="R_LAC", form="degrees")
    reference = KMeans(3, random_state=5, max_iter=1000, n_init=3).fit(vectors)
    assert (fitted.label(poses) == reference.predict(vectors) + 1).all()
    assert fitted.inertia == pytest.approx(reference.inertia_)
    assert (fitted.scale == 1).all()


def test_no_block_drowns_the_others():
    poses = crowd((-60, -20, 20, 60))
    (fitted,) = fit_pose_clusters(poses, family="R_LAC", counts=[2])
    vectors = pose_vectors(poses.joints, poses.sizes, family="R_LAC") / fitted.scale
    spread = [vectors[:, part].var(axis=0).sum() for part in blocks("R_LAC", form="unit").values()]
    assert spread == pytest.approx([1, 1, 1])


def test_poses_that_lack_a_joint_are_0_and_do_not_take_part():
    poses = crowd((-40, 40))
    joints = poses.joints.copy()
    joints[5, 3] = np.nan
    holed = Poses(poses.names, joints, "coco17", poses.sizes)
    (fitted,) = fit_pose_clusters(holed, family="N_LA", counts=[2])
    labels = fitted.label(holed)
    assert labels[5] == 0
    assert (np.delete(labels, 5) > 0).all()


def test_openpose_poses_are_clustered_too():
    poses = crowd((-40, 40))
    (fitted,) = fit_pose_clusters(poses, family="R_A", counts=[2])
    assert (fitted.label(poses.to("openpose18")) == fitted.label(poses)).all()


@pytest.mark.parametrize("counts", [[], [0], [99]])
def test_impossible_numbers_of_clusters_are_refused(counts):
    with pytest.raises(ValueError, match="expected numbers of clusters from 1 to 24"):
        fit_pose_clusters(crowd((-40, 40)), family="R_A", counts=counts)


def test_sizes_are_needed():
    poses = crowd((-40, 40)).with_sizes((np.nan, np.nan))
    with pytest.raises(ValueError, match="need the size of each image"):
        fit_pose_clusters(poses, family="R_A", counts=[2])


def test_clusters_come_back_from_disk(tmp_path):
    poses = crowd((-40, 40))
    fitted = [
        item
        for form in ("unit", "degrees")
        for item in fit_pose_clusters(poses, family="R_LA", counts=[2, 3], form=form)
    ]
    save_clusters(fitted, tmp_path / "c.npz")
    loaded = load_clusters(tmp_path / "c.npz")
    assert [item.name for item in loaded] == ["R_LA_2", "R_LA_3"] * 2
    for one, other in zip(fitted, loaded, strict=True):
        assert (one.label(poses) == other.label(poses)).all()
        assert one.inertia == other.inertia
    for content in (b"", b"PK\x03\x04", b"text"):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(ValueError, match="expected pose clusters"):
            load_clusters(tmp_path / "bad.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match="expected pose clusters"):
        load_clusters(tmp_path / "other.npz")


def test_the_knee_is_where_the_curve_bends():
    assert knee([5, 10, 15, 20, 25], [100, 90, 30, 25, 20]) == 15
    assert knee([5, 10], [3, 1]) == 5
    assert knee([5, 10, 15], [3, 3, 3]) == 5


def test_the_knee_picture_is_a_picture():
    svg = knee_svg({"R_LA": [(5, 9.0), (10, 3.0), (15, 2.5)], "N_A": [(5, 1.0), (15, 0.2)]})
    root = ElementTree.fromstring(svg)
    lines = [child for child in root if child.tag.endswith("polyline")]
    assert [len(line.get("points").split()) for line in lines] == [3, 2]
    assert "R_LA (knee 10)" in svg


@pytest.mark.parametrize("layout", ["coco17", "openpose18"])
def test_a_skeleton_is_drawn_where_the_joints_are(layout):
    poses = crowd((0,), each=1).to(layout)
    image = np.full((100, 50, 3), 255, np.uint8)
    drawn = draw_pose(image, poses.joints[0], layout=layout, scale=3)
    assert drawn.shape == (300, 150, 3)
    assert (image == 255).all()
    for x, y in ((poses.joints[0] + 0.5) * 3).astype(int):
        assert (drawn[y, x] != 255).any()
    missing = np.full_like(poses.joints[0], np.nan)
    assert (draw_pose(image, missing, layout=layout) == 255).all()


def test_the_published_columns():
    columns = pose_columns()
    assert len(columns) == 48
    assert columns[:7] == ("R_LA_5", "R_LAC_5", "R_A_5", "N_LA_5", "N_LAC_5", "N_A_5", "R_LA_10")
    assert columns[-1] == "N_A_40"
    assert COUNTS == (5, 10, 15, 20, 25, 30, 35, 40)


def published(rows, newline="\n"):
    head = ",".join(("Category", "Image", *pose_columns()))
    body = [f"{name}," + ",".join(f"{label}.0" for label in labels) for name, labels in rows]
    return newline.join([head, *body, ""]).encode()


ROWS = [
    ("train,000_1_c10_001003", [3] * 48),
    ("query,query/001_1_c11_015833", [0] * 48),
    ("A,A/001_cropped_rgb001", [1, *[5] * 47]),
]


@pytest.mark.parametrize(
    "content",
    [
        published(ROWS),
        published(ROWS, "\r\n"),
        published(ROWS) + b"\n",
        published(ROWS).split(b"\n", 1)[1],
        b"Category,Image,R_LA_5\ntrain,a,5.0\n",
    ],
)
def test_pose_tables_are_written_back_in_the_same_bytes(content, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    table = read_pose_table(tmp_path / "a.csv")
    write_pose_table(table, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == content
    if len(table) == 3:
        assert table.column("R_LA_5").tolist() == [3, 0, 1]
        assert table.column("N_A_40").tolist() == [3, 0, 5]
        assert table.images[1] == "query/001_1_c11_015833"
    with pytest.raises(ValueError, match="no pose clustering 'R_LA_99'"):
        table.column("R_LA_99")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Category,Image,R_LA_5\ntrain,a,6.0\n", "line 2: R_LA_5 must be 0 .. 5, came 6.0"),
        (b"Category,Image,R_LA_5\ntrain,a,1.5\n", "line 2: R_LA_5 must be"),
        (b"Category,Image,R_LA_5\ntrain,a,-1\n", "line 2: R_LA_5 must be"),
        (b"Category,Image,R_LA_5\ntrain,a,nan\n", "line 2: R_LA_5 must be"),
        (b"Category,Image,R_LA_5\ntrain,a,x\n", "labels must be numbers"),
        (b"Category,Image,R_LA_5\n\ntrain,a\n", "line 3: expected 3 cells, came 2"),
        (b"train,a,1.0\n", "line 1: expected 50 cells, came 3"),
        (b"Category,Image,legs_5\ntrain,a,1\n", "expected columns such as R_LA_15"),
    ],
)
def test_malformed_pose_tables_are_refused(content, words, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_pose_table(tmp_path / "a.csv")


def test_images_without_a_pose_are_0_in_every_column(tmp_path):
    poses = crowd((-40, 40))
    fitted = fit_pose_clusters(poses, family="R_A", counts=[2, 3])
    paths = ["train/0003.png", "train/9999.png"]
    table = pose_table(poses, paths, fitted, naming="stem")
    assert table.images == ("0003", "9999")
    assert (table.labels[0] > 0).all()
    assert (table.labels[1] == 0).all()
    write_pose_table(table, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text()
    assert text.startswith("Category,Image,R_A_2,R_A_3\ntrain,0003,")
    assert text.endswith("train,9999,0.0,0.0\n")


@pytest.fixture
def data_set(tmp_path, make_records):
    """24 training and 24 query images with poses named by stem; one image of each has none."""
    names = [
        f"{folder}/{n:03d}_1_c1_{n:06d}.png" for folder in ("train", "query") for n in range(24)
    ]
    splits = ["train"] * 24 + ["query"] * 24
    records = make_records(tmp_path / "set", names, size=(100, 50), split=splits)
    poses = crowd((-50, 50, -50, 50))
    named = tuple(name.rpartition(".")[0] for name in names)
    whole = Poses(named, poses.joints, "coco17", np.full((48, 2), np.nan))
    kept = [row for row in range(48) if row not in (7, 30)]
    return records, whole.take(kept)


def test_a_data_set_is_labelled_by_the_clusters_of_its_training_images(data_set, tmp_path):
    records, poses = data_set
    matched = poses_of(poses, records, workers=2)
    assert (matched.sizes == [100, 50]).all()
    labels = cluster_poses(matched, records, naming="stem", families=["R_LA", "N_A"], counts=[2])
    assert labels.train.columns == ("R_LA_2", "N_A_2")
    assert len(labels.train) == len(labels.others) == 24
    assert np.flatnonzero((labels.train.labels == 0).all(axis=1)).tolist() == [7]
    assert np.flatnonzero((labels.others.labels == 0).all(axis=1)).tolist() == [6]
    lean = np.repeat([0, 1], 12)
    for table, hole in ((labels.train, 7), (labels.others, 6)):
        for column in table.labels.T:
            rest = np.delete(column, hole)
            same = np.delete(lean, hole) == (rest == rest[-1])
            assert same.all()
    assert (labels.train.labels[0] == labels.others.labels[0]).all()
    write_pose_labels(labels, matched, tmp_path / "out", root=records.root, overlays=2)
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == [
        "clusters.npz", "keypoints.csv", "overlays", "poses_test.csv", "poses_train.csv",
    ]  # fmt: skip
    assert len(list((tmp_path / "out" / "overlays").iterdir())) == 2
    test = read_pose_table(tmp_path / "out" / "poses_test.csv")
    assert test.images[0] == "query/000_1_c1_000000"
    known = load_clusters(tmp_path / "out" / "clusters.npz")
    query = Records(records.table[24:], records.root)
    again = cluster_poses(matched, query, naming="stem", clusters=known)
    assert (again.others.labels == labels.others.labels).all()


def test_poses_of_other_images_are_refused(data_set):
    records, poses = data_set
    other = Poses(("x", "y"), poses.joints[:2], "coco17", poses.sizes[:2])
    with pytest.raises(ValueError, match="no pose belongs to an image"):
        poses_of(other, records)
