from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid_data.preprocess.pose_files import (
    read_alphapose_json,
    read_alphapose_pickles,
    read_openpose_csv,
    read_poses,
    write_openpose_csv,
)
from reid_data.preprocess.poses import (
    JOINT_NAMES,
    LIMBS,
    Poses,
    convert_joints,
    flip_joints,
    match_poses,
    scale_joints,
)
from reid_data.safe_pickle import UnsafePickleError


def coco(seed=0, count=None):
    shape = (17, 2) if count is None else (count, 17, 2)
    return np.random.default_rng(seed).uniform(1, 60, shape)


def test_the_orders_of_joints_are_the_published_ones():
    assert JOINT_NAMES["coco17"] == (
        "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder",
        "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
        "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    )  # fmt: skip
    assert JOINT_NAMES["openpose18"] == (
        "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder",
        "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip",
        "left_knee", "left_ankle", "right_eye", "left_eye", "right_ear", "left_ear",
    )  # fmt: skip
    # PATN's limbs 2-16 and 5-17 join shoulders and ears of one side.
    names = JOINT_NAMES["openpose18"]
    assert names[2].partition("_")[0] == names[16].partition("_")[0]
    assert names[5].partition("_")[0] == names[17].partition("_")[0]
    assert len(LIMBS["coco17"]) == 16
    assert len(LIMBS["openpose18"]) == 17


def test_coco_becomes_openpose_and_comes_back():
    joints = coco(count=3)
    openpose = convert_joints(joints, "coco17", "openpose18")
    # AlphaPose's own order of conversion, the neck last of its source.
    order = [0, 17, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]
    neck = (joints[:, 5:6] + joints[:, 6:7]) / 2
    assert np.array_equal(openpose, np.concatenate([joints, neck], axis=1)[:, order])
    assert np.array_equal(convert_joints(openpose, "openpose18", "coco17"), joints)
    assert np.array_equal(convert_joints(joints, "coco17", "coco17"), joints)
    joints[0, 5] = np.nan
    assert np.isnan(convert_joints(joints, "coco17", "openpose18")[0, 1]).all()
    with pytest.raises(ValueError, match=r"expected joints \(\.\.\., 18, 2\)"):
        convert_joints(joints, "openpose18", "coco17")


@pytest.mark.parametrize("layout", ["coco17", "openpose18"])
def test_a_mirrored_pose_is_that_of_the_mirrored_image(layout):
    names = JOINT_NAMES[layout]
    joints = np.random.default_rng(0).integers(0, 20, (len(names), 2)).astype(float)
    flipped = flip_joints(joints, width=20, layout=layout)
    for name, joint in zip(names, joints, strict=True):
        image = np.zeros((20, 20))
        image[int(joint[1]), int(joint[0])] = 1
        other = {"left": "right", "right": "left"}.get(name.partition("_")[0])
        partner = name if other is None else f"{other}_{name.partition('_')[2]}"
        x, y = flipped[names.index(partner)].astype(int)
        assert image[:, ::-1][y, x] == 1
    assert np.array_equal(flip_joints(flipped, width=20, layout=layout), joints)


def test_scaling_keeps_pixel_centres():
    joints = coco(count=2)
    assert np.allclose(scale_joints(joints, sizes=(128, 64), canvas=(128, 64)), joints)
    image = np.zeros((10, 5))
    image[7, 3] = 1
    large = np.kron(image, np.ones((4, 2)))
    rows, columns = np.nonzero(large)
    placed = scale_joints(np.array([[[3.0, 7.0]]]), sizes=np.array([[10, 5]]), canvas=(40, 10))
    assert placed[0, 0].tolist() == [columns.mean(), rows.mean()]


def test_poses_check_themselves():
    sizes = np.full((2, 2), 10.0)
    with pytest.raises(ValueError, match="expected joints"):
        Poses(("a", "b"), coco(count=3), "coco17", sizes)
    with pytest.raises(ValueError, match="expected joints"):
        Poses(("a", "b"), coco(count=2), "openpose18", sizes)
    with pytest.raises(ValueError, match="'a' has several"):
        Poses(("a", "a"), coco(count=2), "coco17", sizes)
    poses = Poses(("a", "b"), coco(count=2), "coco17", sizes)
    assert poses.take([1]).names == ("b",)
    assert poses.with_sizes((128, 64)).sizes.tolist() == [[128, 64]] * 2
    assert poses.to("openpose18").layout == "openpose18"


PATHS = ["rgb/train/001/A_x.jpg", "rgb/train/002/A_x.jpg", "query/007_c1.v2.png", "alone.png"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["rgb/train/002/A_x.jpg", "alone.png"], [-1, 0, -1, 1]),
        (["001/A_x", "002/A_x", "query/007_c1.v2"], [0, 1, 2, -1]),
        (["002_A_x", "007_c1.v2.png", "alone.json"], [-1, 0, 1, 2]),
        (["007_c1.v2", "nobody"], [-1, -1, 0, -1]),
        ([], [-1, -1, -1, -1]),
    ],
)
def test_poses_find_their_images_by_any_name(names, found):
    assert match_poses(names, PATHS).tolist() == found


