"""Two data sets in one training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from lightning.pytorch import Callback

from reid_core.models import load_heads
from reid_core.training.data.shares import drawn_share
from reid_core.training.fit import train
from reid_core.training.loop.criterion import Criterion
from reid_core.training.recipes.recipe import Recipe
from reid_core.training.terms import Term
from reid_data import Records

from ..ranks import run_ranks
from .conftest import TINY, tiny_people
from .plain import Plain, batches
from .test_fit import Interrupt, rows, run, same_files


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """Ten other people; every name of a file says so."""
    return tiny_people(tmp_path_factory.mktemp("others"), identities=10, seed=7)


@pytest.fixture
def two(tiny: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """The tiny recipe on two data sets."""
    return lambda order, *more: tiny(f"data.second.order={order}", "schedule.epochs=2", *more)


class Steps(Callback):
    """Remembers which data sets each step saw, in every epoch, and which of their images."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.rows: list[dict[str, list[int]]] = []

    def on_train_epoch_start(self, trainer, pl_module) -> None:
        self.seen.append([])
        self.rows.append({"first": [], "second": []})

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        self.seen[-1].append("+".join(batch))
        for stream, part in batch.items():
            self.rows[-1][stream] += part.indices.tolist()


@pytest.mark.parametrize("order", ["together", "alternating", "passes"])
def test_steps_come_in_the_order_of_the_recipe(people, others, two, tmp_path, order):
    steps = Steps()
    recipe = two(order, "evaluation.val_identities=0.2")
    run(recipe, people, tmp_path / "out", second=others, callbacks=[steps])
    # Of 6 and 10 identities with 6 images each, in batches of 3 x 2.
    first, second = 6, 10
    expected = {
        "together": ["first+second"] * first,
        "alternating": ["first", "second"] * first,
        "passes": ["second"] * second + ["first"] * first,
    }[order]
    assert steps.seen == [expected, expected]
    assert sorted(set(steps.rows[0]["first"])) == list(range(36))
    if order == "passes":
        assert sorted(steps.rows[0]["second"]) == list(range(60))
    assert steps.rows[0]["second"] != steps.rows[1]["second"]


def test_a_short_second_data_set_is_gone_through_again(people, others, two, tmp_path):
    steps = Steps()
    few = others.take(others.pids < 3)
    recipe = two("together", "evaluation.val_identities=0.2")
    run(recipe, people, tmp_path / "out", second=few, callbacks=[steps])
    # Two passes of three batches with its eighteen images each.
    seen = np.array(steps.rows[0]["second"]).reshape(2, 18)
    assert all(sorted(part) == list(range(18)) for part in seen.tolist())
    assert seen[0].tolist() != seen[1].tolist()


def test_heads_are_as_long_as_the_data_sets_that_their_terms_see(people, others, two, tmp_path):
    second = "loss.second={term: cross_entropy, data: second}"
    first = "loss.first={term: cross_entropy, data: first}"
    run(two("passes", first, second), people, tmp_path / "out", second=others)
    heads = load_heads(tmp_path / "out")
    assert {name: len(heads[f"{name}.classifier.weight"]) for name in ("first", "second")} == {
        "first": 5,
        "second": 10,
    }
    assert len(heads["cross_entropy.classifier.weight"]) == len(heads["center.centers"]) == 15
    # Both halves of the common head were taught: its rows left where they were drawn.
    untrained = two("passes", first, second, "schedule.epochs=0")
    run(untrained, people, tmp_path / "untrained", second=others)
    drawn = load_heads(tmp_path / "untrained")["center.centers"]
    assert ((heads["center.centers"] - drawn).abs().amax(1) > 0).all()


