"""Trainings that begin with another's weights, and several trainings in a row."""

from __future__ import annotations

import pytest
import torch
from lightning.pytorch import Callback

from reid_core.models import create_model, load_heads, load_model
from reid_core.training.finetuning import architecture_of
from reid_core.training.fit import train
from reid_core.training.recipes.files import load_recipe
from reid_core.training.runs import table_of_runs, train_runs
from reid_core.training.warm_starting import warm_start

from .conftest import tiny_people
from .test_fit import Interrupt, run


@pytest.fixture(scope="module")
def source(people, tmp_path_factory):
    """A training to begin with."""
    from .conftest import TINY

    folder = tmp_path_factory.mktemp("source")
    (folder / "tiny.yaml").write_text(TINY)
    recipe = load_recipe(folder / "tiny.yaml", ["schedule.epochs=1"])
    run(recipe, people, folder / "out", seed=9)
    return folder / "out"


def tiny_model():
    return create_model("timm:test_resnet", image_size=(32, 16), last_stride=2)


def test_a_training_of_no_epochs_is_what_it_began_with(people, tiny, source, tmp_path):
    run(tiny("schedule.epochs=0"), people, tmp_path / "out", init_from=source)
    ours, theirs = (load_model(path).state_dict() for path in (tmp_path / "out", source))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    heads = load_heads(tmp_path / "out"), load_heads(source)
    assert not torch.equal(*(h["cross_entropy.classifier.weight"] for h in heads))


def test_heads_come_along_where_they_are_asked_for(people, tiny, source, tmp_path):
    run(
        tiny("schedule.epochs=0"),
        people,
        tmp_path / "out",
        seed=9,
        init_from=source,
        init_heads=True,
    )
    ours, theirs = load_heads(tmp_path / "out"), load_heads(source)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_heads_of_other_identities_are_refused(tiny, source, tmp_path):
    (tmp_path / "more").mkdir()
    more = tiny_people(tmp_path / "more", identities=12)
    with pytest.raises(ValueError, match="are of other identities than these"):
        run(tiny(), more, tmp_path / "out", init_from=source, init_heads=True)
    assert not (tmp_path / "out").exists()
    run(tiny("schedule.epochs=0"), more, tmp_path / "out", init_from=source)


def test_what_matched_is_listed(source, tmp_path, caplog, people, tiny):
    report = warm_start(tiny_model(), {}, source)
    assert report.missing == report.left_out == report.other_shape == ()
    assert "tensors taken over" in str(report)
    reduced = create_model("timm:test_resnet", image_size=(32, 16), last_stride=2, embed_dim=8)
    report = warm_start(reduced, {}, source)
    assert any(name.startswith("backbone.") for name in report.matched)
    assert report.missing or report.other_shape
    run(tiny("schedule.epochs=0"), people, tmp_path / "out", init_from=source)
    assert "tensors taken over" in caplog.text


def test_a_file_of_backbone_weights_will_do(source, tmp_path):
    weights = {
        name.removeprefix("backbone."): value
        for name, value in load_model(source).state_dict().items()
        if name.startswith("backbone.")
    }
    torch.save(weights, tmp_path / "backbone.pth")
    model = tiny_model()
    report = warm_start(model, {}, tmp_path / "backbone.pth")
    assert len(report.matched) == len(weights)
    assert all(torch.equal(model.backbone.state_dict()[name], weights[name]) for name in weights)
    with pytest.raises(ValueError, match="without heads"):
        warm_start(tiny_model(), {}, tmp_path / "backbone.pth", heads=True)


def test_weights_of_something_else_are_refused(tmp_path):
    torch.save({"nothing": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"nothing in .* fits this network"):
        warm_start(tiny_model(), {}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="there is nothing"):
        architecture_of(tmp_path / "gone")


def test_a_run_killed_in_its_first_epoch_begins_with_the_same_again(people, tiny, source, tmp_path):
    recipe = tiny("schedule.epochs=1")
    with pytest.raises(KeyboardInterrupt):
        run(recipe, people, tmp_path / "parts", init_from=source, callbacks=[Interrupt(0)])
    run(recipe, people, tmp_path / "parts", resume=True)
    run(recipe, people, tmp_path / "whole", init_from=source)
    name = "model.safetensors"
    assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    with pytest.raises(ValueError, match=r"began with .*source.*, came /elsewhere"):
        run(recipe, people, tmp_path / "parts", init_from="/elsewhere", resume=True)


def test_finetuning_takes_the_architecture_of_the_checkpoint(source):
    recipe = load_recipe("baseline", architecture_of(source))
    assert recipe.model.name == "timm:test_resnet"
    assert recipe.data.image_size == (32, 16)
    assert not recipe.model.pretrained
    assert recipe.model.last_stride == 2
    assert recipe.model.mean == load_model(source).preprocessing.mean


def test_runs_differ_by_their_seeds_and_go_on_where_they_were_left(people, tiny, tmp_path):
    recipe = tiny("schedule.epochs=1")
    asked = []

    def prepare(number: int, *callbacks: Callback):
        asked.append(number)
        return {"records": people, "callbacks": callbacks}

    def stopped(number: int):
        return prepare(number, *([Interrupt(0)] if number == 1 else []))

    options = {"out": tmp_path, "runs": 3, "seed": 5, "device": "cpu", "workers": 0}
    with pytest.raises(KeyboardInterrupt):
        train_runs(recipe, stopped, **options)
    results = train_runs(recipe, prepare, **options)
    assert asked == [0, 1, 1, 2]
    alone = train(recipe, people, out=tmp_path / "six", seed=6, device="cpu", workers=0)
    assert results[1].mAP == alone.mAP
    rows = table_of_runs(results)
    assert [row["run"] for row in rows] == ["run_0", "run_1", "run_2", "mean", "deviation"]
    mean = sum(result.mAP for result in results) / 3
    assert float(rows[3]["validation mAP"]) == pytest.approx(mean, abs=1e-3)
    with pytest.raises(ValueError, match="was started with --seed 5, came 7"):
        train_runs(recipe, prepare, **{**options, "seed": 7})
