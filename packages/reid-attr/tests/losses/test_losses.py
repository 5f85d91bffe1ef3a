"""The losses against naive loops, and for what they do to gradients."""

import math

import pytest
import torch
from torch import Tensor

from reid_attr import Group, Schema
from reid_attr.losses import (
    AsymmetricLoss,
    AttributeLoss,
    CategoricalLoss,
    FocalLoss,
    GradNorm,
    LogitUpdate,
    LossOptions,
    WeightedBCELoss,
    asymmetric_loss,
    autograd_gradient_norms,
    categorical_loss,
    focal_loss,
    gradient_norms,
    gradnorm_objective,
    positive_ratios,
    sample_weights,
    update_logits,
    weighted_bce_loss,
)

SCHEMA = Schema(
    "tiny",
    (
        Group("age", ("young", "adult", "old"), "one"),
        Group("glasses", ("clear", "dark"), "at-most-one"),
        Group("hat", ("hat",)),
    ),
)
LABELS = torch.tensor(
    [[1, 0, 0, 0, 0, 1], [0, 0, 1, 1, 0, -1], [-1, -1, -1, 0, 1, 0], [0, 1, 0, -1, -1, 1]]
)
RATIOS = torch.tensor([0.3, 0.0, 0.2, 0.5, 1.0, 0.6], dtype=torch.float64)


def some_logits() -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return 2 * torch.randn(4, 6, generator=generator, dtype=torch.float64)


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def naive(judge: object, weigh: object = lambda y, k: 1.0) -> float:
    total = 0.0
    for row, labels in zip(some_logits().tolist(), LABELS.tolist(), strict=True):
        for k, (z, y) in enumerate(zip(row, labels, strict=True)):
            if y >= 0:
                total += weigh(y, k) * judge(sigmoid(z), y)  # type: ignore[operator]
    return total / 4


def bce(p: float, y: int) -> float:
    return -math.log(p if y else 1 - p)


def exponential(y: int, k: int) -> float:
    r = min(max(RATIOS[k].item(), 0.01), 0.99)
    return math.exp(1 - r) if y else math.exp(r)


def square_root(y: int, k: int) -> float:
    r = math.sqrt(min(max(RATIOS[k].item(), 0.01), 0.99))
    return math.sqrt(1 / (2 * (r if y else 1 - r)))


def focal(p: float, y: int) -> float:
    true = p if y else 1 - p
    return (0.3 if y else 0.7) * (1 - true) ** 2 * -math.log(true)


def asymmetric(p: float, y: int) -> float:
    shifted = max(p - 0.05, 0)
    return -(1 - p) * math.log(p) if y else -(shifted**4) * math.log(1 - shifted)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (WeightedBCELoss(), naive(bce)),
        (WeightedBCELoss(RATIOS), naive(bce, exponential)),
        (WeightedBCELoss(RATIOS, weighting="square-root"), naive(bce, square_root)),
        (FocalLoss(alpha=0.3), naive(focal)),
        (AsymmetricLoss(), naive(asymmetric)),
        (AttributeLoss(SCHEMA, RATIOS), naive(bce)),
        (AttributeLoss(SCHEMA, RATIOS, LossOptions("focal", focal_alpha=0.3)), naive(focal)),
        (AttributeLoss(SCHEMA, RATIOS, LossOptions("asymmetric")), naive(asymmetric)),
        (
            AttributeLoss(SCHEMA, RATIOS, LossOptions(weighting="exponential")),
            naive(bce, exponential),
        ),
    ],
)
def test_binary_losses_equal_the_naive_form(loss: torch.nn.Module, expected: float) -> None:
    assert loss(some_logits(), LABELS).item() == pytest.approx(expected, rel=1e-6)


def test_the_focal_loss_is_not_cross_entropy_and_counts_easy_labels_less() -> None:
    logits, labels = torch.tensor([[-3.0, 3.0]], requires_grad=True), torch.tensor([[1, 1]])
    (plain,) = torch.autograd.grad(weighted_bce_loss(logits, labels), logits)
    (focused,) = torch.autograd.grad(focal_loss(logits, labels), logits)
    ratio = (focused / plain)[0]
    assert ratio[1] < 0.01 * ratio[0]
    same = focal_loss(logits, labels, gamma=0.0)
    assert torch.allclose(same, weighted_bce_loss(logits, labels) / 2)