def test_terms_are_called_on_the_batches_that_they_see_with_labels_of_their_own():
    seen: dict[str, list[list[int]]] = {}

    class Curious(Term):
        def __init__(self, name: str) -> None:
            super().__init__(embedding_size=5, num_classes=9)
            self.name = name

        def forward(self, output, batch):
            seen.setdefault(self.name, []).append(batch.labels.tolist())
            return output.feature.sum()

    names = ("one", "other", "all", "late")
    criterion = Criterion(
        {name: Curious(name) for name in names},
        sees={"one": "first", "other": "second"},
        start_epochs={"late": 3},
        second_label=4,
    )
    model, (first, second) = Plain(), batches(2)
    ran = []

    def through(batch):
        ran.append(batch)
        return model(batch.images.float())

    step = {"first": first, "second": second}
    found = criterion(step, through, epoch=0)
    assert [name for name, _ in found] == ["one", "all", "other", "all"]
    assert seen["one"] == seen["other"] == [[0, 0, 1, 1, 2, 2]]
    assert seen["all"] == [[0, 0, 1, 1, 2, 2], [4, 4, 5, 5, 6, 6]]
    assert ran == [first, second]
    assert criterion.active("second", epoch=3) == ["other", "all", "late"]


@pytest.mark.parametrize("order", ["together", "passes"])
def test_an_interrupted_training_on_two_resumes_to_the_same_bits(
    people, others, two, tmp_path, order
):
    recipe = two(
        order, "schedule.epochs=3", "data.second={identities_share: 0.5, images_share: 0.5}"
    )
    run(recipe, people, tmp_path / "whole", second=others)
    with pytest.raises(KeyboardInterrupt):
        run(recipe, people, tmp_path / "parts", second=others, callbacks=[Interrupt(1)])
    run(recipe, people, tmp_path / "parts", second=others, resume=True)
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    same_files(tmp_path / "parts", tmp_path / "whole")


@pytest.mark.slow
def test_workers_teach_of_two_what_none_would(people, others, two, tmp_path):
    recipe = two("alternating")
    run(recipe, people, tmp_path / "none", second=others)
    train(recipe, people, second=others, out=tmp_path / "one", device="cpu", workers=1)
    same_files(tmp_path / "none", tmp_path / "one")


def test_a_data_set_is_loaded_once_a_term_looks_at_it(people, others, two, tmp_path):
    steps = Steps()
    recipe = two(
        "together",
        *(f"loss.{name}.data=second" for name in ("cross_entropy", "center")),
        "loss.triplet={data: first, start_epoch: 1}",
    )
    run(recipe, people, tmp_path / "out", second=others, callbacks=[steps])
    assert steps.seen == [["second"] * 10, ["first+second"] * 5]


def test_a_share_of_the_second_data_set_differs_from_epoch_to_epoch(others):
    first, second = (
        drawn_share(
            others.split("train"), identities=0.4, images=0.5, at_least=3, seed=(0, epoch)
        ).labels
        for epoch in range(2)
    )
    for labels in (first, second):
        kept, counts = np.unique(labels[labels >= 0], return_counts=True)
        assert len(kept) == 4
        assert set(counts) == {3}
    assert first.tolist() != second.tolist()
    everyone = drawn_share(others, identities=1, images=1, at_least=3, seed=(0, 0))
    assert everyone.labels.tolist() == others.relabel().labels.tolist()


def test_a_step_that_goes_wrong_names_the_images_of_both(people, others, two, tmp_path):
    with pytest.raises(ValueError, match="the loss became") as error:
        run(
            two("together", "optimizer.lr=1e30", "optimizer.clip_norm=none"),
            people,
            tmp_path / "out",
            second=others,
        )
    roots = {Path(path).parent for path in error.value.paths}
    assert roots == {people.root, others.root}


