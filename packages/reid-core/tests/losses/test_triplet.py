"""The batch-hard triplet loss against loops over anchors, and its corner cases."""

import math

import pytest
import torch
from torch import Tensor

from reid_core.losses import BatchHardTripletLoss, batch_hard_triplet_loss


def naive(features: Tensor, labels: list[int], margin: float | None, metric: str) -> float:
    def distance(a: list[float], b: list[float]) -> float:
        if metric == "cosine":
            return 1 - sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(
                *b
            )
        return max(math.dist(a, b), 1e-6)

    rows, values = features.tolist(), []
    for i, anchor in enumerate(rows):
        pairs = [
            (labels[j] == labels[i], distance(anchor, rows[j])) for j in range(len(rows)) if j != i
        ]
        positives = [d for same, d in pairs if same]
        negatives = [d for same, d in pairs if not same]
        if positives and negatives:
            x = max(positives) - min(negatives)
            values.append(math.log1p(math.exp(x)) if margin is None else max(0.0, x + margin))
    return sum(values) / len(values) if values else 0.0


def batch(seed: int, labels: list[int]) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(len(labels), 6, generator=generator, dtype=torch.float64)
    return features, torch.tensor(labels)


LABELS = [
    [0, 0, 1, 1, 2, 2],
    [5, 5, 5, -1, -1, 9],  # the last anchor has no positive
    [3, 3, 3],  # nobody has a negative
    [0, 1, 2],  # nobody has a positive
    [4],
]


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("margin", [0.3, 25.0, None])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_equals_a_naive_loop(labels: list[int], margin: float | None, metric: str) -> None:
    for seed in range(3):
        features, tensor = batch(seed, labels)
        found = batch_hard_triplet_loss(features, tensor, margin=margin, metric=metric)
        assert found.item() == pytest.approx(naive(features, labels, margin, metric), rel=1e-12)


def test_a_case_worked_by_hand() -> None:
    # Anchors at 0, 1 (person 0) and 3, 5 (person 1): 1-3, 1-2, 2-2, 2-4 plus the margin 1.5.
    features = torch.tensor([[0.0], [1.0], [3.0], [5.0]])
    labels = torch.tensor([0, 0, 1, 1])
    assert batch_hard_triplet_loss(features, labels, margin=1.5).item() == pytest.approx(
        (0 + 0.5 + 1.5 + 0) / 4
    )


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("margin", [25.0, None])
def test_gradcheck(labels: list[int], margin: float | None) -> None:
    features, tensor = batch(0, labels)
    features.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda f: batch_hard_triplet_loss(f, tensor, margin=margin), (features,)
    )


@pytest.mark.parametrize("labels", [[3, 3, 3], [0, 1, 2], [4]])
def test_a_batch_without_triplets_is_zero_and_still_a_part_of_the_graph(labels: list[int]) -> None:
    features, tensor = batch(0, labels)
    features.requires_grad_()
    loss = batch_hard_triplet_loss(features, tensor, margin=None)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(features.grad, torch.zeros_like(features))


def test_identical_images_of_one_person_give_finite_gradients() -> None:
    features = torch.cat([torch.ones(4, 5), torch.zeros(2, 5)]).requires_grad_()
    batch_hard_triplet_loss(features, torch.tensor([0, 0, 0, 0, 1, 1]), margin=9.0).backward()
    assert features.grad.isfinite().all()


def test_bfloat16_features_give_a_float32_loss_close_to_the_exact_one() -> None:
    features, tensor = batch(0, LABELS[0])
    half = features.bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = batch_hard_triplet_loss(half, tensor)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(batch_hard_triplet_loss(half.double(), tensor).item())


def test_the_module_only_keeps_the_settings() -> None:
    features, tensor = batch(0, LABELS[0])
    loss = BatchHardTripletLoss(margin=None, metric="cosine")
    expected = batch_hard_triplet_loss(features, tensor, margin=None, metric="cosine")
    assert torch.equal(loss(features, tensor), expected)
    assert not list(loss.parameters())


@pytest.mark.parametrize(
    ("features", "labels", "said"),
    [
        (torch.zeros(2, 3, 4), torch.zeros(2).long(), r"expected floating-point features \(B, D\)"),
        (torch.zeros(2, 3).long(), torch.zeros(2).long(), "came torch.int64"),
        (torch.zeros(2, 3), torch.zeros(2), r"expected integer labels \(B,\), came torch.float32"),
        (torch.zeros(2, 3), torch.zeros(3).long(), "came 2 features and 3 labels"),
        (torch.zeros(0, 3), torch.zeros(0).long(), "came 0 features and 0 labels"),
    ],
)
def test_bad_input_is_named(features: Tensor, labels: Tensor, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        batch_hard_triplet_loss(features, labels)