def test_the_asymmetric_loss_forgets_easy_negatives() -> None:
    logits = torch.tensor([[-4.0, 2.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(asymmetric_loss(logits, torch.tensor([[0, 0]])), logits)
    assert gradient[0, 0] == 0
    assert gradient[0, 1] > 0


def test_unknown_labels_move_nothing() -> None:
    for kind in ("bce", "focal", "asymmetric", "categorical"):
        logits = some_logits().requires_grad_()
        options = LossOptions(kind, weighting="exponential")  # type: ignore[arg-type]
        loss = AttributeLoss(SCHEMA, RATIOS, options)
        loss(logits, torch.full_like(LABELS, -1)).backward()
        assert not logits.grad.any()  # type: ignore[union-attr]


def test_the_categorical_loss_equals_cross_entropies() -> None:
    logits, cross_entropy = some_logits(), torch.nn.functional.cross_entropy
    none = torch.zeros(4, 1, dtype=torch.float64)
    glasses = torch.cat([logits[:, 3:5], none], dim=1)
    expected = (
        cross_entropy(logits[[0, 1, 3], :3], torch.tensor([0, 2, 1]), reduction="sum")
        + cross_entropy(glasses[:3], torch.tensor([2, 0, 1]), reduction="sum")
        + sum(bce(sigmoid(logits[row, 5].item()), y) for row, y in ((0, 1), (2, 0), (3, 1)))
    ) / 4
    assert torch.allclose(categorical_loss(logits, LABELS, schema=SCHEMA), expected)
    assert torch.allclose(CategoricalLoss(SCHEMA)(logits, LABELS), expected)


def test_two_marked_of_one_group_share_the_target() -> None:
    labels = torch.tensor([[1, 1, 0, 0, 0, 0]])
    logits = torch.zeros(1, 6, dtype=torch.float64, requires_grad=True)
    categorical_loss(logits, labels, schema=SCHEMA).backward()
    assert torch.allclose(logits.grad[0, :3], torch.tensor([-1, -1, 2.0]).double() / 6)  # type: ignore[index]


@pytest.mark.parametrize("kind", ["bce", "focal", "asymmetric", "categorical"])
def test_gradients_are_those_of_finite_differences(kind: str) -> None:
    loss = AttributeLoss(SCHEMA, RATIOS, LossOptions(kind, weighting="square-root")).double()  # type: ignore[arg-type]
    logits = some_logits().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: loss(z, LABELS), logits)


def test_weights_stay_finite_without_positives_and_favour_the_rare() -> None:
    weights = sample_weights(torch.tensor([[1, 1], [0, 0]]), torch.tensor([0.0, 0.5]))
    assert torch.isfinite(weights).all()
    assert weights[0, 0] > weights[0, 1]
    roots = sample_weights(
        torch.tensor([[1]]), torch.tensor([0.0]), weighting="square-root", clip=(0.04, 0.96)
    )
    assert roots.item() == pytest.approx(math.sqrt(1 / 0.4))
    assert positive_ratios(torch.tensor([[1, -1], [0, -1], [1, -1]])).tolist() == [
        pytest.approx(2 / 3),
        0,
    ]


def test_updated_logits_pull_wrong_positives_harder() -> None:
    """The gradients at z = -2 and 2 with factor 1.4: -0.88 becomes -1.32, and -0.12 -0.08."""
    logits = torch.tensor([[-2.0], [2.0]], requires_grad=True)
    labels, factors = torch.tensor([[1], [1]]), torch.tensor([1.4])
    updated = update_logits(logits, labels, factors)
    (gradient,) = torch.autograd.grad(2 * weighted_bce_loss(updated, labels), logits)
    assert gradient[:, 0].tolist() == [
        pytest.approx(-1.32, abs=0.005),
        pytest.approx(-0.08, abs=0.005),
    ]
    assert update_logits(logits, torch.tensor([[0], [-1]]), factors).tolist() == [
        [pytest.approx(-2 / 1.4)],
        [2.0],
    ]


def test_factors_are_a_clipped_moving_average_of_recalls() -> None:
    update = LogitUpdate(3, momentum=0.5, most=2.0)
    update.measure(torch.tensor([0.5, 0.1, torch.nan]), torch.tensor([0.75, 0.9, 1.0]))
    assert update.factors.tolist() == [pytest.approx(1.5), 2.0, 1.0]
    update.measure(torch.tensor([1.0, 0.1, 0.0]), torch.tensor([0.75, 0.9, 0.5]))
    assert update.factors.tolist() == [pytest.approx(1.0), 2.0, 2.0]
    again = LogitUpdate(3)
    again.load_state_dict(update.state_dict())
    assert torch.equal(again.factors, update.factors)


TASKS = (slice(0, 3), slice(3, 5), slice(5, 6))


def problem() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    feature = torch.randn(4, 8, generator=generator).double().requires_grad_()
    classifier = torch.randn(6, 8, generator=generator).double()
    logits = feature @ classifier.T
    loss = AttributeLoss(SCHEMA, RATIOS, LossOptions("categorical")).double()
    return feature, classifier, logits, loss.task_losses(logits, LABELS)


def test_gradient_norms_equal_the_double_backward_form() -> None:
    feature, classifier, logits, losses = problem()
    weights = torch.tensor([0.5, 1.0, 1.5]).double().requires_grad_()
    reference = autograd_gradient_norms(losses, weights, feature)
    closed = weights * gradient_norms(losses, logits, classifier, TASKS)
    assert torch.allclose(closed, reference)
    rates = torch.tensor([0.8, 1.0, 1.2]).double()
    (expected,) = torch.autograd.grad(gradnorm_objective(reference, rates), weights)
    (found,) = torch.autograd.grad(gradnorm_objective(closed, rates), weights)
    assert expected.any()
    assert torch.allclose(found, expected)


def test_gradnorm_moves_its_weights_towards_equal_norms_and_keeps_their_sum() -> None:
    balance = GradNorm(TASKS, lr=0.01)

    def spread() -> float:
        _, classifier, logits, losses = problem()
        norms = balance.weights * gradient_norms(losses, logits, classifier, TASKS)
        return (norms.std() / norms.mean()).item()

    before = spread()
    for _ in range(100):
        _, classifier, logits, losses = problem()
        balance.update(losses, logits, classifier)
    assert spread() < before / 4
    assert balance.weights.sum().item() == pytest.approx(3)
    assert not torch.allclose(balance.weights, torch.ones(3))
    again = GradNorm(TASKS, lr=0.01)
    again.load_state_dict(balance.state_dict())
    for each in (balance, again):
        _, classifier, logits, losses = problem()
        each.update(losses, logits, classifier)
    assert torch.equal(again.weights, balance.weights)


def test_all_parts_go_together() -> None:
    feature, classifier, _, _ = problem()
    options = LossOptions(
        "categorical", weighting="exponential", logit_updating=True, gradnorm=True
    )
    loss = AttributeLoss(SCHEMA, RATIOS, options)
    loss.logit_update.measure(torch.full((6,), 0.4), torch.full((6,), 0.6))  # type: ignore[union-attr]
    loss(feature @ classifier.T, LABELS, classifier=classifier).backward()
    assert feature.grad.any()  # type: ignore[union-attr]
    moved = loss.gradnorm.weights.clone()  # type: ignore[union-attr]
    assert not torch.equal(moved, torch.ones_like(moved))
    loss.eval()
    loss(feature @ classifier.T, LABELS, classifier=classifier)
    assert torch.equal(loss.gradnorm.weights, moved)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (torch.zeros(2, 6), torch.zeros(2, 5, dtype=torch.int64), "one shape"),
        (torch.zeros(2, 6), torch.zeros(2, 6), "integer labels"),
        (torch.zeros(2, 6), torch.full((2, 6), 2), "reach from 2 to 2"),
    ],
)
def test_bad_labels_are_refused(logits: Tensor, labels: Tensor, message: str) -> None:
    for loss in (WeightedBCELoss(), FocalLoss(), AsymmetricLoss(), CategoricalLoss(SCHEMA)):
        with pytest.raises(ValueError, match=message):
            loss(logits, labels)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: FocalLoss(alpha=2.0), "alpha"),
        (lambda: AsymmetricLoss(margin=1.0), "margin"),
        (lambda: LogitUpdate(3, most=0.5), "most"),
        (lambda: GradNorm([slice(0, 1)]), "2 tasks"),
        (lambda: AttributeLoss(SCHEMA, torch.zeros(5)), "6 attributes, came 5"),
        (lambda: WeightedBCELoss(torch.zeros(2))(torch.zeros(1, 6), LABELS[:1]), "6 ratios"),
    ],
)
def test_bad_options_are_refused(build: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()  # type: ignore[operator]
