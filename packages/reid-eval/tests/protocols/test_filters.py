"""Protocols that differ in which pairs of one person count, against loops over all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_eval import evaluate
from reid_eval.evaluation import evaluate_protocol
from reid_eval.protocols import ClothChanging, make_protocol

KINDS = ("image", "none", "standard", "same-clothes", "cloth-changing")


def rule(name: str, tools: Any) -> Any:
    """Whether a pair of one person is left out, as the protocol's docstring says it."""

    def left_out(asked: Any, shown: Any) -> bool:
        camera = tools.same_camera(asked, shown)
        clothes = asked["clothes_id"] == shown["clothes_id"]
        return bool(
            {
                "image": camera,
                "none": False,
                "standard": camera,
                "same-clothes": camera or not clothes,
                "cloth-changing": camera or clothes,
            }[name]
        )

    return left_out


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_each_filter_is_its_loop(tools: Any, name: str, seed: int) -> None:
    query, gallery = tools.draw(seed, rows=8, split="query"), tools.draw(seed + 1, rows=20)
    expected = tools.naive(query, gallery, rule(name, tools))
    if not any(expected):
        with pytest.raises(ValueError, match=r"no query has a match|finds nothing to look for"):
            evaluate_protocol(query, gallery, make_protocol(name))
        return
    result = evaluate_protocol(query, gallery, make_protocol(name))
    tools.agree(result.report, expected)
    assert result.trials[0].queries["pid"].tolist() == query.pids.tolist()


def test_image_is_what_evaluate_measures(tools: Any) -> None:
    query, gallery = tools.draw(3, rows=20, split="query"), tools.draw(4, rows=60)
    result = evaluate_protocol(query, gallery, make_protocol("cross-camera"))
    assert result.name == "image"
    assert result.report.to_dict() == evaluate(query, gallery).to_dict()
    assert result.summary(ranks=[1])[1]["deviation"] is None


def test_ltcc_by_hand(tools: Any) -> None:
    """One person in two outfits by two cameras, and somebody else in between."""
    query = tools.build([[1.0, 0.0]], split="query", pid=[1], camid=[1], clothes_id=[1])
    gallery = tools.build(
        [[1.0, 0.0], [1.0, 0.1], [1.0, 0.2], [1.0, 0.3], [1.0, 0.4]],
        pid=[1, 1, 2, 1, 1],
        camid=[1, 2, 2, 2, 1],
        clothes_id=[1, 1, 1, 2, 2],
    )
    # Ranked as they stand. The first and the last are of the query's own camera.
    for name, precision, first in (
        ("standard", (1 / 1 + 2 / 3) / 2, 1),
        ("same-clothes", 1.0, 1),
        ("cloth-changing", 1 / 2, 2),
    ):
        report = evaluate_protocol(query, gallery, make_protocol(name)).report
        assert report.average_precision[0] == pytest.approx(precision), name
        assert report.first_hit_rank[0] == first, name


def prcc(tools: Any) -> tuple[Any, Any]:
    """Cameras B (same clothes as A) and C (others) ask; A answers with three images a person."""
    rng = np.random.default_rng(5)
    people = rng.normal(size=(6, 8))
    pids = np.repeat(np.arange(6), 3)
    query = tools.build(
        np.concatenate([people[pids], people[pids]]) + rng.normal(size=(36, 8)),
        split="query",
        pid=np.tile(pids, 2),
        camid=np.repeat([2, 3], 18),
        clothes_id=np.repeat([0, 1], 18),
    )
    gallery = tools.build(
        people[pids] + rng.normal(size=(18, 8)), pid=pids, camid=[1] * 18, clothes_id=[0] * 18
    )
    return query, gallery


def test_prcc_asks_from_b_in_the_same_clothes_and_from_c_in_others(tools: Any) -> None:
    query, gallery = prcc(tools)
    changed = evaluate_protocol(query, gallery, make_protocol("cloth-changing")).report
    same = evaluate_protocol(query, gallery, make_protocol("same-clothes")).report
    from_b = query.camids == 2
    np.testing.assert_array_equal(same.evaluated, from_b)
    np.testing.assert_array_equal(changed.evaluated, ~from_b)
    assert same.skipped == {"protocol's filter": 18}
    alone = evaluate_protocol(query.take(~from_b), gallery, make_protocol("image")).report
    np.testing.assert_array_equal(changed.average_precision[~from_b], alone.average_precision)


def test_single_shot_draws_one_image_a_person_and_repeats(tools: Any) -> None:
    query, gallery = prcc(tools)
    protocol = ClothChanging(shots="single", trials=4, seed=1)
    drawn = list(protocol.comparisons(query, gallery))
    assert [each.trial for each in drawn] == [0, 1, 2, 3]
    assert all(sorted(each.gallery.pids) == list(range(6)) for each in drawn)
    assert len({tuple(each.gallery.table["path"]) for each in drawn}) > 1
    result = evaluate_protocol(query, gallery, protocol)
    reports = [evaluate_protocol(query, each.gallery, ClothChanging()).report for each in drawn]
    values = [report.mAP for report in reports]
    row = result.summary()[0]
    assert row["value"] == pytest.approx(np.mean(values))
    assert row["deviation"] == pytest.approx(np.std(values, ddof=1))
    again = evaluate_protocol(query, gallery, ClothChanging(shots="single", trials=4, seed=1))
    assert again.summary() == result.summary()


def test_single_shot_keeps_an_image_for_each_camera_and_outfit(tools: Any) -> None:
    query, gallery = tools.draw(1, rows=5, split="query"), tools.draw(2, rows=80)
    first = next(iter(make_protocol("standard", shots="single").comparisons(query, gallery)))
    columns = ["pid", "camid", "clothes_id"]
    assert not first.gallery.table.duplicated(columns).any()
    kinds = {tuple(row) for row in gallery.table[columns].astype(str).to_numpy()}
    assert kinds == {tuple(row) for row in first.gallery.table[columns].astype(str).to_numpy()}


@pytest.mark.parametrize("name", ["standard", "same-clothes", "cloth-changing"])
def test_clothes_are_needed(tools: Any, name: str) -> None:
    bare = tools.build(np.eye(2), pid=[1, 2])
    with pytest.raises(
        ValueError, match=rf"protocol {name} needs clothes_id .* 2 of 2 query.*prcc"
    ):
        make_protocol(name).check(bare.table, bare.table)


def test_distractors_need_no_clothes(tools: Any) -> None:
    query = tools.build([[1.0, 0.0]], split="query", pid=[1], camid=[1], clothes_id=[0])
    gallery = tools.build([[1.0, 0.5], [1.0, 0.1]], pid=[1, 9], camid=[2, 2], clothes_id=[1, None])
    gallery.table["split"] = ["gallery", "distractor"]
    report = evaluate_protocol(query, gallery, make_protocol("cloth-changing")).report
    assert report.first_hit_rank.tolist() == [2]


def test_nothing_to_look_for_is_said_before_embedding(tools: Any) -> None:
    query, gallery = prcc(tools)
    only_b = query.take(query.camids == 2)
    with pytest.raises(ValueError, match=r"cloth-changing finds nothing .*prcc:query=changed"):
        make_protocol("cloth-changing").check(only_b.table, gallery.table)
