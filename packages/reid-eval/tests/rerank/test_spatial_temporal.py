"""Joint visual and spatial-temporal distances against loops over pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_eval.rerank import (
    JointDistances,
    JointLogistic,
    KReciprocal,
    LikelihoodRatio,
    Transitions,
    distance_blocks,
    fit_transitions,
    k_reciprocal_from_distances,
)

TRAVEL = {(1, 2): 900, (2, 3): 500, (1, 3): 1400}  # frames from camera to camera


def walks(count: int, seed: int) -> tuple[NDArray[np.int64], ...]:
    """People who pass cameras 1, 2 and 3 in this order, each at their own time."""
    generator = np.random.default_rng(seed)
    pids = np.repeat(np.arange(count), 3)
    camids = np.tile([1, 2, 3], count)
    arrival = np.tile([0, 900, 1400], count) + np.repeat(generator.integers(0, 50_000, count), 3)
    return pids, camids, arrival + generator.integers(0, 120, 3 * count)


@pytest.fixture
def transitions() -> Transitions:
    return fit_transitions(*walks(200, 1), bins=600)


def case(queries: int = 9, gallery: int = 50) -> dict[str, Any]:
    generator = np.random.default_rng(2)
    frames = generator.integers(0, 80_000, queries + gallery)
    camids = generator.choice([1, 2, 3, 8, -1], queries + gallery)  # training knows no camera 8
    frames[3] = frames[queries + 4]
    camids[[3, queries + 4]] = 3, 1
    return {
        "query_camids": camids[:queries],
        "gallery_camids": camids[queries:],
        "query_frames": frames[:queries],
        "gallery_frames": frames[queries:],
    }


def by_loops(
    query: Tensor, gallery: Tensor, transitions: Transitions, ids: dict[str, Any], fusion: Any
) -> NDArray[np.float64]:
    """Distances (N, N) from the written definition."""
    features = torch.cat([query, gallery]).double()
    cosine = torch.cosine_similarity(features[:, None], features[None], dim=2).numpy()
    camids = [*ids["query_camids"], *ids["gallery_camids"]]
    frames = [*ids["query_frames"], *ids["gallery_frames"]]
    known = {int(camera): index for index, camera in enumerate(transitions.cameras)}
    published = isinstance(fusion, JointLogistic)
    table = (
        transitions.probability(sigma=fusion.sigma)
        if published
        else transitions.log_likelihood_ratio(sigma=fusion.sigma, uniform=fusion.uniform)
    )
    out = np.zeros_like(cosine)
    for i in range(len(features)):
        for j in range(len(features)):
            first, last = sorted((i, j), key=lambda item: (frames[item], camids[item]))
            index = min(int((frames[last] - frames[first]) / 100), table.shape[2] - 1)
            value = 0.0
            if camids[first] in known and camids[last] in known:
                value = table[known[camids[last]], known[camids[first]], index]
            if published:
                score = 1 / (1 + math.exp(-5 * cosine[i, j])) / (1 + 2 * math.exp(-5 * value))
            else:
                odds = fusion.sharpness * (cosine[i, j] - fusion.offset) + fusion.weight * value
                score = 1 / (1 + math.exp(-odds))
            out[i, j] = 2 - 2 * score
    return out


FUSIONS = [JointLogistic(sigma=5.0), LikelihoodRatio(sigma=5.0, weight=0.7)]


@pytest.mark.parametrize("fusion", FUSIONS, ids=lambda fusion: type(fusion).__name__)
def test_distances_follow_the_definition(
    people: Any, transitions: Transitions, fusion: Any
) -> None:
    query, gallery, *_ = people(9, 50)
    ids = case()
    joint = JointDistances(query, gallery, transitions=transitions, fusion=fusion, **ids)
    expected = by_loops(query, gallery, transitions, ids, fusion)
    whole = joint.block(slice(0, 59), slice(0, 59))
    np.testing.assert_allclose(whole, expected, atol=5e-6)
    np.testing.assert_array_equal(joint.block(slice(4, 30), slice(2, 59)).shape, (26, 57))
    np.testing.assert_allclose(joint.block(slice(4, 30), slice(2, 59)), whole[4:30, 2:], atol=1e-6)
    streamed = list(distance_blocks(joint, query_block=4))
    assert [rows.start for rows, _ in streamed] == [0, 4, 8]
    np.testing.assert_allclose(torch.cat([b for _, b in streamed]), whole[:9, 9:], atol=1e-6)
    rows, columns = torch.arange(59).repeat_interleave(59), torch.arange(59).repeat(59)
    pairs = joint.pairs(rows, columns).reshape(59, 59)
    np.testing.assert_allclose(pairs, whole, atol=5e-6)


def test_the_published_form_is_the_default(people: Any, transitions: Transitions) -> None:
    query, gallery, *_ = people(9, 50)
    joint = JointDistances(query, gallery, transitions=transitions, **case())
    expected = by_loops(query, gallery, transitions, case(), JointLogistic())
    _, block = next(distance_blocks(joint))
    np.testing.assert_allclose(block, expected[:9, 9:], atol=5e-6)


@pytest.mark.parametrize("fusion", FUSIONS, ids=lambda fusion: type(fusion).__name__)
def test_reranking_the_joint_distances_is_reranking_their_matrix(
    people: Any, transitions: Transitions, fusion: Any
) -> None:
    query, gallery, *_ = people(9, 150)
    ids = case(9, 150)
    joint = JointDistances(query, gallery, transitions=transitions, fusion=fusion, **ids)
    matrix = by_loops(query, gallery, transitions, ids, fusion)
    expected = k_reciprocal_from_distances(matrix[:9, 9:], matrix[:9, :9], matrix[9:, 9:], k1=8)
    torch.testing.assert_close(KReciprocal(k1=8).matrix(joint), expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("fusion", FUSIONS, ids=lambda fusion: type(fusion).__name__)
def test_time_finds_the_person_among_those_who_look_alike(
    transitions: Transitions, fusion: Any
) -> None:
    pids, camids, frames = walks(60, 9)
    generator = torch.Generator().manual_seed(0)
    looks = torch.randn(6, 24, generator=generator)  # ten people share each look
    features = looks[torch.from_numpy(pids) % 6] + 0.4 * torch.randn(180, 24, generator=generator)
    asked = camids == 1
    joint = JointDistances(
        features[asked],
        features[~asked],
        transitions=transitions,
        query_camids=camids[asked],
        gallery_camids=camids[~asked],
        query_frames=frames[asked],
        gallery_frames=frames[~asked],
        fusion=fusion,
    )
    _, block = next(distance_blocks(joint))
    found = pids[~asked][block.argmin(1).numpy()]
    cosine = torch.nn.functional.normalize(features, dim=1)
    alone = pids[~asked][(cosine[asked] @ cosine[~asked].T).argmax(1).numpy()]
    assert (alone == pids[asked]).mean() < 0.4
    assert (found == pids[asked]).mean() > (alone == pids[asked]).mean() + 0.25


def test_likelihoods_keep_apart_what_is_nearly_certain(transitions: Transitions) -> None:
    cosine = torch.tensor([0.999, 0.99])
    distance = LikelihoodRatio(sharpness=40.0).distance(cosine, torch.tensor([4.0, 4.0]))
    assert 0 < distance[0] < 0.9 * distance[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query_frames": [None] * 9}, "needs a frame number for every image; 9 of 9 have none"),
        ({"gallery_frames": np.zeros(3)}, r"query and gallery frames of shapes \(9,\) and \(50,\)"),
        ({"query_camids": np.ones(50)}, r"query and gallery camids of shapes \(9,\) and \(50,\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    people: Any, transitions: Transitions, change: dict[str, Any], message: str
) -> None:
    query, gallery, *_ = people(9, 50)
    with pytest.raises(ValueError, match=message):
        JointDistances(query, gallery, transitions=transitions, **{**case(), **change})
