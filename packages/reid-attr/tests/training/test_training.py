"""Training on synthetic people: division, what moves, resuming, the verbs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from reid_attr import (
    attribute_report,
    choose_thresholds,
    decide,
    load_attribute_model,
    load_recognizer,
    load_schema,
)
from reid_attr.models import read_attribute_checkpoint
from reid_attr.training import (
    AttributeImages,
    AttributeRecipe,
    divide,
    list_recipes,
    load_images,
    load_recipe,
    read_division,
    train_attributes,
)
from reid_data import synthesize
from reid_data.shuffling import ShuffledBatches

PEOPLE = r"_(\d+)\.jpg"
TINY = [
    "data.image_size=[64,32]",
    "data.batch_size=8",
    "data.validation=0.3",
    "data.held_out=0.4",
    f"data.people='{PEOPLE}'",
    "model.name=test_convnext",
    "schedule.epochs=2",
    "schedule.warmup_epochs=0",
    "precision=fp32",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("upar")
    synthesize(
        folder,
        layout="upar",
        identities=10,
        test_identities=4,
        cameras=2,
        images_per_camera=2,
        height=32,
        width=16,
    )
    return folder


@pytest.fixture(scope="module")
def images(root: Path) -> AttributeImages:
    return load_images("upar", root, schema=load_schema("upar"), people=PEOPLE)


def test_every_recipe_can_be_read() -> None:
    assert list_recipes() == ["baseline", "c2tnet-native", "c2tnet-pa100k", "c2tnet-upar", "small"]
    for name in list_recipes():
        assert load_recipe(name).description
    with pytest.raises(ValueError, match=r"did you mean 'loss\.gradnorm'"):
        load_recipe("small", ["loss.gradnrm=true"])
    with pytest.raises(ValueError, match="did you mean 'c2tnet-upar'"):
        load_recipe("c2tnet-upr")
    with pytest.raises(ValueError, match="finetune should be"):
        load_recipe("small", ["finetune=half"])


def test_people_stay_together(images: AttributeImages) -> None:
    division = divide(images, validation=0.2, test=0.2, held_out=0.25, seed=1)
    parts = [division.train, division.held_out, division.validation, division.test]
    people = [set(part.records.pids.tolist()) for part in parts]
    assert [len(group) for group in people] == [4, 2, 2, 2]
    assert len(set.union(*people)) == 10
    again = divide(images, validation=0.2, test=0.2, held_out=0.25, seed=1)
    assert again.test.records.table["path"].tolist() == division.test.records.table["path"].tolist()
    rows = {path: row for row, path in enumerate(images.records.table["path"])}
    for part in parts:
        same = [rows[path] for path in part.records.table["path"]]
        assert np.array_equal(part.values, images.values[same])
    with pytest.raises(ValueError, match="cameras are unknown"):
        divide(images, by="camera", seed=0)


def test_batches_share_the_images_among_processes() -> None:
    parts = [
        list(ShuffledBatches(22, batch_size=5, seed=3, rank=rank, world_size=2)) for rank in (0, 1)
    ]
    drawn = [index for part in parts for draw in part for index in draw.indices]
    assert len(drawn) == len(set(drawn)) == 20
    again = ShuffledBatches(22, batch_size=5, seed=3, rank=1, world_size=2)
    assert list(again) == parts[1]
    again.set_epoch(1)
    assert list(again) != parts[1]
    with pytest.raises(ValueError, match=r"lower data\.batch_size"):
        ShuffledBatches(9, batch_size=5, seed=0, world_size=2)


def recipe(*more: str) -> AttributeRecipe:
    return load_recipe("small", [*TINY, *more])


ALL_PARTS = ["loss.kind=categorical", "loss.logit_updating=true", "loss.gradnorm=true",
             "optimizer.ema_decay=0.5"]  # fmt: skip


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_attribute_model(folder).state_dict()


@pytest.mark.filterwarnings("error:.*not writable")
def test_an_interrupted_run_goes_on_as_if_it_was_not(
    tmp_path: Path, images: AttributeImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = recipe(*ALL_PARTS, "schedule.epochs=3")
    whole = train_attributes(chosen, images, out=tmp_path / "whole", seed=5, device="cpu")
    from reid_attr.training.module import AttributeModule

    start = AttributeModule.on_train_epoch_start

    def interrupted(self: AttributeModule) -> None:
        if self.current_epoch == 2:
            raise ValueError("the power went out")
        start(self)

    with monkeypatch.context() as patch:
        patch.setattr(AttributeModule, "on_train_epoch_start", interrupted)
        with pytest.raises(ValueError, match="power"):
            train_attributes(chosen, images, out=tmp_path / "cut", seed=5, device="cpu")
    with pytest.raises(ValueError, match="another recipe"):
        train_attributes(recipe(), images, out=tmp_path / "cut", seed=5, resume=True)
    with pytest.raises(ValueError, match="--resume"):
        train_attributes(chosen, images, out=tmp_path / "cut", seed=5)
    resumed = train_attributes(
        chosen, images, out=tmp_path / "cut", seed=5, device="cpu", resume=True
    )
    assert (resumed.epochs, resumed.best_epoch, resumed.mA) == (3, whole.best_epoch, whole.mA)
    states = [
        torch.load(tmp_path / name / "training" / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("whole", "cut")
    ]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    moved = states[0]["loss.gradnorm.weights"]
    assert not torch.equal(moved, torch.ones_like(moved))
    factors = states[0]["loss.logit_update.factors"]
    assert not torch.equal(factors, torch.ones_like(factors))
    table = pd.read_csv(tmp_path / "cut" / "metrics.csv")
    assert table["epoch"].tolist() == [1, 2, 3]
    assert set(pd.read_csv(tmp_path / "cut" / "division.csv")["part"]) == {
        "train",
        "held_out",
        "validation",
    }


def test_thresholds_are_chosen_on_validation_images_and_kept(
    tmp_path: Path, root: Path, images: AttributeImages
) -> None:
    result = train_attributes(recipe("thresholds=mA"), images, out=tmp_path / "run", device="cpu")
    kept = read_attribute_checkpoint(result.folder).thresholds
    recognizer = load_recognizer(result.folder, device="cpu")
    validation = read_division(result.folder / "division.csv", images, "validation")
    scores = recognizer.of_records(validation.records)
    assert kept == pytest.approx(choose_thresholds(validation.values, scores), abs=1e-5)
    assert set(kept) != {0.5}
    holds = decide(scores, recognizer.schema, thresholds=kept)
    chosen = attribute_report(validation.values, scores, holds, names=recognizer.schema.names)
    assert chosen.overall["mA"] > result.mA  # which is measured at 0.5


def test_half_precision_trains_too(tmp_path: Path, images: AttributeImages) -> None:
    chosen = recipe("precision=bf16", "loss.gradnorm=true", "schedule.epochs=1")
    result = train_attributes(chosen, images, out=tmp_path / "run", device="cpu")
    assert 0 < result.mA < 1
    kept = weights(result.folder)
    assert all(value.dtype == torch.float32 for value in kept.values() if value.is_floating_point())
    assert all(value.isfinite().all() for value in kept.values())


def test_fine_tuning_continues_from_a_folder(tmp_path: Path, images: AttributeImages) -> None:
    train_attributes(recipe(), images, out=tmp_path / "a", device="cpu")
    tuned = recipe("finetune=adapter", "model.adapter=4", "optimizer.head_lr=0.1")
    train_attributes(tuned, images, out=tmp_path / "b", device="cpu", init_from=tmp_path / "a")
    before, after = weights(tmp_path / "a"), weights(tmp_path / "b")
    assert all(torch.equal(before[name], after[name]) for name in before)
    added = set(after) - set(before)
    assert all(name.startswith("head.adapter.") for name in added)
    assert after["head.adapter.up.weight"].any()
    with pytest.raises(ValueError, match="does not fit the recipe's model"):
        train_attributes(
            recipe("model.name=test_vit"), images, out=tmp_path / "c", init_from=tmp_path / "a"
        )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.schema=pa100k"], "26 attributes, came 40"),
        (["loss.gradnorm=true", "model.batch_norm=true"], "batch_norm=false"),
        (["loss.gradnorm=true", "model.adapter=4"], "adapter=0"),
        (["loss.logit_updating=true", "data.held_out=0"], "held_out above 0"),
        (["data.validation=0"], "for validation"),
        (["finetune=cross-fusion"], "only C2T-Net"),
        (["data.batch_size=500"], "lower data.batch_size"),
    ],
)
def test_what_cannot_work_is_refused(
    tmp_path: Path, images: AttributeImages, overrides: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        train_attributes(recipe(*overrides), images, out=tmp_path / "x", device="cpu")
