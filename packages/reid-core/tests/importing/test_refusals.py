"""What is said of a checkpoint that does not fit, and the verb."""

import collections
import json
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from reid_core.cli import app
from reid_core.importing import import_model, list_sources
from reid_core.models import load_heads, load_model


@pytest.fixture
def checkpoint(published: SimpleNamespace, tmp_path: Path) -> Path:
    weights = {f"base.{name}": value for name, value in published.resnet_weights().items()}
    weights |= published.batch_norm("bottleneck", 512)
    weights["classifier.weight"] = torch.randn(9, 512)
    torch.save(weights, tmp_path / "baseline.pth")
    return tmp_path / "baseline.pth"


def test_the_verb_writes_a_checkpoint_with_its_classifier(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["import", str(checkpoint), "--out", str(out), "--image-size", "64", "32", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)[0]["source"] == "strong-baseline"
    assert load_model(out).preprocessing.image_size == (64, 32)
    assert load_heads(out)["classifier.weight"].shape == (9, 512)
    assert "holds a model already" in str(CliRunner().invoke(app, arguments).exception)


def test_missing_and_strange_keys_are_named(checkpoint: Path) -> None:
    weights = torch.load(checkpoint)
    del weights["base.layer2.0.conv1.weight"]
    weights["base.layer9.weight"] = torch.zeros(1)
    torch.save(weights, checkpoint)
    with pytest.raises(ValueError, match="does not fit reid:resnet18") as caught:
        import_model(checkpoint)
    assert "lacks backbone.layer2.0.conv1.weight" in str(caught.value)
    assert "no place for backbone.layer9.weight" in str(caught.value)


def test_what_is_left_out_is_told(checkpoint: Path) -> None:
    weights = torch.load(checkpoint)
    torch.save(weights | {"extra.weight": torch.zeros(1)}, checkpoint)
    assert import_model(checkpoint).left_out == ("extra.weight",)


def test_an_unknown_project_or_name(checkpoint: Path, tmp_path: Path) -> None:
    assert list_sources() == ["centroids", "fastreid", "strong-baseline", "torchreid"]
    with pytest.raises(
        ValueError, match="unknown source of checkpoints 'torchried'; nearest: torchreid"
    ):
        import_model(checkpoint, source="torchried")
    torch.save({"encoder.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"of no known project \(its keys begin with encoder"):
        import_model(tmp_path / "other.pth")
    with pytest.raises(ValueError, match="there is nothing at"):
        import_model(tmp_path / "missing.pth")
    with pytest.raises(ValueError, match="no model folder of roboflow's reid"):
        import_model(tmp_path, source="roboflow")


def test_a_backbone_that_is_not_ours(tmp_path: Path) -> None:
    torch.save({"base.conv1.weight": torch.zeros(1)}, tmp_path / "odd.pth")
    with pytest.raises(ValueError, match=r"neither a ResNet .* nor an OSNet"):
        import_model(tmp_path / "odd.pth")


def test_nothing_in_a_pickle_is_run(tmp_path: Path) -> None:
    torch.save({"state_dict": nn.Linear(1, 1)}, tmp_path / "module.pth")
    with pytest.raises(ValueError, match="holds more than tensors, plain containers and numbers"):
        import_model(tmp_path / "module.pth")


def test_settings_and_numbers_beside_the_weights_are_no_hindrance(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yacs = types.ModuleType("yacs.config")
    yacs.CfgNode = type("CfgNode", (dict,), {"__module__": "yacs.config"})
    monkeypatch.setitem(sys.modules, "yacs", types.ModuleType("yacs"))
    monkeypatch.setitem(sys.modules, "yacs.config", yacs)
    settings = yacs.CfgNode(MODEL=yacs.CfgNode(NAME="resnet18"))
    whole = {"state_dict": collections.OrderedDict(torch.load(checkpoint)), "cfg": settings}
    torch.save(whole | {"rank1": np.float64(0.9)}, checkpoint)
    monkeypatch.undo()
    assert import_model(checkpoint).source == "strong-baseline"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{", "is damaged"),
        ('{"architecture": "fastreid_sbs_resnest50"}', "osnet_. and timm:. can be imported"),
        ('{"architecture": "osnet_x1_0", "preprocessing": {"to_rgb": false}}', "BGR"),
    ],
)
def test_folders_of_roboflow_that_cannot_be(tmp_path: Path, config: str, said: str) -> None:
    (tmp_path / "reid_config.json").write_text(config)
    with pytest.raises(ValueError, match=said):
        import_model(tmp_path)
