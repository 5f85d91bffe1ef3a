"""Labels that come from clusters or from a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reid_core.models import load_heads
from reid_core.training.data import clusterers
from reid_core.training.data.clusterers import cluster_dbscan, list_clusterers, load_clusterer
from reid_core.training.data.pseudo_labels import labels_from_file
from reid_core.training.recipes.recipe import Recipe
from reid_data import Records

from .conftest import tiny_people
from .test_fit import Interrupt, rows, run, same_files

MEMORY = (
    "loss={cluster_memory: {layer: feature}}",
    "evaluation.val_identities=0",
    "schedule.epochs=2",
    "data.pseudo_labels.options={k1: 6, k2: 3, eps: 0.7}",
)


@pytest.fixture
def unsupervised(tiny: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """The tiny recipe with clusters for identities."""
    return lambda *more: tiny(*MEMORY, *more)


def groups(count: int = 5, size: int = 8) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    centers = torch.randn(count, 1, 16, generator=generator)
    return (centers + 0.2 * torch.randn(count, size, 16, generator=generator)).flatten(0, 1)


def test_dbscan_finds_groups_and_leaves_out_who_is_alone():
    # Directions that nobody else has; neighbourhoods as large as the groups.
    alone = torch.eye(19)[16:]
    everyone = torch.cat([torch.nn.functional.pad(groups(), (0, 3)), alone])
    labels = cluster_dbscan(everyone, k1=7, k2=1)
    assert labels.dtype == torch.int64
    inside = labels[:40].view(5, 8)
    assert (inside == inside[:, :1]).all()
    assert len(set(inside[:, 0].tolist())) == 5
    assert (labels[40:] == -1).all()
    assert cluster_dbscan(groups(1, 1)).tolist() == [-1]


def test_an_unknown_clusterer_or_option_names_the_nearest():
    with pytest.raises(ValueError, match="unknown clusterer 'dbscn'; nearest: dbscan"):
        load_clusterer("dbscn")
    with pytest.raises(ValueError, match=r"has no option 'epsilon'.* it has: eps, min_samples"):
        load_clusterer("dbscan", {"epsilon": 0.1})
    with pytest.raises(ValueError, match="did you mean 'min_samples'"):
        load_clusterer("dbscan", {"min_sample": 2})


def by_parity(features: torch.Tensor, *, shift: int = 0) -> torch.Tensor:
    """Six groups whatever the features are, numbered with gaps; every seventh image is in none."""
    numbers = torch.arange(len(features))
    labels = 10 * (numbers % 6) + shift
    return torch.where(numbers % 7 == 6, -1, labels)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = SimpleNamespace(name="parity", value="elsewhere:by_parity", load=lambda: by_parity)
    broken = EntryPoint("broken", "no_such_module:cluster", clusterers.GROUP)
    monkeypatch.setattr(clusterers, "entry_points", lambda *, group: [entry, broken])


@pytest.mark.usefixtures("registered")
def test_another_package_can_register_one():
    assert list_clusterers() == ["broken", "dbscan", "parity"]
    labels = load_clusterer("parity", {"shift": 3})(torch.zeros(8, 2))
    assert labels.tolist() == [3, 13, 23, 33, 43, 53, -1, 13]
    with pytest.raises(ValueError, match=r"'broken' .no_such_module:cluster. cannot be imported"):
        load_clusterer("broken")


@pytest.mark.usefixtures("registered")
def test_clusters_are_the_labels_and_outliers_come_in_no_batch(people, unsupervised, tmp_path):
    seen: dict[int, set[int]] = {}

    class Watch(Interrupt):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
            for row, label in zip(batch.indices.tolist(), batch.labels.tolist(), strict=True):
                seen.setdefault(row, set()).add(label)

    recipe = unsupervised("data.pseudo_labels={clusterer: parity, options: {}}")
    result = run(recipe, people, tmp_path / "out", callbacks=[Watch(9)])
    count = len(people.split("train"))
    assert seen == {row: {row % 6} for row in range(count) if row % 7 != 6}
    assert (result.best_epoch, result.mAP) == (2, None)
    log = rows(tmp_path / "out")
    assert [(float(row["clusters"]), float(row["outliers"])) for row in log] == [(6, 6)] * 2
    # Of each cluster, the images of whom it holds the most.
    held = people.split("train").pids
    groups = [held[[row for row in seen if row % 6 == group]] for group in range(6)]
    pure = sum(Counter(group.tolist()).most_common(1)[0][1] for group in groups) / len(seen)
    assert [float(row["purity"]) for row in log] == pytest.approx([pure] * 2)


def test_clustering_recovers_people_and_its_training_resumes_to_the_bits(
    people, unsupervised, tmp_path
):
    recipe = unsupervised("schedule.epochs=3", "data.identities_per_batch=2")
    run(recipe, people, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(recipe, people, tmp_path / "parts", callbacks=[Interrupt(1)])
    run(recipe, people, tmp_path / "parts", resume=True)
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    same_files(tmp_path / "parts", tmp_path / "whole")


def test_identities_that_nobody_knows_do_not_matter(people, unsupervised, tmp_path):
    unknown = Records(people.table.assign(pid=0), people.root)
    recipe = unsupervised("schedule.epochs=1", "data.identities_per_batch=2")
    assert run(recipe, unknown, tmp_path / "out").epochs == 1
    assert "purity" not in rows(tmp_path / "out")[0]


def test_too_few_clusters_say_what_to_change(people, unsupervised, tmp_path):
    recipe = unsupervised("data.pseudo_labels.options={eps: 0.01, min_samples: 40}")
    with pytest.raises(
        ValueError, match=r"found 0 clusters among 48 images, of which 48 are in no"
    ):
        run(recipe, people, tmp_path / "out")
    with pytest.raises(ValueError, match=r"--set data\.pseudo_labels\.options\.eps=0\.7"):
        run(recipe, people, tmp_path / "out")
    one = unsupervised("data.pseudo_labels.options={eps: 0.99, min_samples: 2, k1: 40}")
    with pytest.raises(ValueError, match=r"found 1 clusters.* let fewer images be alike"):
        run(one, people, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_table_of_labels_stands_for_the_identities(people, tiny, tmp_path):
    train = people.split("train").table
    labels = np.where(train.pid == 3, -1, train.pid % 3)
    table = tmp_path / "labels.csv"
    train.assign(label=labels)[["path", "label"]].iloc[:40].to_csv(table, index=False)
    found = labels_from_file(people, table).split("train")
    assert sorted(set(found.pids.tolist())) == [0, 1, 2]
    assert len(found) == 40 - 6
    recipe = tiny(
        f"data.pseudo_labels.file={table}", "evaluation.val_identities=0", "schedule.epochs=1"
    )
    run(recipe, people, tmp_path / "out")
    assert len(load_heads(tmp_path / "out")["cross_entropy.classifier.weight"]) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,pid\na.jpg,1\n", "should have columns path and label"),
        ("path,label\na.jpg,one\n", "no whole number"),
        ("path,label\na.jpg,1\n", "labels none of the 48 training images, whose paths are like"),
    ],
)
def test_a_table_that_labels_nothing_is_refused(people, tmp_path, text, message):
    table = tmp_path / "labels.csv"
    table.write_text(text)
    with pytest.raises(ValueError, match=message):
        labels_from_file(people, table)
    with pytest.raises(ValueError, match="no table of pseudo-labels at"):
        labels_from_file(people, tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("loss.cross_entropy={}",), "loss.cross_entropy holds something for each identity"),
        (("data.pseudo_labels.clusterer=dbscn",), "unknown clusterer 'dbscn'; nearest: dbscan"),
        (("data.clips.length=2",), "tracklets"),
    ],
)
def test_what_clusters_cannot_teach_is_refused_before_anything(
    people, unsupervised, tmp_path, overrides, message
):
    with pytest.raises(ValueError, match=message):
        run(unsupervised(*overrides), people, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_labelled_source_and_an_unlabelled_target(people, unsupervised, tmp_path: Path):
    (tmp_path / "source").mkdir()
    source = tiny_people(tmp_path / "source", identities=4, seed=3)
    recipe = unsupervised(
        "data.second.order=together",
        "loss={cross_entropy: {data: second}, cluster_memory: {data: first, start_epoch: 1}}",
        "data.identities_per_batch=2",
    )
    run(recipe, people, tmp_path / "out", second=source)
    first, second = rows(tmp_path / "out")
    assert not first["loss/cluster_memory"]
    assert float(second["loss/cluster_memory"]) > 0
    refused = unsupervised("data.second.order=together")
    with pytest.raises(ValueError, match=r"use --set loss\.cluster_memory\.data=first"):
        run(refused, people, tmp_path / "refused", second=source)