@pytest.mark.parametrize(
    ("overrides", "second", "message"),
    [
        (("data.second.order=together",), False, "name it by --second-data"),
        ((), True, "use --set data.second.order=together"),
        (("loss.triplet.data=second",), False, "loss.triplet sees a second data set only"),
        (("data.second.identities_per_batch=30",), True, "only 10 identities"),
        (("data.second={}", "loss.gender={}"), True, r"--set loss\.gender\.data=first"),
        (
            ("data.second={}", *(f"loss.{n}.data=first" for n in ("triplet", "center"))),
            True,
            None,
        ),
    ],
)
def test_two_data_sets_and_a_recipe_that_do_not_fit(
    people, others, tiny, tmp_path, overrides, second, message
):
    recipe = tiny(*overrides, "schedule.epochs=0")
    options = {"second": others} if second else {}
    if message is None:
        assert run(recipe, people, tmp_path / "out", **options).epochs == 0
        return
    with pytest.raises(ValueError, match=message):
        run(recipe, people, tmp_path / "out", **options)


def test_terms_that_leave_a_data_set_unseen_are_refused(people, others, two, tmp_path):
    names = ("cross_entropy", "triplet", "center")
    recipe = two("together", *(f"loss.{name}.data=first" for name in names))
    with pytest.raises(ValueError, match="all terms see the first data set only"):
        run(recipe, people, tmp_path / "out", second=others)


def test_resuming_with_another_second_data_set_is_refused(people, others, two, tmp_path):
    recipe = two("together", "schedule.epochs=0")
    run(recipe, people, tmp_path / "out", second=others)
    fewer = others.take(np.arange(3, len(others)))
    with pytest.raises(ValueError, match="other images or ids"):
        run(recipe, people, tmp_path / "out", second=fewer, resume=True)


SCRIPT = """
import hashlib, sys
from pathlib import Path
import torch
from lightning.pytorch import Callback
from reid_core.training import load_recipe, train
from reid_data import Records

torch.set_num_threads(1)
folder = Path(sys.argv[1])


class End(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        with (folder / f"seen.{trainer.global_rank}").open("a") as file:
            for stream, part in batch.items():
                rows = sorted(part.indices.tolist())
                file.write(f"{trainer.current_epoch} {stream} {rows}\\n")

    def on_train_end(self, trainer, pl_module):
        digest = hashlib.sha256()
        for weight in pl_module.parameters():
            digest.update(weight.detach().numpy().tobytes())
        (folder / f"end.{trainer.global_rank}").write_text(digest.hexdigest())


train(
    load_recipe(folder / "tiny.yaml", sys.argv[2:]),
    Records.from_csv(folder / "first" / "people.csv"),
    second=Records.from_csv(folder / "second" / "people.csv"),
    out=folder / "out",
    device="cpu",
    workers=0,
    devices=2,
    callbacks=[End()],
)
"""


@pytest.mark.slow
@pytest.mark.parametrize("order", ["together", "passes"])
def test_two_processes_share_both_data_sets_and_the_clusters_of_one(tmp_path: Path, order: str):
    for seed, name in enumerate(("first", "second")):
        (tmp_path / name).mkdir()
        tiny_people(tmp_path / name, identities=12, seed=seed).to_csv(
            tmp_path / name / "people.csv"
        )
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "script.py").write_text(SCRIPT)
    overrides = (
        "loss={cross_entropy: {data: second}, cluster_memory: {data: first}}",
        f"data.second.order={order}",
        "data.pseudo_labels.options={k1: 6, k2: 3, eps: 0.7}",
        "data.identities_per_batch=2",
        "evaluation.val_identities=0",
        "schedule.epochs=2",
    )
    run_ranks([tmp_path / "script.py", tmp_path, *overrides])
    ends = [(tmp_path / f"end.{rank}").read_text() for rank in range(2)]
    assert ends[0] == ends[1]
    seen = [(tmp_path / f"seen.{rank}").read_text().splitlines() for rank in range(2)]
    assert len(seen[0]) == len(seen[1])
    assert not set(seen[0]) & set(seen[1])
    assert all(float(row["clusters"]) >= 2 for row in rows(tmp_path / "out"))
