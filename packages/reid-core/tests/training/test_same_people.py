"""A second data set of the same people, seen by the network beside the first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from reid_core.models import load_heads
from reid_core.training.data.mixing import joined, rows_of
from reid_core.training.data.shares import labelled_like
from reid_core.training.loop.criterion import Criterion
from reid_core.training.terms import Term
from reid_data import Records

from .plain import Plain, batches
from .test_fit import run
from .test_second_data import Steps


class Remembers(Term):
    """Which labels it was called with, and the features of its rows."""

    def __init__(self) -> None:
        super().__init__(embedding_size=5, num_classes=9)
        self.calls: list[tuple[list[int], torch.Tensor]] = []

    def forward(self, output, batch):
        self.calls.append((batch.labels.tolist(), output.embedding))
        return output.feature.sum()


def test_the_network_sees_both_batches_at_once_and_terms_their_rows():
    terms = {"one": Remembers(), "other": Remembers(), "all": Remembers()}
    criterion = Criterion(terms, sees={"one": "first", "other": "second"}, mixed=True)
    model, (first, second) = Plain().train(), batches(2)
    ran = []

    def through(batch):
        ran.append(batch)
        return model(batch.images.float())

    found = criterion({"first": first, "second": second}, through, epoch=0)
    assert [name for name, _ in found] == ["all", "one", "other"]
    assert len(ran) == 1
    together = torch.cat([first.images, second.images])
    assert torch.equal(ran[0].images, together)
    # One batch norm over all twelve, not one over each six.
    expected = Plain.forward(model, together.float()).embedding
    for name, rows in (("all", slice(None)), ("one", slice(6)), ("other", slice(6, None))):
        ((labels, embeddings),) = terms[name].calls
        assert labels == ([0, 0, 1, 1, 2, 2] * 2)[rows]
        torch.testing.assert_close(embeddings, expected[rows])


def test_what_one_batch_does_not_know_is_unknown_in_its_rows():
    first, second = batches(2)
    first = replace(first, targets={"clothes": torch.arange(6)})
    second = replace(second, scales=torch.full((6,), 4), twins=torch.arange(6) > 2)
    both = joined(first, second)
    assert both.targets["clothes"].tolist() == [*range(6), *[-1] * 6]
    assert both.scales is not None
    assert both.scales.tolist() == [1] * 6 + [4] * 6
    assert both.twins is not None
    assert both.twins.tolist() == [False] * 9 + [True] * 3
    output = Plain()(both.images.float())
    nested = replace(output, branches=(output,))
    assert rows_of(nested, slice(2, 5)).branches[0].feature.shape == (3, 5)
    with pytest.raises(ValueError, match="of one size"):
        joined(first, replace(second, images=second.images[..., :2]))
    with pytest.raises(ValueError, match="one of each"):
        joined(first, replace(second, labels=None))


def test_labels_are_those_of_the_same_people_elsewhere(people):
    # Of people 0 .. 5 some are not in the second data set, and one image of it is left out.
    some = people.take(np.isin(people.pids, [1, 4])).relabel()
    labels = some.labels.copy()
    labels[0] = -1
    some = Records(some.table.assign(label=labels), some.root, some.info)
    found = labelled_like(some, people)
    assert found.labels[0] == -1
    assert (
        found.labels[1:].tolist() == np.searchsorted(np.unique(people.pids), some.pids[1:]).tolist()
    )


def test_a_second_data_set_of_the_same_people_shares_their_classifier(people, tiny, tmp_path):
    steps = Steps()
    recipe = tiny(
        "data.second={order: mixed, same_people: true}",
        "schedule.epochs=1",
        "evaluation.val_identities=0.2",
        "loss.cross_entropy.data=first",
        "loss.second={term: cross_entropy, data: second}",
    )
    run(recipe, people, tmp_path / "out", second=people, callbacks=[steps])
    heads = load_heads(tmp_path / "out")
    rows = {name: len(heads[f"{name}.classifier.weight"]) for name in ("cross_entropy", "second")}
    # Whoever is held out to validate is not learned from in the second data set either.
    assert rows == {"cross_entropy": 6, "second": 6}
    assert len(heads["center.centers"]) == 6
    assert set(steps.seen[0]) == {"first+second"}
    assert max(steps.rows[0]["second"]) < 6 * 6


def test_strangers_as_the_same_people_are_refused(people, tiny, tmp_path):
    recipe = tiny("data.second={same_people: true}", "schedule.epochs=0")
    table = people.table.assign(pid=people.table["pid"] + 1000)
    strangers = Records(table, people.root, people.info)
    with pytest.raises(ValueError, match="same_people=false"):
        run(recipe, people, tmp_path / "out", second=strangers)
