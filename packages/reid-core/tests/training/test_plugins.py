"""One file of one's own: a backbone, a pooling, a loss term and a clusterer in a recipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reid_core.backbones import families
from reid_core.models import poolings
from reid_core.training.data.clusterers import clusterer_registry
from reid_core.training.fit import train
from reid_core.training.recipes.files import load_recipe
from reid_core.training.terms import term_registry
from reid_data import Records

PLUGIN = """
import torch
from torch import nn

from reid_core.backbones import Backbone, families
from reid_core.models.pooling import MaxPooling, poolings
from reid_core.training.data.clusterers import clusterer_registry
from reid_core.training.terms import PairTerm, term_registry


class One(Backbone):
    def __init__(self):
        super().__init__()
        self.num_features = 8
        self.layer = nn.Conv2d(3, 8, 3, 4)

    def forward(self, images):
        return self.layer(images)


@families.register("plugged")
class Plugged:
    @staticmethod
    def names(*, pretrained=False):
        return ["one"]

    @staticmethod
    def build(name, *, image_size, last_stride, pretrained, weights, options):
        return One(**options)


poolings.register("plugged")(MaxPooling)


@term_registry.register("plugged")
class PluggedTerm(PairTerm):
    def __init__(self, *, power: float = 2.0, **loop):
        super().__init__(**loop)
        self.power = power

    def compare(self, vectors, labels):
        return vectors.abs().pow(self.power).mean()


@clusterer_registry.register("plugged")
def pairs(features, *, size: int = 6):
    return torch.arange(len(features)) // size
"""
RECIPE = """
plugins: plugged_parts.py
data: {image_size: [32, 16], identities_per_batch: 3, images_per_identity: 2}
model: {name: "plugged:one", pooling: plugged}
loss: {cluster_memory: , plugged: {power: 3}}
optimizer: {lr: 1.0e-3}
schedule: {epochs: 1}
evaluation: {val_identities: 0}
"""
ELSEWHERE = """
import sys
from pathlib import Path

from reid_core import load_model
from reid_core.training.folder.run_folder import RunFolder
from reid_data.plugins import load_plugins

folder, plugin = Path(sys.argv[1]), sys.argv[2]
for ask in (load_model, lambda folder: RunFolder(folder).load_recipe()):
    try:
        ask(folder)
    except ValueError as error:
        assert f"plugins ({plugin}): if you trust them" in str(error), error
    else:
        raise SystemExit("somebody's code was imported unasked")
load_plugins([plugin])
assert load_model(folder).embedding_size == 8
assert RunFolder(folder).load_recipe().plugins == (plugin,)
"""


@pytest.fixture
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a plugin registers is gone for other tests."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for registry in (families, poolings, term_registry, clusterer_registry):
        monkeypatch.setattr(registry, "_items", dict(registry._items))


@pytest.mark.usefixtures("as_it_was")
def test_parts_of_ones_own_train_and_are_asked_for_again(people: Records, tmp_path: Path) -> None:
    plugin, recipe, out = (tmp_path / name for name in ("plugged_parts.py", "own.yaml", "out"))
    plugin.write_text(PLUGIN)
    recipe.write_text(RECIPE)
    clusters = "data.pseudo_labels={clusterer: plugged, options: {size: 4}}"
    chosen = load_recipe(recipe, [clusters])
    assert chosen.plugins == (str(plugin),)
    assert chosen.loss["plugged"].power == 3
    train(chosen, people, out=out, workers=0, device="cpu")
    words = [sys.executable, "-c", ELSEWHERE, str(out), str(plugin)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_override_names_a_plugin_below_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugged_by_override.py").write_text("")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    found = load_recipe("small", ["plugins=plugged_by_override.py"])
    assert found.plugins == (str(tmp_path / "plugged_by_override.py"),)
    for wrong, said in (("plugins={a: 1}", "should list modules"), ("plugins=[x.py]", "x.py")):
        with pytest.raises(ValueError, match=said):
            load_recipe("small", [wrong])
