"""From a generator to a generated set: what is planned, drawn, resumed and claimed."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from reid_data import load_dataset
from reid_data.images import read_image
from reid_gen.cli import app
from reid_gen.generation import (
    DrawRequest,
    GanRecipe,
    PosedImages,
    build_pose_bank,
    change_clothes,
    find_pairs,
    generate,
    load_engine,
    plan_given_poses,
    plan_pairs,
    plan_poses,
)
from reid_gen.generation.gan_engine import GanEngine, build_generator, save_generator
from reid_gen.manifest import read_manifest
from reid_gen.scoring.pairing import pair_images


class Painter:
    """An engine whose drawings say what they are made of; breaks off after some batches."""

    image_size, changes_clothes, fingerprint = (32, 16), True, "painter"

    def __init__(self, batches: int = 99) -> None:
        self.batches = batches

    def draw(self, request: DrawRequest) -> Tensor:
        if not self.batches:
            raise KeyboardInterrupt
        self.batches -= 1
        lender = request.images if request.donors is None else request.donors
        return torch.cat([request.images[:, :, :16], lender[:, :, 16:]], dim=2)


def run(*words: object) -> None:
    app([str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from reid_gen.generation.recipe import ModelSection

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("run")
    model = ModelSection(width=4, blocks=1, appearance=True, dropout=0.0)
    save_generator(build_generator(model), folder, model=model, image_size=(32, 16))
    return folder


def test_a_bank_gives_every_kind_of_pose_its_turn(posed: PosedImages) -> None:
    bank = build_pose_bank(posed, clusters=4, seed=0)
    assert len(bank) == int(posed.complete.sum())
    generator = np.random.default_rng(0)
    rows = bank.draw(4, generator=generator)
    assert sorted(bank.clusters[rows]) == [0, 1, 2, 3]
    many = bank.clusters[bank.draw(10, generator=generator)]
    counts = np.bincount(many)
    assert counts.max() - counts.min() <= 1
    with pytest.raises(ValueError, match="lower --clusters"):
        build_pose_bank(posed, clusters=99)


def test_plans_depend_on_the_seed_alone_and_never_ask_for_the_pose_one_has(
    posed: PosedImages,
) -> None:
    bank = build_pose_bank(posed, clusters=4, seed=0)
    plan = plan_poses(posed, bank, per_image=3, seed=5)
    assert len(plan) == 3 * len(posed)
    assert (plan.table["pose"] != plan.table["source"]).all()
    assert plan.table.groupby("source")["pose"].nunique().eq(3).all()
    assert (plan.table["pid"].to_numpy() == posed.records.pids[plan.sources]).all()
    assert plan.table["file"].is_unique
    assert plan.fingerprint == plan_poses(posed, bank, per_image=3, seed=5).fingerprint
    assert plan.fingerprint != plan_poses(posed, bank, per_image=3, seed=6).fingerprint
    assert plan_poses(posed, bank, per_image=2, most=3).table["source"].nunique() == 3
    given = plan_given_poses(posed, bank.joints[:2], ["stand", "walk"], most=4)
    assert given.table["pose"].tolist() == ["stand", "walk"] * 4


def test_changed_clothes_come_from_somebody_else_of_the_same_camera(posed: PosedImages) -> None:
    pairs = find_pairs(posed, kind="all")
    plan = plan_pairs(posed, pairs)
    assert plan.table["target"].notna().all()
    dressed = change_clothes(plan, posed, parts=("right_shin",), seed=1)
    pids, cameras = posed.records.pids, posed.records.camids
    assert (pids[dressed.donors] != pids[dressed.sources]).all()
    assert (cameras[dressed.donors] == cameras[dressed.sources]).all()
    assert dressed.table["target"].isna().all()
    assert dressed.table["pid"].min() > pids.max()
    owners = list(zip(pids[dressed.sources], pids[dressed.donors], strict=True))
    assert dressed.table["pid"].nunique() == len(set(owners))
    kept = change_clothes(plan, posed, parts=("right_shin",), claim="source")
    assert (kept.table["pid"] == plan.table["pid"]).all()
    alone = posed.take(pids == pids[0])
    with pytest.raises(ValueError, match="2 people"):
        change_clothes(plan_pairs(alone, find_pairs(alone, kind="all")), alone, parts=("torso",))


def test_a_killed_generation_goes_on_where_it_was(posed: PosedImages, tmp_path: Path) -> None:
    plan = plan_pairs(posed, find_pairs(posed, kind="all")[:20])
    with pytest.raises(KeyboardInterrupt):
        generate(Painter(2), posed, plan, tmp_path / "set", batch_size=4)
    there = sorted((tmp_path / "set" / "images").iterdir())
    assert len(there) == 8
    with pytest.raises(ValueError, match="reid-gen generate writes one"):
        read_manifest(tmp_path / "set")
    before = {path: path.stat().st_mtime_ns for path in there}
    with pytest.raises(ValueError, match="not empty"):
        generate(Painter(), posed, plan, tmp_path / "set")
    told: list[int] = []
    generate(Painter(3), posed, plan, tmp_path / "set", batch_size=4, resume=True,
             advance=told.append)  # fmt: skip
    assert told == [8, 4, 4, 4]
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    table = read_manifest(tmp_path / "set")
    assert table["checkpoint"].eq("painter").all()
    for row in (0, 19):
        drawn = read_image(tmp_path / "set" / table["file"].iloc[row])
        true = read_image(posed.records.root / table["source"].iloc[row])
        assert (drawn == true).all()
    with pytest.raises(ValueError, match="begun with another"):
        generate(Painter(), posed, plan_pairs(posed, find_pairs(posed, kind="all")[:9]),
                 tmp_path / "set", resume=True)  # fmt: skip
    with pytest.raises(ValueError, match="no generation to go on with"):
        generate(Painter(), posed, plan, tmp_path / "none", resume=True)


def test_an_image_does_not_depend_on_its_batch_and_parts_are_swapped(
    checkpoint: Path, posed: PosedImages
) -> None:
    engine = load_engine(checkpoint)
    pixels = torch.randint(256, (3, 3, 32, 16), dtype=torch.uint8)
    joints = torch.from_numpy(posed.joints[:3])
    seeds = torch.zeros(3, dtype=torch.int64)
    whole = engine.draw(DrawRequest(pixels, joints, joints.flip(0), seeds))
    one = engine.draw(DrawRequest(pixels[1:2], joints[1:2], joints.flip(0)[1:2], seeds[:1]))
    assert (whole[1:2].int() - one.int()).abs().max() <= 1
    own = DrawRequest(pixels, joints, joints, seeds, pixels.flip(0), joints.flip(0), ("torso",))
    assert (engine.draw(own) != engine.draw(DrawRequest(pixels, joints, joints, seeds))).any()
    with pytest.raises(ValueError, match="come together"):
        DrawRequest(pixels, joints, joints, seeds, parts=("torso",))
    with pytest.raises(ValueError, match=r"expected uint8 \(B, 3, 32, 16\)"):
        engine.draw(DrawRequest(pixels[..., :8], joints, joints, seeds))


def test_a_generator_of_the_hub_is_fetched(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch(repository: str, **_: object) -> str:
        asked.append(repository)
        return str(checkpoint)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    # As an option gives it, which folds the two slashes into one.
    assert load_engine(Path("hf://lab/painter")).fingerprint == load_engine(checkpoint).fingerprint
    assert asked == ["lab/painter"]


def test_a_generator_without_parts_refuses_clothes(posed: PosedImages, tmp_path: Path) -> None:
    from reid_gen.generation.posed import PoseCanvas
    from reid_gen.generation.recipe import ModelSection

    network = build_generator(ModelSection(width=4, blocks=1))
    engine = GanEngine(network, PoseCanvas((32, 16)))
    plan = plan_pairs(posed, find_pairs(posed, kind="all")[:4])
    dressed = change_clothes(plan, posed, parts=("torso",))
    with pytest.raises(ValueError, match="train one with"):
        generate(engine, posed, dressed, tmp_path / "set")


def test_a_damaged_or_missing_generator_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="reid-gen train-gan --out"):
        load_engine(tmp_path)
    for name in ("generator.json", "generator.safetensors"):
        (tmp_path / name).write_bytes((checkpoint / name).read_bytes())
    (tmp_path / "generator.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match="damaged, train it again"):
        load_engine(tmp_path)
    (tmp_path / "generator.json").write_text("{}")
    with pytest.raises(ValueError, match="its format"):
        load_engine(tmp_path)


def test_from_the_command_line_to_a_data_set(
    world: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = ("--checkpoint", checkpoint, "--data", "market1501", "--root", world)
    fakes = tmp_path / "fakes"
    run("generate", *source, "--out", fakes, "--images", 5, "--per-image", 2, "--clusters", 3,
        "--change-clothes", "lower", "--claim", "source", "--device", "cpu", "--json")  # fmt: skip
    assert json.loads(capsys.readouterr().out)["images"] == 10
    rows = [json.loads(line) for line in (fakes / "manifest.jsonl").read_text().splitlines()]
    wanted = {"file", "pid", "camid", "source", "pose", "donor", "parts", "seed", "checkpoint"}
    assert wanted <= rows[0].keys()
    assert rows[0]["parts"] == "right_thigh+right_shin+left_thigh+left_shin"
    records = load_dataset("csv", fakes / "records.csv")
    assert len(records) == 10
    assert records.pids.tolist() == [row["pid"] for row in rows]
    pairs = tmp_path / "pairs.csv"
    names = sorted(path.name for path in (world / "bounding_box_train").iterdir())
    with pairs.open("w") as file:
        csv.writer(file).writerows([("from", "to"), (names[0], names[1]), (names[2], names[0])])
    run("generate", *source, "--out", tmp_path / "two", "--pairs", pairs, "--device", "cpu")
    found = pair_images(tmp_path / "two", world)
    assert [pair.target.name for pair in found] == [names[1], names[0]]
    run("generate", *source, "--out", tmp_path / "posed", "--poses", world / "keypoints.csv",
        "--pose-size", 32, 16, "--images", 1, "--device", "cpu")  # fmt: skip
    assert len(read_manifest(tmp_path / "posed")) == len(list(world.rglob("*.jpg")))


def test_bad_input_is_refused_before_anything_is_drawn(
    world: Path, checkpoint: Path, tmp_path: Path
) -> None:
    source = ("--checkpoint", checkpoint, "--data", "market1501", "--root", world)
    out = ("--out", tmp_path / "out", "--device", "cpu")
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("from,to\nnobody.jpg,nowhere.jpg\n")
    for words, message in (
        (("--pairs", pairs), "names 2 images that are not here"),
        (("--keypoints", tmp_path / "none.csv"), "there are no keypoints at"),
        (("--change-clothes", "hat"), "expected clothes of upper, lower, all"),
        (("--pairs", pairs, "--poses", pairs), "exclude each other"),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            run("generate", *source, *out, *words)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_training_verb_trains_and_names_what_is_missing(
    world: Path, recipe: GanRecipe, recipe_file: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = ("train-gan", "--data", "market1501", "--root", world, "--recipe", recipe_file)
    words = (*words, "--device", "cpu", "--set", "schedule.epochs=1")
    with pytest.raises(ValueError, match="--perceptual off"):
        run(*words, "--out", tmp_path / "out", "--set", "loss.perceptual.weight=1")
    run(*words, "--out", tmp_path / "run", "--perceptual", "off", "--identity", "off", "--json")
    assert json.loads(capsys.readouterr().out)["epochs"] == 1
    assert load_engine(tmp_path / "run").image_size == recipe.data.image_size
