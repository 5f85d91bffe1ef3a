"""Writing a data set: layout, determinism, refusal of bad arguments."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_data import load_dataset
from reid_data.preprocess import genders_of, read_genders, read_openpose_csv, write_masks
from reid_data.synth import Difficulty, open_studio, synthesize
from reid_data.synth.command import synth
from reid_data.synth.layouts.market import market_name
from reid_data.synth.plan import plan_shots
from reid_data.synth.writing import prepare

GRAMMAR = re.compile(r"^(-1|\d{4})_c(\d)s(\d)_(\d{6})_(\d{2})\.jpg$")
SMALL = {
    "identities": 3, "test_identities": 2, "cameras": 3, "images_per_camera": 2, "distractors": 5,
}  # fmt: skip


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.jpg")}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("synth") / "data"
    synthesize(root, **SMALL)
    return root


def names(root: Path, folder: str) -> list[tuple[int, int]]:
    found = []
    for path in sorted((root / folder).iterdir()):
        match = GRAMMAR.match(path.name)
        assert match is not None, path.name
        found.append((int(match[1]), int(match[2])))
    return found


def test_layout_is_market1501s(written: Path):
    assert {path.name for path in written.iterdir()} == {
        "bounding_box_train", "bounding_box_test", "query", "records.csv", "synth.json",
    }  # fmt: skip
    every = [(pid, camid) for pid in range(1, 6) for camid in range(1, 4)]
    train, query = names(written, "bounding_box_train"), names(written, "query")
    assert train == [key for key in every if key[0] <= 3 for _ in range(2)]
    assert query == [key for key in every if key[0] > 3]
    test = names(written, "bounding_box_test")
    assert [key for key in test if key[0] > 0] == [key for key in every if key[0] > 3 for _ in "ab"]
    assert sum(pid == 0 for pid, _ in test) == 5
    assert sum(pid == -1 for pid, _ in test) == 2


def test_train_and_test_identities_are_disjoint(written: Path):
    train = {pid for pid, _ in names(written, "bounding_box_train")}
    query = {pid for pid, _ in names(written, "query")}
    assert len(train) == 3
    assert len(query) == 2
    assert not train & query


def test_images_are_jpegs_of_the_size_that_was_asked_for(tmp_path: Path):
    synthesize(tmp_path / "data", **SMALL, height=64, width=32)
    for path in (tmp_path / "data").rglob("*.jpg"):
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (32, 64))


def test_what_the_usual_data_set_is_called_is_frozen(tmp_path: Path):
    """Results are compared over time; `test_synth_difficulty` freezes what is drawn."""
    names = [path for path, _ in prepare(tmp_path / "data").arrangement.images]
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    assert digest == "0851ffd087c0c51c9ccdfac1e8a4a0fb52eadae95a5fa671fa60fdbd97bad047"


def test_a_table_tells_what_was_drawn(written: Path):
    records = load_dataset("csv", written / "records.csv")
    assert sorted(records.paths) == sorted(written.rglob("*.jpg"))
    assert records.table["split"].value_counts().to_dict() == {
        "train": 18, "gallery": 12, "query": 6, "distractor": 5, "junk": 2,
    }  # fmt: skip
    assert set(records.table["clothes_id"]) == {0}
    assert records.table["timestamp"].tolist() == (records.table["frame"] / 25).tolist()


@pytest.mark.parametrize("workers", [0, 2])
def test_parsings_and_keypoints_are_what_the_preprocessing_reads(
    tmp_path: Path, written: Path, workers: int
):
    root = tmp_path / "data"
    synthesize(root, **SMALL, annotations=True, workers=workers)
    assert contents(root) == contents(written)
    report = write_masks(root / "parsing", tmp_path / "masks", kinds=("sil",), images=root)
    assert report.images == len(contents(root))
    assert {fault.reason for fault in report.faults} <= {"empty", "small"}
    poses = read_openpose_csv(root / "keypoints.csv")
    assert sorted(poses.names) == sorted(path.name for path in root.rglob("*.jpg"))
    studio, shots = open_studio(cameras=3, seed=0), plan_shots(**SMALL, seed=0)
    row = poses.names.index(Path(market_name(shots[0])).name)
    drawn = studio.draw(shots[0])
    np.testing.assert_allclose(poses.joints[row], drawn.keypoints, atol=0.5)
    labels = np.load((root / "parsing" / market_name(shots[0])).with_suffix(".npy"))
    assert np.array_equal(labels, drawn.parsing)


@pytest.mark.parametrize("layout", ["ltcc", "deepchange", "msmt17", "csv"])
def test_genders_are_those_that_were_drawn(tmp_path: Path, layout: str):
    root = tmp_path / "data"
    few = {"identities": 4, "test_identities": 3, "images_per_camera": 2}
    synthesize(root, layout=layout, annotations=True, height=32, width=16, **few)
    table = read_genders(root / "genders.csv")
    source = root / "records.csv" if layout == "csv" else root
    records = load_dataset(layout, source).split("train", "query")
    known = genders_of(records, table)
    truth = load_dataset("csv", root / "records.csv")
    drawn = dict(zip(truth.paths, truth.pids.tolist(), strict=True))
    studio = open_studio(cameras=6, seed=0)
    female = [studio.person(drawn[path]).body.female for path in records.paths]
    assert (known == 1 - np.array(female)).all()
    assert len(table) == len(np.unique(records.pids)) >= 4
    assert set(table.categories) == {"train", "query"}


def test_occluded_sets_hide_their_queries(tmp_path: Path):
    root = tmp_path / "data"
    few = {"test_identities": 3, "cameras": 4}
    synthesize(root, layout="occluded_reid", **few, annotations=True)
    seen = {
        side: np.mean([(np.load(path) > 0).mean() for path in (root / "parsing" / side).rglob("*")
                       if path.is_file()])
        for side in ("occluded_body_images", "whole_body_images")
    }  # fmt: skip
    assert seen["occluded_body_images"] < 0.8 * seen["whole_body_images"]


def test_counts_progress_and_facts(tmp_path: Path):
    steps: list[int] = []
    counts = synthesize(tmp_path / "data", **SMALL, seed=7, advance=steps.append)
    assert counts == {"train": 18, "query": 6, "gallery": 12, "distractor": 5, "junk": 2}
    assert sum(steps) == sum(counts.values()) == len(contents(tmp_path / "data"))
    facts = json.loads((tmp_path / "data" / "synth.json").read_text())
    assert facts.items() >= {**SMALL, "seed": 7, "height": 128, "layout": "market1501"}.items()
    assert {"version", "renderer"} <= set(facts)


def test_same_seed_same_bytes_whatever_the_workers(tmp_path: Path, written: Path):
    synthesize(tmp_path / "data", **SMALL, workers=2)
    assert contents(tmp_path / "data") == contents(written)


def test_another_seed_draws_other_people(tmp_path: Path, written: Path):
    synthesize(tmp_path / "data", **SMALL, seed=1)
    other, first = contents(tmp_path / "data"), contents(written)
    assert not set(other.values()) & set(first.values())


def test_more_identities_do_not_change_the_ones_before():
    rest = {"cameras": 3, "images_per_camera": 2, "distractors": 0, "seed": 0}
    few = plan_shots(identities=2, test_identities=1, **rest)
    many = plan_shots(identities=4, test_identities=1, **rest)
    assert set(few[:12]) <= set(many)


def test_no_two_crops_share_a_name():
    shots = plan_shots(
        identities=20, test_identities=20, cameras=6, images_per_camera=5, distractors=5000, seed=0
    )
    assert len({(s.split == "junk", s.pid, s.camid, s.frame) for s in shots}) == len(shots)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"identities": 0}, r"^identities: expected 1 to 9999, got 0$"),
        ({"test_identities": 0}, r"^test_identities: expected"),
        ({"cameras": 1}, r"^cameras: expected 2 to 9, got 1$"),
        ({"cameras": 10}, r"^cameras: expected 2 to 9, got 10$"),
        ({"images_per_camera": 0}, r"^images_per_camera: expected"),
        ({"distractors": -1}, r"^distractors: expected"),
        ({"height": 8}, r"^height: expected"),
        ({"width": 8}, r"^width: expected"),
        ({"seed": -1}, r"^seed: expected"),
        ({"workers": -1}, r"^workers: expected"),
        ({"identities": 9998}, r"expected at most 9999 together in layout market1501"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(tmp_path: Path, change: dict, message: str):
    with pytest.raises(ValueError, match=message) as error:
        synthesize(tmp_path / "data", **{**SMALL, **change})
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def synth_verb(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "from reid_data.console import application, run\n"
        "from reid_data.synth.command import synth\n"
        "app = application('x'); app.command('synth')(synth); run(app)"
    )
    command = [sys.executable, "-c", code, "synth", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_verb_refuses_in_one_line(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    for arguments in (["--out", str(tmp_path)], ["--out", str(tmp_path / "d"), "--cameras", "12"]):
        result = synth_verb(*arguments)
        assert result.returncode == 2
        assert result.stdout == ""
        assert re.fullmatch(r"error: .*\n", result.stderr)


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty; choose another folder"):
        synthesize(tmp_path, **SMALL)
    with pytest.raises(ValueError, match="is a file"):
        synthesize(tmp_path / "mine.txt", **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path):
    (tmp_path / "data").mkdir()
    synthesize(tmp_path / "data", **{**SMALL, "identities": 1, "test_identities": 1})
    assert (tmp_path / "data" / "synth.json").is_file()


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path):
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "data", **SMALL, advance=stop)
    assert list(tmp_path.iterdir()) == []


def test_the_verb_is_light_to_import():
    heavy = {"torch", "pandas", "PIL", "numpy"}
    code = f"import sys, reid_data.synth.command; sys.exit(bool({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_verb_asks_for_the_usual_difficulty():
    usual = inspect.signature(synth).parameters["occlusion"].default
    assert usual == Difficulty().occlusion


def test_the_verb_lists_the_layouts():
    result = synth_verb("--list-layouts", "--json")
    assert result.returncode == 0, result.stderr
    listed = {row["layout"]: row for row in json.loads(result.stdout)}
    assert listed["msmt17"]["options"] == {"version": "v1 or v2, default v1"}
    assert listed["prcc"]["amounts"]["cameras"] == {"default": 3, "least": 3, "most": 3}


def test_the_verb_writes_any_layout_and_tells_how_to_read_it(tmp_path: Path):
    few = ["--identities", "2", "--test-identities", "2", "--images-per-camera", "1"]
    result = synth_verb(
        *("--layout", "ltcc", "--out", str(tmp_path / "data"), "--workers", "0", *few)
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr.endswith(f"read it with: --data ltcc --root {tmp_path / 'data'}\n")


def test_the_verb_writes_and_tells_what(tmp_path: Path):
    arguments = ["--out", str(tmp_path / "data"), "--workers", "0", "--json"]
    for name, value in SMALL.items():
        arguments += [f"--{name.replace('_', '-')}", str(value)]
    result = synth_verb(*arguments)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0] == {"split": "train", "images": 18}
    assert len(contents(tmp_path / "data")) == 43


def test_frame_numbers_do_not_tell_the_identity():
    shots = plan_shots(
        identities=30, test_identities=1, cameras=4, images_per_camera=1, distractors=0, seed=0
    )
    frames = np.array([[s.frame for s in shots if s.camid == c and s.pid <= 30] for c in (1, 2)])
    assert abs(np.corrcoef(frames)[0, 1]) < 0.5