def test_a_name_that_fits_several_images_is_refused():
    with pytest.raises(ValueError, match=r"'A_x' fits rgb/train/001/A_x\.jpg and rgb/train/002"):
        match_poses(["A_x"], PATHS)
    assert match_poses(["alone"], ["alone.png", "alone.png"]).tolist() == [0, 0]


PUBLISHED = (
    "name:keypoints_y:keypoints_x\n"
    "0002_c1s1_000451_03.jpg: "
    "[10, 22, 22, 40, 60, 22, 40, 60, 64, 90, 120, 64, 90, 120, 8, 8, 9, -1]: "
    "[30, 31, 20, 18, 17, 42, 44, 45, 25, 24, 23, 37, 38, 39, 28, 33, 26, -1]\n"
    "-1_c1s1_000401_03.jpg: "
    f"{[-1] * 18}: {[-1] * 18}\n"
)


def test_the_published_keypoints_are_written_back_in_the_same_bytes(tmp_path):
    (tmp_path / "a.csv").write_text(PUBLISHED)
    poses = read_poses(tmp_path / "a.csv")
    assert poses.names == ("0002_c1s1_000451_03.jpg", "-1_c1s1_000401_03.jpg")
    assert poses.joints[0, 2].tolist() == [20, 22], "x and y of the right shoulder"
    assert np.isnan(poses.joints[0, 17]).all()
    assert np.isnan(poses.joints[1]).all()
    assert np.isnan(poses.sizes).all()
    write_openpose_csv(poses, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == PUBLISHED.encode()


def test_headers_blank_lines_and_numpy_integers_are_forgiven(tmp_path):
    lines = PUBLISHED.splitlines()
    spoilt = lines[1].replace("[10,", "[np.int64(10),")
    (tmp_path / "a.csv").write_text(f"\n{spoilt}\n\n{lines[2].replace(' ', '')}\n")
    (tmp_path / "b.csv").write_text(PUBLISHED)
    first, second = (read_openpose_csv(tmp_path / name) for name in ("a.csv", "b.csv"))
    assert first.names == second.names
    assert np.array_equal(first.joints, second.joints, equal_nan=True)


@pytest.mark.parametrize(
    "line",
    ["a.jpg", "a.jpg: [1, 2]: [1, 2]", "a.jpg: [1", "a: {}: {}", "a: NaN: NaN", "a: [[1]]: [[1]]"],
)
def test_malformed_keypoints_name_the_line(line, tmp_path):
    (tmp_path / "a.csv").write_text(f"name:keypoints_y:keypoints_x\n{line}\n")
    with pytest.raises(ValueError, match=r"a\.csv, line 2: expected"):
        read_openpose_csv(tmp_path / "a.csv")


def test_coco_poses_are_written_as_openpose(tmp_path):
    joints = coco(count=1)
    write_openpose_csv(Poses(("a",), joints, "coco17", np.ones((1, 2))), tmp_path / "a.csv")
    read = read_openpose_csv(tmp_path / "a.csv").joints
    assert np.array_equal(read, np.rint(convert_joints(joints, "coco17", "openpose18")))


def detection(name, seed, score, dead=()):
    triples = np.concatenate([coco(seed), np.full((17, 1), 0.8)], axis=1)
    for joint in dead:
        triples[joint] = 0
    flat = triples.ravel().tolist()
    return {"image_id": name, "category_id": 1, "keypoints": flat, "score": score}


def test_alphapose_json_gives_the_best_person_of_each_image(tmp_path):
    content = [
        detection("b.jpg", 1, 0.4),
        detection("a.jpg", 2, 2.9),
        detection("b.jpg", 3, 1.2, [4]),
    ]
    (tmp_path / "r.json").write_text(json.dumps(content))
    poses = read_poses(tmp_path / "r.json")
    assert poses.names == ("b.jpg", "a.jpg")
    assert poses.layout == "coco17"
    assert np.allclose(poses.joints[1], coco(2))
    assert np.isnan(poses.joints[0, 4]).all()
    assert np.allclose(np.delete(poses.joints[0], 4, axis=0), np.delete(coco(3), 4, axis=0))
    strict = read_alphapose_json(tmp_path / "r.json", min_score=0.9)
    assert np.isnan(strict.joints).all()


@pytest.mark.parametrize("form", ["cmu", "open"])
def test_alphapose_json_in_the_forms_of_others(form, tmp_path):
    flat = np.concatenate([np.arange(36).reshape(18, 2), np.ones((18, 1))], axis=1).ravel().tolist()
    person = {"joints": flat} if form == "cmu" else {"pose_keypoints_2d": flat}
    image = {"version": 0.1, "bodies" if form == "cmu" else "people": [person]}
    nobody = {"version": 0.1, "bodies" if form == "cmu" else "people": []}
    (tmp_path / "r.json").write_text(json.dumps({"a.jpg": image, "b.jpg": nobody}))
    poses = read_alphapose_json(tmp_path / "r.json")
    assert poses.names == ("a.jpg",)
    assert poses.layout == "openpose18"
    assert poses.joints[0].tolist() == np.arange(36).reshape(18, 2).tolist()


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "3", "[3]", '[{"image_id": "a"}]', '{"a": {}}', '{"a": 3}', "null",
        '[{"image_id": "a", "keypoints": [1, 2, 3], "score": 1}]',
        '{"a": {"people": [{"pose_keypoints_2d": [1]}]}}',
    ],
)  # fmt: skip
def test_other_json_is_refused(content, tmp_path):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(ValueError, match=r"r\.json is not"):
        read_alphapose_json(tmp_path / "r.json")


