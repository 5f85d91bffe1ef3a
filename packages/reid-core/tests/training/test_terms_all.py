"""Every registered term: its recipe keys, its value, its gradients, and what it says is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from reid_core import losses
from reid_core.models import ReidOutput, create_model, save_model
from reid_core.training.loop.passing import branch_sizes
from reid_core.training.recipes.files import load_recipe, parse_recipe
from reid_core.training.terms import (
    BranchConsistencyTerm,
    ClothesTerm,
    ClusterMemoryTerm,
    CrossEntropyTerm,
    DecorrelationTerm,
    DistillLogitsTerm,
    DistillTerm,
    OctupletTerm,
    OsmCaaTerm,
    Target,
    Term,
    TripletTerm,
    list_terms,
    term_registry,
)
from reid_data import Batch

TARGETS = {"clothes": Target(4, (0, 0, 1, 2)), "gender": Target(2), "pose": Target(3)}
SIZES = {"embedding_size": 10, "num_classes": 3, "branch_sizes": (5, 5)}
LABELS = (0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2)
GATHERING = {
    "all_triplets", "centroid_triplet", "circle", "cluster_memory", "contrastive",
    "multi_similarity", "octuplet", "osm_caa", "smooth_ap", "supervised_contrastive", "triplet",
    "variance", "weighted_triplet",
}  # fmt: skip
WITHOUT_IDENTITIES = {
    "agreement", "clothes", "decorrelation", "distill", "distill_logits", "gender", "pose",
    "teach_twins", "twin_agreement", "twin_features",
}  # fmt: skip


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("teacher")
    torch.manual_seed(0)
    model = create_model("timm:test_resnet", image_size=(32, 16), last_stride=2)
    heads = {"cross_entropy.classifier.weight": torch.randn(7, model.embedding_size)}
    save_model(model, folder, heads=heads)
    return str(folder)


def output() -> ReidOutput:
    generator = torch.Generator().manual_seed(1)
    branches = [
        ReidOutput(*(torch.randn(12, 5, generator=generator, requires_grad=True) for _ in "ab"))
        for _ in range(2)
    ]
    joined = (
        torch.cat(v, 1) for v in zip(*((b.feature, b.embedding) for b in branches), strict=True)
    )
    return ReidOutput(*joined, branches=tuple(branches))


def batch(*labels: int, twins: bool = True) -> Batch:
    ids = torch.tensor(labels)
    half = len(ids) // 2
    return Batch(
        images=torch.randint(0, 255, (len(ids), 3, 32, 16), dtype=torch.uint8),
        pids=ids,
        camids=ids,
        indices=ids,
        labels=ids,
        scales=torch.tensor([1] * half + [4] * (len(ids) - half)) if twins else None,
        targets={"clothes": ids + 1, "gender": ids % 2, "pose": ids},
    )


def options_of(name: str, teacher: str) -> dict[str, str]:
    """What a term cannot be built without."""
    if name.startswith("distill") or name == "teach_twins":
        return {"teacher": teacher}
    named = {"agreement": ("student", "teacher"), "twin_agreement": ("head",)}
    return {key: f"id_{place}" for place, key in enumerate(named.get(name, ()), 1)}


def build(name: str, teacher: str) -> Term:
    torch.manual_seed(0)
    others: dict[str, Term] = {
        **{f"id_{place}": CrossEntropyTerm(**SIZES, of=f"f{place}") for place in (1, 2)},
        "clothes": ClothesTerm(**SIZES, targets=TARGETS),
    }
    for each in others.values():
        torch.nn.init.normal_(next(each.parameters()))
    term = term_registry[name](**SIZES, targets=TARGETS, **options_of(name, teacher))
    term.meet(others)
    if term.needs_features:
        term.start_epoch(torch.randn(6, 10), torch.tensor([0, 0, 1, 1, 2, -1]))
    return term


every_term = pytest.mark.parametrize("name", list_terms())


@every_term
def test_gives_a_number_that_teaches_the_network(name: str, teacher: str) -> None:
    found, term = output(), build(name, teacher)
    value = term(found, batch(*LABELS))
    value.backward()
    assert value.shape == ()
    assert value.dtype == torch.float32
    grads = [t.grad for branch in found.branches for t in (branch.feature, branch.embedding)]
    taught = sum(float(grad.abs().sum()) for grad in grads if grad is not None) > 0
    # A classifier of outfits looks on; test_clothes_terms.py says who moves what.
    assert taught == (name != "clothes")
    for weight in term.parameters():
        assert weight.grad is not None
        assert weight.grad.abs().sum() > 0


@every_term
def test_is_a_recipe_key_with_its_options(name: str, teacher: str) -> None:
    entry = options_of(name, teacher)
    recipe = parse_recipe({"loss": {name: {**entry, "weight": 0.5}}})
    assert recipe.loss[name].term == name
    with pytest.raises(ValueError, match="branch_sizes"):
        parse_recipe({"loss": {name: {**entry, "branch_sizes": [1]}}})


def test_the_parts_of_a_model_are_a_recipe_key_that_yaml_reads_as_it_is_written() -> None:
    recipe = load_recipe("baseline", ["loss.triplet.of=global_branches"])
    assert recipe.loss["triplet"].of == "global_branches"


@every_term
def test_says_whether_it_wants_the_rows_of_all_processes(name: str) -> None:
    assert term_registry[name].gathers == (name in GATHERING)


@every_term
def test_refuses_a_batch_without_labels_where_it_needs_them(name: str, teacher: str) -> None:
    unlabelled, term = replace(batch(*LABELS), labels=None), build(name, teacher)
    if name in WITHOUT_IDENTITIES:
        assert term(output(), unlabelled).isfinite()
    else:
        with pytest.raises(ValueError, match="needs labels"):
            term(output(), unlabelled)


def test_the_octuplet_wants_twins_in_order() -> None:
    term, found = OctupletTerm(**SIZES, margin=3.0), output()
    whole = batch(*LABELS)
    value = term(found, whole)
    expected = losses.octuplet_loss(
        found.feature[:6], found.feature[6:], torch.tensor(LABELS[:6]), margin=3.0
    )
    assert torch.equal(value, expected)
    for lacking in (replace(whole, scales=None), replace(whole, scales=whole.scales * 2)):
        with pytest.raises(ValueError, match=r"its low-resolution twin.*data.low_resolution.twins"):
            term(found, lacking)
    assert OctupletTerm.needs_twins


@pytest.mark.parametrize("of", ["branches", "global_branches"])
def test_triplets_of_branches_are_their_mean(of: str) -> None:
    found = output()
    if of == "global_branches":
        first, second = found.branches
        found = replace(found, branches=(first, replace(second, is_part=True)))
    taken = found.branches[: 1 if of == "global_branches" else 2]
    labels = torch.tensor(LABELS)
    expected = [losses.batch_hard_triplet_loss(branch.feature, labels) for branch in taken]
    value = TripletTerm(**SIZES, of=of)(found, batch(*LABELS))
    assert torch.equal(value, torch.stack(expected).mean())


def test_a_term_sees_the_layer_that_it_is_told() -> None:
    found, labels = output(), torch.tensor(LABELS)
    value = TripletTerm(**SIZES, layer="embedding")(found, batch(*LABELS))
    assert torch.equal(value, losses.batch_hard_triplet_loss(found.embedding, labels))


def test_cross_entropy_of_branches_has_a_classifier_for_each() -> None:
    torch.manual_seed(0)
    found, labels = output(), torch.tensor(LABELS)
    term = CrossEntropyTerm(**{**SIZES, "branch_sizes": (5, 5)}, of="branches")
    assert [name for name, _ in term.named_parameters()] == [
        "classifier.0.weight",
        "classifier.1.weight",
    ]
    expected = [
        losses.label_smoothed_cross_entropy_loss(head(branch.embedding), labels)
        for head, branch in zip(term.classifier, found.branches, strict=True)
    ]
    assert torch.equal(term(found, batch(*LABELS)), torch.stack(expected).mean())


def test_branches_under_one_classifier() -> None:
    torch.manual_seed(0)
    found, labels = output(), torch.tensor(LABELS)
    term = BranchConsistencyTerm(**SIZES, lsr_weight=2.0, lcn_weight=3.0, lcn_tolerance=0.0)
    torch.nn.init.normal_(term.classifier.weight)
    first, second = (term.classifier(branch.embedding) for branch in found.branches)
    each = [losses.label_smoothed_cross_entropy_loss(y, labels) for y in (first, second)]
    expected = sum(each) / 2 + 2 * losses.lsr_loss(first, second, labels)
    expected = expected + 3 * losses.lcn_loss(first, second, tolerance=0.0)
    torch.testing.assert_close(term(found, batch(*LABELS)), expected)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda s: TripletTerm(**s, of="branches"), "of: branches needs a model with branches"),
        (lambda s: CrossEntropyTerm(**s, of="branches"), "this one has none, set of: whole"),
        (lambda s: BranchConsistencyTerm(**s), r"two branches of one size.*sizes \[\]"),
        (lambda s: DecorrelationTerm(**s), r"several branches of one size.*sizes \[\]"),
    ],
)
def test_a_model_without_branches_is_refused_before_training(build, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build({"embedding_size": 10, "num_classes": 3})


@pytest.mark.parametrize(("kind", "sizes"), [("global", ()), ("pcb", (32,) * 6)])
def test_sizes_of_branches_are_asked_of_the_model(kind: str, sizes: tuple[int, ...]) -> None:
    settings = {} if kind == "global" else {"embed_dim": 32}
    model = create_model("timm:test_resnet", kind=kind, image_size=(192, 32), **settings)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert branch_sizes(model) == sizes
    assert model.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())


def test_osm_caa_moves_its_centers_by_the_center_loss_alone_and_unscaled() -> None:
    torch.manual_seed(0)
    found, term = output(), OsmCaaTerm(**SIZES, weight=0.2, center_weight=1e-3)
    (term.weight * term(found, batch(*LABELS))).backward()
    other = losses.CenterLoss(10, 3)
    other.centers.data = term.centers.data.clone()
    other(found.feature.detach(), torch.tensor(LABELS)).backward()
    torch.testing.assert_close(term.centers.grad, other.centers.grad)
    assert term.own_optimizer().param_groups[0]["params"] == [term.centers]


def test_a_memory_is_filled_before_each_epoch_and_is_no_weight() -> None:
    term = ClusterMemoryTerm(**SIZES)
    with pytest.raises(ValueError, match="fill it with the features of all clusters first"):
        term(output(), batch(*LABELS))
    term.start_epoch(torch.randn(4, 10), torch.tensor([0, 1, 2, -1]))
    assert term(output(), batch(*LABELS)).isfinite()
    assert not term.state_dict()


def embeddings_of(teacher: str, images: Tensor) -> Tensor:
    from reid_core.models import load_model

    model = load_model(teacher)
    with torch.no_grad():
        return model(model.preprocessing.normalize(images)).embedding


def test_a_student_of_the_teachers_size_needs_no_map(teacher: str) -> None:
    seen = batch(*LABELS)
    target = embeddings_of(teacher, seen.images)
    found = ReidOutput(torch.zeros_like(target), (target * 3).requires_grad_())
    term = DistillTerm(teacher=teacher, embedding_size=target.shape[1], num_classes=3)
    assert not list(term.parameters())
    assert not term.state_dict()  # the teacher is not saved with the student's heads
    assert term(found, seen).item() == pytest.approx(0, abs=1e-5)
    for layer in term.teacher.model.modules():
        assert not layer.training


def test_logits_are_those_of_the_teachers_classifier(teacher: str) -> None:
    torch.manual_seed(0)
    seen = batch(*LABELS)
    target = embeddings_of(teacher, seen.images)
    found = ReidOutput(target, target)
    term = DistillLogitsTerm(teacher=teacher, embedding_size=target.shape[1], num_classes=3)
    assert [name for name, _ in term.named_parameters()] == ["classifier.weight"]
    assert list(term.state_dict()) == ["classifier.weight"]
    term.classifier.weight.data = term.teacher_head.clone()
    assert term(found, seen).item() == pytest.approx(0, abs=1e-5)


def test_a_teacher_sees_images_in_its_own_size(teacher: str) -> None:
    term, large = DistillTerm(**SIZES, teacher=teacher), batch(*LABELS)
    flat = large.images[:, :, :1, :1]  # one colour an image, which no resizing changes
    small, big = (
        term.teacher.embeddings(replace(large, images=flat.expand(-1, -1, *size).contiguous()))
        for size in ((32, 16), (80, 30))
    )
    assert torch.equal(small, big)


def test_what_is_wrong_with_a_teacher_is_named(teacher: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no checkpoint"):
        DistillTerm(**SIZES, teacher=str(tmp_path))
    with pytest.raises(ValueError, match=r"no classifier 'arcface'.*cross_entropy.classifier"):
        DistillLogitsTerm(**SIZES, teacher=teacher, head="arcface")
    whole = batch(*LABELS)
    with pytest.raises(ValueError, match="all 12 images of the batch, came 0; set gather: false"):
        DistillTerm(**SIZES, teacher=teacher)(output(), replace(whole, images=whole.images[:0]))


@pytest.mark.parametrize("name", ["cross_entropy", "triplet"])
def test_shares_weigh_the_branches_one_by_one(name: str) -> None:
    found, own = output(), batch(*LABELS)
    torch.manual_seed(0)
    term = term_registry[name](**SIZES, of="branches", shares=(0.25, 2.0))
    total = term(found, own)
    term.shares = None
    mean = term(found, own)
    alone = []
    for place in range(2):
        term.shares = tuple(float(place == each) for each in range(2))
        alone.append(term(found, own))
    torch.testing.assert_close(total, 0.25 * alone[0] + 2 * alone[1])
    torch.testing.assert_close(mean, (alone[0] + alone[1]) / 2)
    with pytest.raises(ValueError, match="the model has 2 branches, came 3 shares of: branches"):
        term_registry[name](**SIZES, of="branches", shares=(1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="came 2 shares of: whole"):
        term_registry[name](**SIZES, shares=(1.0, 1.0))
