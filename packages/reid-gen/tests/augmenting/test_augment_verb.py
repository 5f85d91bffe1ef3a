"""From a data set, a generated set and a purified one to a table, on the command line."""

import json
from pathlib import Path

import pytest
import torch

from reid_core.training import RunFolder
from reid_data import load_dataset, synthesize
from reid_gen.cli import app
from reid_gen.manifest import read_manifest, write_manifest

TINY = """
data:
  image_size: [32, 16]
  identities_per_batch: 3
  images_per_identity: 2
model: {name: timm:test_resnet, last_stride: 2}
loss: {cross_entropy: , triplet: }
optimizer: {lr: 1.0e-3}
schedule: {epochs: 1}
evaluation: {every: 1, val_identities: 0}
compute: {precision: fp32}
logging: {tensorboard: false}
"""


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up people; copies of half of their images as a generated set; a part of it, kept."""
    folder = tmp_path_factory.mktemp("world")
    size = {"identities": 4, "test_identities": 2, "cameras": 2, "images_per_camera": 2}
    synthesize(folder / "data", **size, distractors=2, height=32, width=16)
    records = load_dataset("market1501", folder / "data").split("train")
    table = records.table.iloc[::2][["path", "pid", "camid"]].reset_index(drop=True)
    table["file"] = [f"{row}.jpg" for row in range(len(table))]
    for name, rows in (("fakes", slice(None)), ("pure", slice(6)), ("near", slice(2, None))):
        (folder / name).mkdir()
        part = table.iloc[rows].reset_index(drop=True)
        for file, path in zip(part["file"], part["path"], strict=True):
            (folder / name / file).write_bytes((records.root / path).read_bytes())
        write_manifest(part[["file", "pid", "camid"]], folder / name)
    (folder / "tiny.yaml").write_text(TINY)
    return folder


def augment(world: Path, out: Path, *more: object) -> None:
    words = [
        *("augment", "--data", "market1501", "--root", world / "data", "--out", out),
        *("--generated", world / "fakes", "--recipe", world / "tiny.yaml"),
        *("--device", "cpu", "--workers", 0, *more),
    ]
    app([str(word) for word in words], standalone_mode=False)


def test_every_arm_is_trained_tested_and_told(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = ("--purified", world / "pure", "--cosine", world / "near", "--ratio", 0.5)
    augment(world, tmp_path / "out", *sets, "--seeds", 2, "--labels", "lsro", "--json")
    said = json.loads(capsys.readouterr().out)
    counts = [len(read_manifest(world / name)) for name in ("fakes", "near", "pure")]
    assert [(row["arm"], row["generated"]) for row in said["arms"]] == [
        ("real", 0),
        ("all", counts[0]),
        ("random", counts[2]),
        ("cosine", counts[1]),
        ("purified", counts[2]),
    ]
    for row in said["arms"]:
        maps = torch.tensor([run["mAP"] for run in said["runs"] if run["arm"] == row["arm"]])
        assert row["mAP"] == pytest.approx(float(maps.mean()))
        assert row["deviation"] == pytest.approx(float(maps.std()), abs=1e-6)
        assert 0 <= row["Rank-1"] <= 1
    assert said["arms"][2]["against random"] == 0
    run = RunFolder(tmp_path / "out" / "tiny" / "purified" / "seed_1")
    recipe = run.load_recipe()
    assert recipe.data.second is not None
    assert recipe.loss["generated"].labels == "lsro"  # type: ignore[attr-defined]
    assert run.seed == 1
    # Again with the same folder: nothing is trained, the same is told.
    before = (run.path / "model.safetensors").stat().st_mtime_ns
    augment(world, tmp_path / "out", *sets, "--seeds", 2, "--labels", "lsro", "--json")
    assert json.loads(capsys.readouterr().out) == said
    assert (run.path / "model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(ValueError, match="was started with"):
        augment(world, tmp_path / "out", *sets, "--seeds", 1, "--labels", "hard")


def test_what_is_missing_is_refused_before_anything_is_trained(world: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    with pytest.raises(ValueError, match="reid-gen generate"):
        augment(world, tmp_path / "out", "--purified", tmp_path / "bare")
    words = ("--purified", world / "pure", "--recipe", "no-such-recipe")
    with pytest.raises(ValueError, match="unknown recipe"):
        augment(world, tmp_path / "out", *words)
    few = tmp_path / "few"
    few.mkdir()
    (few / "0.jpg").write_bytes((world / "pure" / "0.jpg").read_bytes())
    write_manifest(read_manifest(world / "pure").iloc[:1], few)
    with pytest.raises(ValueError, match=r"arm random claim 1 .* a batch takes 3"):
        augment(world, tmp_path / "out", "--purified", few)
    assert not (tmp_path / "out").exists()