def pickled(joints, scores, size=(128, 64)):
    joints = np.asarray(joints)
    normalized = joints / np.array(size[::-1])
    return {
        "yolo_scores": np.asarray(scores),
        "coordinates": joints,
        "normalized_coords": normalized,
        "feat": np.zeros((len(joints), 4), np.float32),
    }


def test_alphapose_pickles_give_the_best_detection_and_the_size(tmp_path):
    folder = tmp_path / "poses" / "train"
    folder.mkdir(parents=True)
    two = pickled(np.stack([coco(1), coco(2)]), [[0.2], [0.9]])
    (folder / "000_1_c1_000001.pkl").write_bytes(pickle.dumps(two))
    (folder / "000_1_c1_000002.pkl").write_bytes(pickle.dumps(pickled(np.zeros((0, 17, 2)), [])))
    bare = {"yolo_scores": [0.5], "coordinates": coco(3)[None].tolist()}
    (folder / "000_1_c1_000003.pickle").write_bytes(pickle.dumps(bare, protocol=2))
    poses = read_poses(tmp_path / "poses")
    assert poses.names == ("train/000_1_c1_000001", "train/000_1_c1_000003")
    assert np.array_equal(poses.joints, np.stack([coco(2), coco(3)]))
    assert np.allclose(poses.sizes[0], (128, 64))
    assert np.isnan(poses.sizes[1]).all()


@pytest.mark.parametrize(
    "content",
    [
        {"coordinates": np.zeros((1, 17, 2))},
        {"yolo_scores": [1], "coordinates": np.zeros((1, 18, 2))},
        {"yolo_scores": [1, 2], "coordinates": np.zeros((1, 17, 2))},
        {"yolo_scores": [1], "coordinates": np.full((1, 17, 2), np.nan)},
        [1, 2],
        {"yolo_scores": [1], "coordinates": "text"},
    ],
)
def test_other_pickles_are_refused(content, tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=r"a\.pkl must hold yolo_scores"):
        read_alphapose_pickles(tmp_path)


class Exploit:
    def __reduce__(self):
        return (exec, ("raise SystemExit('ran')",))


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"yolo_scores": [1], "coordinates": Exploit()}))
    with pytest.raises(UnsafePickleError, match=r"a\.pkl: pickle asks for builtins\.exec"):
        read_alphapose_pickles(tmp_path)


def test_what_is_no_file_of_keypoints_is_named(tmp_path):
    with pytest.raises(ValueError, match="found none"):
        read_poses(tmp_path)
    with pytest.raises(ValueError, match="expected keypoints at"):
        read_poses(tmp_path / "poses.txt")
    for name in ("none.csv", "none.json"):
        with pytest.raises(ValueError, match="there is no such file"):
            read_poses(tmp_path / name)


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    for name in ("a.csv", "a.json", "a.pkl"):
        (folder / name).write_bytes(data)
        try:
            read_poses(folder if name == "a.pkl" else folder / name)
        except ValueError:
            continue
