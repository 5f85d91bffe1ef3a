"""The recipes of clothes-changing re-ID, cut down to a network and people of a few seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reid_core.models import create_model, load_heads, load_model, save_model
from reid_core.training.data.sidecars import Sidecars
from reid_core.training.recipes.files import load_recipe
from reid_core.training.recipes.recipe import Recipe
from reid_data import Records

from .conftest import tiny_people
from .test_fit import Interrupt, rows, run

CUT = (
    "data.image_size=[32, 16]",
    "data.identities_per_batch=3",
    "data.images_per_identity=2",
    "data.augmentation.pad=2",
    "model.name=timm:test_resnet",
    "model.last_stride=2",
    "model.pretrained=false",
    "schedule={epochs: 3, kind: constant, warmup_epochs: 0}",
    "optimizer.lr=1e-3",
    "evaluation={val_identities: 0.4, every: 1}",
    "compute.precision=fp32",
    "loss.clothes.start_epoch=1",
    "loss.clothes_adversarial.start_epoch=1",
)
POSED = ("data.pose_column=R_LA_5",)
TAUGHT = ("loss.twins_clothes.start_epoch=1",)
KL = ("twins_1", "twins_2", "twins_clothes")
RECIPES = {
    "cal": (),
    "cal-recolour": (),
    "two-branch": (),
    "gender": (),
    "pose": POSED,
    "cgal": POSED,
    "ubd": TAUGHT,
    "rlq": (*POSED, *TAUGHT),
}


@pytest.fixture(scope="session")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher")
    options = {"image_size": (32, 16), "last_stride": 2, "pooling": "max,avg"}
    save_model(create_model("timm:test_resnet", kind="two-branch", **options), folder)
    return folder


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """The people that the teacher knows."""
    return tiny_people(tmp_path_factory.mktemp("others"), identities=4, seed=9)


def cut(name: str, teacher: Path, *overrides: str) -> Recipe:
    more = [*CUT, *RECIPES[name], *overrides]
    if name in ("ubd", "rlq"):
        more.append(f"loss.teach_twins.teacher={teacher}")
    return load_recipe(name, more)


def start(recipe: Recipe, records: Records, out: Path, beside: Sidecars, others: Records, **more):
    second = others if recipe.data.second is not None else None
    return run(recipe, records, out, sidecars=beside, second=second, **more)


@pytest.mark.parametrize(
    "name",
    # The whole system always; its parts when there is time.
    [name if name == "rlq" else pytest.param(name, marks=pytest.mark.slow) for name in RECIPES],
)
def test_it_runs_and_its_network_can_be_loaded(
    name: str,
    dressed: Records,
    beside: Sidecars,
    others: Records,
    teacher: Path,
    tmp_path: Path,
) -> None:
    recipe = cut(name, teacher)
    result = start(recipe, dressed, tmp_path / "out", beside, others)
    assert result.mAP is not None
    assert load_model(tmp_path / "out").embedding_size
    first, second, _ = rows(tmp_path / "out")
    for term, section in recipe.loss.items():
        assert np.isfinite(float(second[f"loss/{term}"]))
        assert bool(first[f"loss/{term}"]) == (section.start_epoch == 0)
    assert "clothes.outfits" in load_heads(tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("order", ["passes", "together"])
def test_the_whole_system_goes_on_exactly_where_it_was_stopped(
    order: str,
    dressed: Records,
    beside: Sidecars,
    others: Records,
    teacher: Path,
    tmp_path: Path,
) -> None:
    recipe = cut("rlq", teacher, f"data.second.order={order}", "data.second.images_share=0.5")
    start(recipe, dressed, tmp_path / "whole", beside, others)
    stop = Interrupt(2)
    with pytest.raises(KeyboardInterrupt):
        start(recipe, dressed, tmp_path / "cut", beside, others, callbacks=[stop])
    start(recipe, dressed, tmp_path / "cut", beside, others, resume=True)
    for file in ("model.safetensors", "heads.safetensors"):
        whole, resumed = (tmp_path / part / file for part in ("whole", "cut"))
        assert whole.read_bytes() == resumed.read_bytes()
    assert [row["loss"] for row in rows(tmp_path / "whole")] == [
        row["loss"] for row in rows(tmp_path / "cut")
    ]


@pytest.mark.parametrize(
    ("name", "override", "message"),
    [
        ("rlq", "data.second.degrade=none", "compares images with their reduced twins"),
        ("ubd", "loss.teach_twins.teacher=none", "a teacher is missing"),
        ("ubd", "data.second=none", "second data set"),
    ],
)
def test_a_half_of_the_method_is_refused(
    name: str,
    override: str,
    message: str,
    dressed: Records,
    beside: Sidecars,
    others: Records,
    teacher: Path,
    tmp_path: Path,
) -> None:
    recipe = load_recipe(name, [*cut_overrides(name, teacher), override])
    with pytest.raises(ValueError, match=message):
        run(recipe, dressed, tmp_path / "out", sidecars=beside, second=others)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("overrides", "left"),
    [
        (["loss.teach_twins=none", "loss.twin_features.data=second"], {"twin_features", *KL}),
        ([f"loss.{name}=none" for name in KL], {"teach_twins"}),
        (["loss.teach_twins=none"], set(KL)),
        (["loss.teach_twins.kind=cosine", "data.second.images_share=0.5"], {"teach_twins", *KL}),
    ],
    ids=["no teacher", "features only", "logits only", "half of the images"],
)
def test_the_published_ablations_are_overrides(overrides: list[str], left: set[str]) -> None:
    recipe = load_recipe("ubd", overrides)
    assert {name for name, term in recipe.loss.items() if term.data == "second"} == left


def cut_overrides(name: str, teacher: Path) -> list[str]:
    return [*CUT, *RECIPES[name], f"loss.teach_twins.teacher={teacher}"]


@pytest.mark.slow
def test_the_whole_system_runs_on_two_processes_from_the_command_line(
    dressed: Records, beside: Sidecars, others: Records, teacher: Path, tmp_path: Path
) -> None:
    dressed.to_csv(dressed.root / "dressed.csv")
    others.to_csv(others.root / "others.csv")
    out = tmp_path / "out"
    overrides = [*cut_overrides("rlq", teacher), "data.recolour.strength=0.6"]
    words = ["train", "--recipe", "rlq", "--out", out, "--device", "cpu", "--devices", 2]
    words += ["--data", "csv", "--root", dressed.root / "dressed.csv", "--workers", 0]
    words += ["--second-data", "csv", "--second-root", others.root / "others.csv"]
    words += ["--genders", beside.genders, "--poses", beside.poses, "--masks", beside.masks]
    for override in overrides:
        words += ["--set", override]
    code = "from reid_core.cli import main; main()"
    (tmp_path / "command.py").write_text(code)
    command = [sys.executable, str(tmp_path / "command.py"), *map(str, words)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    assert len(rows(out)) == 3
    assert load_model(out).embedding_size
    again = subprocess.run(
        [*command, "--resume"], capture_output=True, text=True, timeout=120, check=False
    )
    assert "is finished already" in again.stderr + again.stdout
