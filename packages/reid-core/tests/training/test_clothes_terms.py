"""Terms of clothes-changing re-ID: what each teaches, and to whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reid_core.losses import clothes_adversarial_loss, kl_distillation_loss
from reid_core.models import ReidModel, create_model, save_model
from reid_core.training.build import build_terms
from reid_core.training.loop.passing import run_model
from reid_core.training.loop.sharding import spread
from reid_core.training.recipes.files import load_recipe
from reid_core.training.terms import Target, Term, TwinAgreementTerm, term_registry
from reid_data import Batch

OWNERS = (0, 0, 1, 2, 2, 2)
TARGETS = {"clothes": Target(6, OWNERS), "gender": Target(2), "pose": Target(4)}
F1 = {"trunk", "between", "tails.0", "heads.0"}
F2 = {"trunk", "between", "tails.1", "heads.1"}
F3 = {"trunk", "pose", "heads.2"}
MOVES = {
    "identity_1": F1 | {"own"},
    "identity_2": F2 | {"own"},
    "agreement": F1 | F2 | {"identity_1", "identity_2"},
    "triplet": F2,
    "clothes": {"own"},
    "clothes_adversarial": F1,
    "gender": F2 | {"own"},
    "pose": F3 | {"own"},
    "decorrelation": F2 | F3,
    "teach_twins": F1 | F2,
    "twin_features": F1 | F2,
    "twins_1": F1 | {"identity_1"},
    "twins_2": F2 | {"identity_2"},
    "twins_clothes": F1,
}
"""Whose parameters each term of the recipe moves, and no others."""


def network(*, pose: bool = True) -> ReidModel:
    torch.manual_seed(0)
    return create_model(
        "timm:test_resnet",
        kind="two-branch",
        image_size=(32, 16),
        last_stride=2,
        options={"pose_branch": pose},
    )


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher")
    save_model(network(pose=False), folder)
    return folder


def terms_of(model: ReidModel, teacher: Path) -> dict[str, Term]:
    recipe = load_recipe(
        "rlq",
        [
            f"loss.teach_twins.teacher={teacher}",
            "loss.twin_features.data=second",
            "loss.triplet.margin=2",
        ],
    )
    terms = build_terms(
        recipe,
        embedding_size=model.embedding_size,
        num_classes=3,
        second_classes=5,
        seed=0,
        branch_sizes=model.branch_sizes,
        targets=TARGETS,
    )
    for term in terms.values():
        for weight in term.parameters():
            torch.nn.init.normal_(weight)
    return terms


def a_batch(count: int = 12) -> Batch:
    generator = torch.Generator().manual_seed(1)
    people = torch.arange(count) // 2 % 3
    images = torch.randint(0, 256, (count, 3, 32, 16), dtype=torch.uint8, generator=generator)
    return Batch(
        images=images,
        pids=people,
        camids=people,
        indices=torch.arange(count),
        labels=people,
        targets={
            "clothes": torch.tensor([0, 1, 2, 2, 4, 5]).repeat(count // 6),
            "gender": people % 2,
            "pose": torch.arange(count) % 4,
        },
        twins=torch.arange(count) >= count // 2,
    )


def moved(model: ReidModel, terms: dict[str, Term], name: str) -> set[str]:
    """The parts of the network and the terms that a term has a gradient for."""
    batch = a_batch()
    terms[name](run_model(model, batch.images).float(), batch).backward()
    names = {
        **dict(model.named_parameters()),
        **{
            f"{key}/{part}": w for key, term in terms.items() for part, w in term.named_parameters()
        },
    }
    found = set()
    for part, weight in names.items():
        if weight.grad is None or not weight.grad.abs().sum() > 0:
            continue
        head = part.partition("/")[0] if "/" in part else part.partition(".")[0]
        if head in ("tails", "heads"):
            head = ".".join(part.split(".")[:2])
        found.add("own" if part.startswith(f"{name}/") else head)
    return found


@pytest.mark.parametrize("name", list(MOVES))
def test_each_term_moves_what_it_should_and_nothing_else(name: str, teacher: Path) -> None:
    model = network()
    assert moved(model, terms_of(model, teacher), name) == MOVES[name]


def test_the_whole_recipe_is_covered(teacher: Path) -> None:
    assert set(terms_of(network(), teacher)) == set(MOVES)


@pytest.mark.parametrize(
    ("name", "parts"), [("agreement", F1 | {"identity_1"}), ("twins_1", F1 | {"identity_1"})]
)
def test_detached_only_the_student_learns(name: str, parts: set[str], teacher: Path) -> None:
    model = network()
    terms = terms_of(model, teacher)
    terms[name].detach = True
    assert moved(model, terms, name) == parts


def test_the_loss_of_clothes_is_that_of_the_classifiers_logits(teacher: Path) -> None:
    model = network()
    terms, batch = terms_of(model, teacher), a_batch()
    output = run_model(model, batch.images).float()
    logits = 16 * torch.nn.functional.cosine_similarity(
        output.branches[0].embedding[:, None], terms["clothes"].outfits[None], dim=2
    )
    positives = torch.tensor(OWNERS) == batch.labels[:, None]
    clothes = batch.targets["clothes"]
    expected = clothes_adversarial_loss(logits, clothes, positives)
    torch.testing.assert_close(terms["clothes_adversarial"](output, batch), expected)
    expected = torch.nn.functional.cross_entropy(logits, clothes)
    torch.testing.assert_close(terms["clothes"](output, batch), expected)
    (optimizer,) = [term.own_optimizer() for term in terms.values() if term.own_optimizer()]
    assert optimizer.param_groups[0]["params"] == [terms["clothes"].outfits]


@pytest.mark.parametrize("name", ["clothes", "clothes_adversarial", "gender", "pose"])
def test_images_of_unknown_label_are_left_out(name: str, teacher: Path) -> None:
    model = network()
    terms, batch = terms_of(model, teacher), a_batch()
    target = terms[name].needs_targets[0]
    output = run_model(model, batch.images).float()
    some = batch.targets[target].clone()
    some[3:] = -1
    partly = replace(batch, targets={**batch.targets, target: some})
    rows = torch.arange(3)
    first = replace(
        batch,
        pids=batch.pids[rows],
        labels=batch.labels[rows],
        targets={key: labels[rows] for key, labels in batch.targets.items()},
    )
    few = replace(
        output,
        embedding=output.embedding[rows],
        branches=tuple(replace(b, embedding=b.embedding[rows]) for b in output.branches),
    )
    torch.testing.assert_close(terms[name](output, partly), terms[name](few, first))
    nobody = replace(batch, targets={target: torch.full_like(some, -1)})
    value = terms[name](output, nobody)
    value.backward()
    assert value.item() == 0


def test_a_student_that_is_its_teacher_has_nothing_to_learn_from_equal_copies(
    teacher: Path,
) -> None:
    model = network(pose=False).eval()
    options = {"embedding_size": model.embedding_size, "num_classes": 3}
    options["branch_sizes"] = model.branch_sizes
    batch = a_batch()
    half = len(batch) // 2
    batch = replace(batch, images=batch.images[:half].repeat(2, 1, 1, 1))
    output = run_model(model, batch.images).float()
    head = term_registry["cross_entropy"](**options, of="f1")
    torch.nn.init.normal_(head.classifier.weight)
    agreement = TwinAgreementTerm(head="head", **options)
    agreement.meet({"head": head})
    for term in (
        term_registry["teach_twins"](teacher=str(teacher), **options),
        term_registry["twin_features"](**options),
        agreement,
    ):
        assert term(output, batch).item() == pytest.approx(0, abs=1e-6)


def test_a_teacher_sees_the_originals_only_and_teaches_both_versions(teacher: Path) -> None:
    model = network()
    terms, batch = terms_of(model, teacher), a_batch()
    output = run_model(model, batch.images).float()
    high, low = torch.arange(6), torch.arange(6, 12)
    seen = run_model(network(pose=False).eval(), batch.images[high])
    expected = torch.tensor(0.0)
    for own, taught in zip(output.branches[:2], seen.branches, strict=True):
        for rows in (high, low):
            a, b = (
                torch.nn.functional.normalize(v) for v in (own.embedding[rows], taught.embedding)
            )
            expected = expected + (a - b).square().sum(1).mean()
    torch.testing.assert_close(terms["teach_twins"](output, batch), expected)
    spoilt = replace(batch, images=torch.cat([batch.images[:6], batch.images[6:] * 0]))
    assert torch.equal(terms["teach_twins"](output, batch), terms["teach_twins"](output, spoilt))


def test_copies_agree_with_their_originals(teacher: Path) -> None:
    model = network()
    terms, batch = terms_of(model, teacher), a_batch()
    output = run_model(model, batch.images).float()
    logits = terms["identity_2"].logits(output)
    expected = kl_distillation_loss(
        logits[6:], logits[:6], temperature=0.8, mean="entries", detach=False
    )
    assert torch.equal(terms["twins_2"](output, batch), expected)


def test_any_model_teaches_through_maps(tmp_path: Path) -> None:
    save_model(create_model("reid:osnet_x0_25", image_size=(48, 24), last_stride=2), tmp_path)
    model = network()
    term = term_registry["teach_twins"](
        teacher=str(tmp_path),
        embedding_size=model.embedding_size,
        num_classes=3,
        branch_sizes=model.branch_sizes,
    )
    batch = a_batch()
    term(run_model(model, batch.images).float(), batch).backward()
    assert len(list(term.parameters())) == 2
    assert all(weight.grad.abs().sum() > 0 for weight in term.parameters())


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gender", {"of": "f3"}, "needs a model of 3 branches; this one has 2"),
        ("pose", {"targets": {}}, "needs images labelled with their pose"),
        ("teach_twins", {}, "a teacher is missing; name the checkpoint folder"),
        ("decorrelation", {"pairs": (("f2", "f3"),)}, "this one has 2"),
    ],
)
def test_a_term_that_cannot_be_built_says_why(name: str, options: dict, message: str) -> None:
    sizes = {"embedding_size": 10, "num_classes": 3, "branch_sizes": (5, 5), "targets": TARGETS}
    with pytest.raises(ValueError, match=message):
        term_registry[name](**{**sizes, **options})


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("loss.agreement.student=identity", r"no loss term 'identity'; did you mean 'identity_"),
        ("loss.agreement.student=triplet", "is a TripletTerm without one classifier"),
        ("loss.identity_1.of=branches", "is a CrossEntropyTerm without one classifier"),
        ("loss.clothes_adversarial.clothes=gender", "is a GenderTerm, where a ClothesTerm"),
    ],
)
def test_a_term_that_misses_another_says_which(override: str, message: str) -> None:
    recipe = load_recipe("cgal", [override])
    sizes = {"embedding_size": 10, "num_classes": 3, "branch_sizes": (5, 5, 5), "seed": 0}
    with pytest.raises(ValueError, match=message):
        build_terms(recipe, targets=TARGETS, **sizes)


def test_terms_that_share_a_classifier_are_not_spread(teacher: Path) -> None:
    model = network()
    parts = torch.nn.ModuleDict(
        {"model": model, "terms": torch.nn.ModuleDict(terms_of(model, teacher))}
    )
    with pytest.raises(ValueError, match=r"loss.agreement uses weights of another.*ddp"):
        spread(parts, mesh=None)  # type: ignore[arg-type]  # refused before it is looked at
