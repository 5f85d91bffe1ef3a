"""The plan: outfits over days, routes through cameras, walks; and that the usual plan stays."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from reid_data.synth.plan import Shot, plan_shots
from reid_data.synth.routes import DAY, FRAME_RATE, sample_transitions

CAMERAS = 6


def planned(people: int = 20, **more) -> list[Shot]:
    arguments = {
        "identities": people,
        "test_identities": people,
        "cameras": CAMERAS,
        "images_per_camera": 2,
        "distractors": 10,
        "seed": 3,
    }
    return plan_shots(**arguments | more)


def known(shots: list[Shot]) -> list[Shot]:
    return [shot for shot in shots if shot.split in ("train", "query", "gallery")]


def test_outfits_and_walks_leave_the_pictures_of_the_usual_plan() -> None:
    usual = planned()
    assert all(shot.outfit == 0 and shot.tracklet == -1 and shot.step == 0 for shot in usual)
    assert all(shot.timestamp == shot.frame / FRAME_RATE for shot in usual)
    dressed = planned(outfits=3)
    assert [replace(shot, outfit=0, timestamp=shot.frame / FRAME_RATE) for shot in dressed] == usual
    keys = [(s.split, s.pid, s.camid, s.index) for s in planned(tracklet_length=4)[::4]]
    assert keys == [(s.split, s.pid, s.camid, s.index) for s in usual]


@pytest.mark.parametrize("outfits", [2, 3])
def test_every_query_has_the_same_and_other_clothes_in_other_cameras(outfits: int) -> None:
    shots = known(planned(outfits=outfits))
    gallery = [shot for shot in shots if shot.split == "gallery"]
    for query in (shot for shot in shots if shot.split == "query"):
        mine = [s for s in gallery if s.pid == query.pid and s.camid != query.camid]
        assert any(s.outfit == query.outfit for s in mine)
        assert any(s.outfit != query.outfit for s in mine)
    assert all(shot.timestamp // DAY == shot.outfit for shot in shots)


def test_the_camera_does_not_tell_the_outfit() -> None:
    shots = known(planned(people=300, outfits=2))
    for camid in range(1, CAMERAS + 1):
        worn = [shot.outfit for shot in shots if shot.camid == camid]
        assert 0.42 < np.mean(worn) < 0.58


@pytest.mark.parametrize("change", [0.0, 0.25, 0.6, 1.0])
def test_outfit_change_is_the_share_of_visits_in_another_outfit(change: float) -> None:
    shots = known(planned(people=200, outfits=4, outfit_change=change))
    visits = {(shot.pid, shot.camid): shot.outfit for shot in shots}
    changed = np.mean([outfit > 0 for outfit in visits.values()])
    assert changed == pytest.approx(change, abs=0.02)


def test_more_change_keeps_the_changes_of_less() -> None:
    few = known(planned(outfits=3, outfit_change=0.3))
    many = known(planned(outfits=3, outfit_change=0.7))
    for less, more in zip(few, many, strict=True):
        assert less.outfit in (0, more.outfit)


def legs(shots: list[Shot]) -> dict[tuple[int, int], list[float]]:
    """Seconds between leaving one camera and entering the next, by ordered pair."""
    visits: dict[int, list[tuple[float, float, int]]] = defaultdict(list)
    times = defaultdict(list)
    for shot in known(shots):
        times[shot.pid, shot.camid].append(shot.timestamp)
    for (pid, camid), seen in times.items():
        visits[pid].append((min(seen), max(seen), camid))
    taken = defaultdict(list)
    for route in visits.values():
        route.sort()
        for (_, left, first), (entered, _, second) in pairwise(route):
            taken[first, second].append(entered - left)
    return taken


def test_times_between_cameras_are_those_of_the_model() -> None:
    model = sample_transitions(4, seed=3)
    taken = legs(planned(people=200, cameras=4, transitions=True))
    assert set(taken) == {(a, b) for a in range(1, 5) for b in range(1, 5) if a != b}
    for (first, second), seconds in taken.items():
        assert np.mean(seconds) == pytest.approx(model.means[first - 1][second - 1], rel=0.08)
        assert np.std(np.log(seconds)) == pytest.approx(model.spread, rel=0.35)
    means = sorted(mean for row in model.means for mean in row if mean)
    assert len(set(means)) == 12
    assert means[-1] > 10 * means[0]


def test_walks_too_keep_the_times_between_cameras() -> None:
    model = sample_transitions(4, seed=3)
    taken = legs(planned(people=100, cameras=4, transitions=True, tracklet_length=16))
    for (first, second), seconds in taken.items():
        assert np.mean(seconds) == pytest.approx(model.means[first - 1][second - 1], rel=0.12)


def shift_ranks(shots: list[Shot], *, cameras: int) -> float:
    """How often a true match fits the times of training people better than a false one."""
    width, bins = 20.0, 400
    edges = np.arange(-bins, bins + 1) * width
    by_person: dict[int, dict[int, float]] = defaultdict(dict)
    for shot in known(shots):
        by_person[shot.pid].setdefault(shot.camid, shot.frame / FRAME_RATE)
    people = sorted(by_person)
    train, test = people[: len(people) // 2], people[len(people) // 2 :]
    won, total = 0.0, 0
    smooth = np.exp(-0.5 * (np.arange(-9, 10) / 3.0) ** 2)
    for a in range(1, cameras + 1):
        for b in range(a + 1, cameras + 1):
            delays = [by_person[pid][b] - by_person[pid][a] for pid in train]
            seen = np.convolve(np.histogram(delays, edges)[0], smooth, mode="same")
            first = np.array([by_person[pid][a] for pid in test])
            second = np.array([by_person[pid][b] for pid in test])
            place = np.digitize(second[None, :] - first[:, None], edges) - 1
            score = seen[np.clip(place, 0, len(seen) - 1)]
            true, false = np.diag(score)[:, None], score[~np.eye(len(test), dtype=bool)]
            won += (true > false).sum() + 0.5 * (true == false).sum()
            total += true.size * false.size
    return won / total


def test_times_learned_from_some_people_recognise_others() -> None:
    on_routes = planned(people=100, cameras=4, transitions=True)
    assert shift_ranks(on_routes, cameras=4) > 0.8
    assert shift_ranks(planned(people=100, cameras=4), cameras=4) < 0.6


def test_frames_and_timestamps_tell_one_time() -> None:
    shots = planned(outfits=2, transitions=True, tracklet_length=3)
    for shot in shots:
        assert shot.timestamp % DAY == pytest.approx(shot.frame / FRAME_RATE)
        assert 0 <= shot.frame < 1_000_000


def test_a_walk_is_one_after_the_other_in_one_place() -> None:
    shots = planned(tracklet_length=5, transitions=True, outfits=2)
    walks = defaultdict(list)
    for shot in shots:
        walks[shot.tracklet].append(shot)
    assert sorted(walks) == list(range(len(shots) // 5))
    for walk in walks.values():
        assert [shot.step for shot in walk] == [0, 1, 2, 3, 4]
        assert [shot.frame - walk[0].frame for shot in walk] == [0, 1, 2, 3, 4]
        assert len({(s.split, s.pid, s.camid, s.index, s.outfit) for s in walk}) == 1
    named = {(shot.split == "junk", shot.pid, shot.camid, shot.frame) for shot in shots}
    assert len(named) == len(shots)


def test_neither_time_nor_order_tells_the_identity() -> None:
    shots = [s for s in planned(people=300, transitions=True) if s.split == "train"]
    first = [s.timestamp for s in shots if s.camid == 1 and s.index == 0]
    assert abs(np.corrcoef(first, np.arange(len(first)))[0, 1]) < 0.15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outfits": 0}, "outfits: expected at least 1, got 0"),
        ({"outfits": 2, "outfit_change": 1.5}, "outfit_change: expected a share from 0 to 1"),
        ({"outfit_change": 0.5}, "outfit_change needs outfits of at least 2"),
        ({"tracklet_length": -1}, "tracklet_length: expected at least 0"),
    ],
)
def test_bad_plans_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        planned(**change)
