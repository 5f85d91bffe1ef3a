import numpy as np
import pytest
import torch

from reid_gen.purifying import Case, Limits, Links, NeighbourGraph, build_graph, judge, list_rules

# Real: identity 1 lies at 0 degrees, 2 at 90, with two images each; 9 has none. Generated: a good
# image of 1, one of 2 that claims 1, one between both, and one of an identity without images.
ANGLES = [0, 8, 82, 90, 4, 86, 45, 4]
PIDS = [1, 1, 2, 2, 1, 1, 1, 9]
REAL = torch.arange(4)
FAKE = torch.arange(4, 8)


@pytest.fixture
def graph() -> NeighbourGraph:
    radians = torch.deg2rad(torch.tensor(ANGLES, dtype=torch.float32))
    points = torch.stack([radians.cos(), radians.sin()], dim=1)
    return build_graph(points, torch.tensor(PIDS), k=3, is_anchor=torch.arange(8) < 4)


def links(graph: NeighbourGraph, table: dict[int, dict[int, float]]) -> Links:
    rows = torch.tensor(sorted(table))
    near = graph.neighbours[rows]
    chances = [
        [table[int(row)].get(int(n), 0.0) for n in near[place]] for place, row in enumerate(rows)
    ]
    return Links(rows, near, torch.tensor(chances))


def test_link_rule_is_the_hand_worked_mean_of_the_best_links(graph: NeighbourGraph) -> None:
    thought = links(
        graph, {4: {0: 0.9, 1: 0.7}, 5: {2: 0.8, 3: 0.9}, 6: {1: 0.62, 0: 0.6, 2: 0.54}, 7: {}}
    )
    found = judge("link", Case(graph, FAKE, REAL, thought), Limits(top=2))
    np.testing.assert_allclose(found["s_plus"], [0.8, 0.0, 0.61, 0.0], atol=1e-6)
    np.testing.assert_allclose(found["s_minus"], [0.0, 0.85, 0.27, 0.0], atol=1e-6)
    assert found["kept"].tolist() == [True, False, True, False]
    strict = judge("link", Case(graph, FAKE, REAL, thought), Limits(top=1))
    assert strict["kept"].tolist() == [True, False, False, False]
    assert strict["reason"].tolist() == [
        "passed",
        "links to the claimed identity below 0.5",
        "another identity within 0.1",
        "no real image of the claimed identity",
    ]


def test_cluster_rule_asks_the_majority_of_real_images(graph: NeighbourGraph) -> None:
    thought = links(
        graph,
        {
            0: {1: 1.0},
            1: {0: 1.0},
            2: {3: 1.0},
            3: {2: 1.0},
            4: {0: 0.9},
            5: {2: 0.9},
            6: {},
            7: {},
        },
    )
    order = torch.cat([FAKE, REAL])
    behind = Links(order, thought.neighbours[order], thought.probabilities[order])
    found = judge("cluster", Case(graph, FAKE, REAL, behind))
    assert found["kept"].tolist() == [True, False, False, False]
    assert found["reason"].tolist()[2] == "no real image in its cluster"


@pytest.mark.parametrize("rule", ["cosine", "confidence"])
def test_filters_keep_what_lies_near_its_claim(graph: NeighbourGraph, rule: str) -> None:
    found = judge(rule, Case(graph, FAKE, REAL))
    assert found["kept"].tolist()[:2] == [True, False]
    assert found["score"].is_monotonic_decreasing or found["score"][2] > found["score"][1]
    assert not found["kept"].tolist()[3]
    everything = judge(rule, Case(graph, FAKE, REAL), Limits(threshold=-1.0))
    assert everything["kept"].tolist() == [True, True, True, False]


def test_confidence_is_a_softmax_over_centroids(graph: NeighbourGraph) -> None:
    found = judge("confidence", Case(graph, FAKE, REAL), Limits(temperature=0.2))
    cosines = np.cos(np.deg2rad([4 - 4, 86 - 4]))
    expected = np.exp(cosines / 0.2) / np.exp(cosines / 0.2).sum()
    assert found["score"][0] == pytest.approx(expected[0], abs=1e-5)


def test_diversity_is_an_intersection(graph: NeighbourGraph) -> None:
    found = judge("diversity", Case(graph, FAKE[:3], REAL), Limits(share=0.67))
    # Nearest to identity 1 are images 4 and 6; most new are 6 and then 4 or 5, which tie.
    assert found["kept"].tolist()[2]
    assert not found["kept"].tolist()[1]
    assert found["consistency"].argmax() == 0
    assert found["diversity"].argmax() == 2


def test_generated_siblings_cannot_vouch(graph: NeighbourGraph) -> None:
    crowd = torch.cat([FAKE, FAKE[1:2].repeat(20)])
    features = graph.features[torch.cat([REAL, crowd])]
    pids = graph.pids[torch.cat([REAL, crowd])]
    many = build_graph(features, pids, k=3, is_anchor=torch.arange(len(pids)) < 4)
    rows = torch.arange(4, len(pids))
    for rule in ("cosine", "confidence"):
        assert (
            judge(rule, Case(many, rows, REAL))["kept"].tolist()[:4]
            == judge(rule, Case(graph, FAKE, REAL))["kept"].tolist()
        )


def test_unknown_rules_and_missing_links_are_refused(graph: NeighbourGraph) -> None:
    assert list_rules() == ["cluster", "confidence", "cosine", "diversity", "link"]
    with pytest.raises(ValueError, match="nearest: link"):
        judge("lnk", Case(graph, FAKE, REAL))
    with pytest.raises(ValueError, match="reid-gen train-gcn"):
        judge("link", Case(graph, FAKE, REAL))
