"""Loss terms: values and gradients against naive loops."""

from __future__ import annotations

import pytest
import torch

from reid_core.models import ReidOutput
from reid_core.training.terms import CenterTerm, CrossEntropyTerm, Term, TripletTerm
from reid_data import Batch

SIZES = {"embedding_size": 5, "num_classes": 3}


@pytest.fixture
def output() -> ReidOutput:
    generator = torch.Generator().manual_seed(1)
    feature = torch.randn(6, 5, generator=generator, requires_grad=True)
    embedding = torch.randn(6, 5, generator=generator, requires_grad=True)
    return ReidOutput(feature=feature, embedding=embedding)


def batch(*labels: int) -> Batch:
    ids = torch.tensor(labels)
    return Batch(
        images=torch.zeros(len(ids), 3, 2, 2, dtype=torch.uint8),
        pids=ids,
        camids=ids,
        indices=ids,
        labels=ids,
    )


def test_center_moves_features_by_its_weight_and_centers_without_it(output):
    weight, labels = 5e-4, (0, 0, 2, 2, 1, 0)
    term = CenterTerm(**SIZES, weight=weight)
    value = term(output, batch(*labels))
    (weight * value).backward()

    feature, centers = output.feature.detach(), term.centers.detach()
    loss, to_features, to_centers = 0.0, torch.zeros(6, 5), torch.zeros(3, 5)
    for row, label in enumerate(labels):
        gap = feature[row] - centers[label]
        loss += float(gap @ gap) / 6
        to_features[row] = weight * 2 * gap / 6
        to_centers[label] -= 2 * gap / 6
    assert value.item() == pytest.approx(loss, rel=1e-6)
    torch.testing.assert_close(output.feature.grad, to_features)
    torch.testing.assert_close(term.centers.grad, to_centers)
    assert output.embedding.grad is None


def test_center_steps_its_centers_itself(output):
    term = CenterTerm(**SIZES, weight=5e-4, lr=0.5)
    before = term.centers.detach().clone()
    optimizer = term.own_optimizer()
    (term.weight * term(output, batch(0, 0, 0, 1, 1, 1))).backward()
    optimizer.step()
    mean = output.feature.detach()[:3].mean(dim=0)
    # Half of the images pull with 2 / 6 each, so a step of 0.5 goes half of the way.
    torch.testing.assert_close(term.centers.detach()[0], (before[0] + mean) / 2)
    torch.testing.assert_close(term.centers.detach()[2], before[2])


def test_cross_entropy_smooths_over_all_classes_and_sees_the_embedding(output):
    term = CrossEntropyTerm(**SIZES, smoothing=0.1)
    assert [name for name, _ in term.named_parameters()] == ["classifier.weight"]
    torch.nn.init.normal_(term.classifier.weight)
    labels = (0, 1, 2, 2, 1, 0)
    value = term(output, batch(*labels))
    loss = 0.0
    for row, label in enumerate(labels):
        scores = term.classifier.weight @ output.embedding[row]
        for kind in range(3):
            target = 0.9 * (kind == label) + 0.1 / 3
            loss -= target * (scores[kind] - scores.logsumexp(0)).item() / 6
    assert value.item() == pytest.approx(loss, rel=1e-5)
    value.backward()
    assert output.feature.grad is None


@pytest.mark.parametrize("margin", [0.3, None])
def test_triplet_sees_the_feature(output, margin):
    labels = (0, 0, 1, 1, 2, 2)
    value = TripletTerm(**SIZES, margin=margin)(output, batch(*labels))
    losses = []
    for a in range(6):
        gaps = [float((output.feature[a] - output.feature[b]).detach().norm()) for b in range(6)]
        far = max(gaps[b] for b in range(6) if b != a and labels[b] == labels[a])
        near = min(gaps[b] for b in range(6) if labels[b] != labels[a])
        gap = torch.tensor(far - near)
        losses.append(torch.relu(gap + margin) if margin else torch.log1p(gap.exp()))
    assert value.item() == pytest.approx(torch.stack(losses).mean().item(), rel=1e-5)
    value.backward()
    assert output.embedding.grad is None


def test_only_center_wants_an_optimiser_of_its_own():
    assert CrossEntropyTerm(**SIZES).own_optimizer() is None
    assert TripletTerm(**SIZES).own_optimizer() is None


def test_a_batch_without_labels_is_refused(output):
    unlabelled = Batch(**{**vars(batch(*range(6))), "labels": None})
    with pytest.raises(ValueError, match="needs labels"):
        TripletTerm(**SIZES)(output, unlabelled)


def test_a_term_must_say_what_it_computes(output):
    with pytest.raises(NotImplementedError):
        Term(**SIZES)(output, batch(*range(6)))
