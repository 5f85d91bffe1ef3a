"""Checkpoint folders: what is in them, and what is said when something is wrong with one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from reid_core.models import (
    ReidModel,
    create_model,
    fingerprint,
    load_heads,
    load_model,
    read_checkpoint,
    save_model,
)
from reid_core.models import checkpoint as checkpoint_module

SIZE = (64, 32)


@pytest.fixture(scope="module")
def model() -> ReidModel:
    torch.manual_seed(0)
    return create_model("test_resnet", image_size=SIZE, pooling="gem")


@pytest.fixture
def folder(model: ReidModel, tmp_path: Path) -> Path:
    save_model(model, tmp_path / "model")
    return tmp_path / "model"


def rewrite(folder: Path, **changes: Any) -> None:
    path = folder / "model.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in (content | changes).items() if v is not None}))


def said(folder: Path) -> str:
    with pytest.raises(ValueError, match=r"\S") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_description_says_all_one_needs(model: ReidModel, tmp_path: Path) -> None:
    metadata = {"recipe": {"name": "baseline"}, "pids": 751, "metrics": {"mAP": np.float32(0.5)}}
    save_model(model, tmp_path, metadata=metadata | {"data": Path("people")})
    content = json.loads((tmp_path / "model.json").read_text())
    assert content["architecture"]["name"] == "timm:test_resnet"
    assert content["preprocessing"]["image_size"] == list(SIZE)
    assert content["embedding_size"] == model.embedding_size
    assert content["versions"].keys() == {"reid-core", "torch", "timm", "python"}
    info = read_checkpoint(tmp_path)
    assert info.preprocessing == model.preprocessing
    assert info.metadata == {
        "recipe": {"name": "baseline"},
        "pids": 751,
        "metrics": {"mAP": 0.5},
        "data": "people",
    }


def test_heads_lie_beside_the_model(model: ReidModel, tmp_path: Path) -> None:
    heads = {"cross_entropy.head.weight": torch.randn(4, 3), "steps": torch.tensor(7)}
    save_model(model, tmp_path, heads=heads)
    found = load_heads(tmp_path)
    assert found.keys() == heads.keys()
    assert all(torch.equal(found[name], heads[name]) for name in heads)
    assert not set(found) & set(load_file(tmp_path / "model.safetensors"))


def test_saving_again_without_heads_leaves_none_of_another_model(
    model: ReidModel, tmp_path: Path
) -> None:
    save_model(model, tmp_path, heads={"head": torch.zeros(1)})
    save_model(model, tmp_path)
    with pytest.raises(ValueError, match=r"without heads: there is no heads\.safetensors"):
        load_heads(tmp_path)


def test_other_files_in_the_folder_are_left_alone(model: ReidModel, tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch")
    save_model(model, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["README.md", "metrics.csv", "model.json", "model.safetensors"]


@pytest.mark.parametrize("killed_at", ["model.safetensors", "model.json"])
def test_a_save_that_is_killed_leaves_a_model_that_loads(
    model: ReidModel, folder: Path, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if Path(target).name == killed_at:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    other = create_model("test_resnet", image_size=SIZE, pooling="gem")
    with pytest.raises(KeyboardInterrupt):
        save_model(other, folder)
    monkeypatch.undo()
    found = fingerprint(load_model(folder))
    assert found == fingerprint(model if killed_at == "model.safetensors" else other)
    assert not list(folder.glob(".*"))


def test_a_first_save_that_is_killed_is_recognised(
    model: ReidModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", killed)
    with pytest.raises(KeyboardInterrupt):
        save_model(model, tmp_path)
    monkeypatch.undo()
    assert "found model.safetensors" in said(tmp_path)


def test_metadata_that_cannot_be_written_is_refused_before_anything_is(
    model: ReidModel, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"metadata must be what JSON can hold: object"):
        save_model(model, tmp_path / "new", metadata={"callback": object()})
    assert not (tmp_path / "new").exists()


def test_loading_leaves_the_random_numbers_alone(folder: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_model(folder)
    assert torch.equal(torch.rand(3), expected)


def test_a_loaded_model_is_ready_to_evaluate(folder: Path) -> None:
    assert not load_model(folder).training


def test_the_preprocessing_is_the_saved_one(folder: Path) -> None:
    rewrite(folder, preprocessing={"image_size": SIZE, "mean": [0, 0, 0], "std": [1, 1, 1]})
    assert load_model(folder).preprocessing.std == (1.0, 1.0, 1.0)


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    assert said(tmp_path / "missing").endswith("found nothing at this path")
    assert said(tmp_path).endswith("found an empty folder")
    for name in "abcdefg":
        (tmp_path / f"{name}.txt").touch()
    assert said(tmp_path).endswith("found a.txt, b.txt, c.txt, d.txt, e.txt and 2 more")
    assert said(tmp_path / "a.txt").endswith("found a file")


def test_a_description_that_is_damaged(folder: Path) -> None:
    rewrite(folder, preprocessing=None)
    assert "model.json is damaged: KeyError 'preprocessing'" in said(folder)
    rewrite(folder, format="something else")
    assert "does not describe a checkpoint of reid-core" in said(folder)
    (folder / "model.json").write_text("{half")
    assert "is not JSON" in said(folder)


def test_a_newer_format(folder: Path) -> None:
    rewrite(folder, version=99)
    assert "has format version 99, this reid-core reads up to 1; upgrade with" in said(folder)


def test_weights_that_are_missing_or_damaged(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"noise")
    assert "cannot read" in said(folder)
    (folder / "model.safetensors").unlink()
    assert "unfinished checkpoint: there is no model.safetensors" in said(folder)


def test_weights_of_another_network_are_told_by_their_first_keys(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["stranger"] = weights.pop("pooling.p")
    weights["neck.weight"] = torch.zeros(7)
    save_file(weights, folder / "model.safetensors")
    message = said(folder)
    assert "it lacks pooling.p" in message
    assert "it has no place for stranger" in message
    assert "neck.weight is (7,), expected (96,)" in message


def test_a_network_that_is_not_known_here(folder: Path) -> None:
    architecture = json.loads((folder / "model.json").read_text())["architecture"]
    rewrite(folder, architecture=architecture | {"name": "timm:resnet_of_2040"})
    assert "cannot build the model of" in said(folder)
    rewrite(folder, architecture=architecture | {"gears": 5})
    assert "names an architecture unknown here" in said(folder)


def test_an_error_says_which_versions_have_changed(folder: Path) -> None:
    versions = json.loads((folder / "model.json").read_text())["versions"]
    rewrite(folder, versions=versions | {"timm": "0.4.12"}, architecture={"name": "timm:none"})
    assert "timm 0.4.12 then, " in said(folder)


def test_fingerprints_tell_weights_and_preprocessing_apart(model: ReidModel, folder: Path) -> None:
    expected = fingerprint(model)
    assert len(expected) == 64
    other = load_model(folder)
    assert fingerprint(other) == expected
    assert fingerprint(other.to(memory_format=torch.channels_last)) == expected
    with torch.no_grad():
        other.neck.weight[0] += 1e-6
    assert fingerprint(other) != expected
    other = load_model(folder)
    other.preprocessing = type(other.preprocessing)(SIZE, mean=(0, 0, 0), std=(1, 1, 1))
    assert fingerprint(other) != expected


def test_the_format_is_written_down() -> None:
    assert (checkpoint_module.FORMAT, checkpoint_module.VERSION) == ("reid-core checkpoint", 1)
