"""Tracks: the filter against matrices, the assignment against all permutations, and who is who."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_attr.video import Detections, Tracker, TrackerOptions, kalman
from reid_attr.video.association import LooksGate, assign, costs_of
from reid_attr.video.detections import overlaps

WALK = np.array([[100.0, 50, 130, 130]])  # 30 wide, 80 high


def found(boxes: list[list[float]] | np.ndarray, scores: list[float] | None = None) -> Detections:
    table = np.array(boxes, np.float32).reshape(-1, 4)
    sure = np.ones(len(table)) if scores is None else scores
    return Detections(table, np.array(sure, np.float32))


def walk(start: tuple[float, float], speed: tuple[float, float], frame: int) -> list[float]:
    left, top = start[0] + speed[0] * frame, start[1] + speed[1] * frame
    return [left, top, left + 30, top + 80]


def test_overlap_is_that_of_counted_pixels() -> None:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 20, (2, 12, 2))
    boxes = np.concatenate([corners.min(axis=0), corners.max(axis=0)], axis=1)
    canvas = np.zeros((12, 20, 20), bool)
    for mask, (left, top, right, bottom) in zip(canvas, boxes, strict=True):
        mask[top:bottom, left:right] = True
    for one in range(12):
        for two in range(12):
            either = (canvas[one] | canvas[two]).sum()
            expected = (canvas[one] & canvas[two]).sum() / either if either else 0.0
            assert overlaps(boxes, boxes)[one, two] == pytest.approx(expected)


def test_the_filter_is_the_textbook_one_of_eight_states() -> None:
    rng = np.random.default_rng(1)
    motion = kalman.start(kalman.to_places(WALK))
    height = motion.place[0, 3]
    mean = np.concatenate([motion.place[0], np.zeros(4)])
    spread = np.diag([(height / 10) ** 2] * 4 + [(height / 16) ** 2] * 4)
    step, view = np.eye(8), np.eye(4, 8)
    step[:4, 4:] = np.eye(4)
    for _ in range(5):
        height = mean[3]
        noise = np.diag([(height / 20) ** 2] * 4 + [(height / 160) ** 2] * 4)
        mean, spread = step @ mean, step @ spread @ step.T + noise
        seen = motion.place + rng.normal(3, 2, (1, 4))
        motion = kalman.predict(motion)
        rest = view @ spread @ view.T + np.diag([(mean[3] / 20) ** 2] * 4)
        miss = seen[0] - view @ mean
        far = miss @ np.linalg.solve(rest, miss)
        assert kalman.surprise(motion, seen)[0, 0] == pytest.approx(far)
        gain = spread @ view.T @ np.linalg.inv(rest)
        motion = kalman.update(motion, seen)
        mean, spread = mean + gain @ miss, (np.eye(8) - gain @ view) @ spread
        assert motion.place[0] == pytest.approx(mean[:4])
        assert motion.speed[0] == pytest.approx(mean[4:])
        assert motion.covariance[0, :, 0] == pytest.approx(np.diag(spread)[:4])
        assert motion.covariance[0, :, 1] == pytest.approx(np.diag(spread[:4, 4:]))
        assert motion.covariance[0, :, 2] == pytest.approx(np.diag(spread)[4:])


@settings(max_examples=60, deadline=None)
@given(
    costs=st.lists(
        st.lists(st.sampled_from([0.1, 0.25, 0.5, 0.9, np.inf]), min_size=3, max_size=3),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_assignment_takes_most_pairs_and_of_those_the_cheapest(costs: list[list[float]]) -> None:
    table = np.array(costs)
    wide = table if len(table) <= 3 else table.T
    ways = [
        [wide[row, column] for row, column in enumerate(order[: len(wide)])]
        for order in permutations(range(wide.shape[1]), len(wide))
    ]
    finite = [[cost for cost in way if np.isfinite(cost)] for way in ways]
    best = min((-len(way), sum(way)) for way in finite)
    pairs = assign(table)
    assert (-len(pairs), sum(table[pair] for pair in pairs)) == pytest.approx(best)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


def test_people_who_cross_keep_their_tracks() -> None:
    tracker = Tracker()
    numbers = []
    for frame in range(60):
        two = [walk((0, 50), (6, 0), frame), walk((360, 56), (-6, 0), frame)]
        order = [0, 1] if frame % 2 else [1, 0]  # the order of boxes means nothing
        numbers.append(tracker.update(found([two[each] for each in order]))[np.argsort(order)])
    assert {tuple(each) for each in numbers} == {tuple(numbers[0])}
    assert sorted(numbers[0]) == [1, 2]


def test_somebody_hidden_for_a_while_is_the_same_after_it() -> None:
    tracker = Tracker(TrackerOptions(gap=12))
    seen = []
    for frame in range(40):
        hidden = 15 <= frame < 25
        seen += tracker.update(found([] if hidden else [walk((20, 40), (4, 0), frame)])).tolist()
    assert set(seen) == {1}


def test_somebody_gone_for_longer_is_somebody_new() -> None:
    tracker = Tracker(TrackerOptions(gap=12))
    numbers = []
    for frame in range(40):
        hidden = 15 <= frame < 30
        numbers.append(tracker.update(found([] if hidden else [walk((20, 40), (0, 0), frame)])))
    assert {int(each[0]) for each in numbers[:15]} == {1}
    # the first sight of a new one may be a mistake of the detector, the second counts
    assert numbers[30].tolist() == [-1]
    assert {int(each[0]) for each in numbers[31:]} == {2}


def test_a_single_false_alarm_becomes_no_track() -> None:
    tracker = Tracker()
    for frame in range(10):
        boxes = [walk((20, 40), (3, 0), frame)] + ([[400, 10, 430, 90]] if frame == 5 else [])
        numbers = tracker.update(found(boxes))
        assert numbers.tolist() == ([1, -1] if frame == 5 else [1])


def test_births_are_numbered_without_gaps_in_their_order() -> None:
    tracker = Tracker()
    for frame in range(12):
        people = [walk((0, 20 + 90 * who), (3, 0), frame) for who in range(1 + frame // 3)]
        last = tracker.update(found(people))
    assert last.tolist() == [1, 2, 3, 4]


def test_unsure_boxes_carry_tracks_on_and_begin_none() -> None:
    tracker = Tracker()
    for frame in range(20):
        score = 0.3 if 5 <= frame < 15 else 0.9
        both = [walk((0, 20), (3, 0), frame), walk((300, 20), (3, 0), frame)]
        numbers = tracker.update(found(both, [score, 0.3]))
        assert numbers.tolist() == [1, -1]


def test_boxes_below_the_least_score_are_nothing() -> None:
    tracker = Tracker()
    tracker.update(found([walk((0, 20), (0, 0), 0)], [0.9]))
    assert tracker.update(found([walk((0, 20), (0, 0), 1)], [0.05])).tolist() == [-1]


def test_frames_left_out_move_people_as_far_as_time_does() -> None:
    """Every fifth frame: nothing overlaps with the box before, but with where it is expected."""
    tracker = Tracker(TrackerOptions(overlap=0.5))
    for frame in range(6):
        tracker.update(found([walk((0, 20), (4, 0), frame)]))
    assert tracker.update(found([walk((0, 20), (4, 0), 15)]), frames=10).tolist() == [1]
    without_time = Tracker(TrackerOptions(overlap=0.5))
    for frame in range(6):
        without_time.update(found([walk((0, 20), (4, 0), frame)]))
    assert without_time.update(found([walk((0, 20), (4, 0), 15)])).tolist() == [-1]


def turning(frame: int) -> list[list[float]]:
    """Two meet at frame 10, are hidden until 16, and go back where they came from."""
    gone = frame if frame < 13 else 26 - frame
    return [walk((40, 50), (6, 0), gone), walk((196, 50), (-6, 0), gone)]


@pytest.mark.parametrize("with_looks", [False, True])
def test_looks_tell_two_apart_who_turn_back_behind_a_tree(with_looks: bool) -> None:
    """The hand-worked switch: by motion alone each is taken for the other."""
    tracker = Tracker()
    looks = np.array([[1, 0.2, 0], [0, 0.2, 1]], np.float32)
    for frame in range(27):
        hidden = 10 <= frame < 17
        numbers = tracker.update(
            found([] if hidden else turning(frame)),
            looks=(looks[:0] if hidden else looks) if with_looks else None,
        )
        if not hidden:
            last = numbers.tolist()
    assert last == ([1, 2] if with_looks else [2, 1])


def test_looks_that_differ_never_match_even_in_one_place() -> None:
    motion = kalman.start(kalman.to_places(WALK))
    boxes = WALK.astype(np.float32)
    for distance, expected in ((0.1, 0.05), (0.8, np.inf), (np.nan, 0.0)):
        costs = costs_of(
            motion, boxes, least_overlap=0.2, distances=np.array([[distance]]), gate=LooksGate()
        )
        assert costs[0, 0] == pytest.approx(expected)


def test_looks_alike_do_not_match_across_the_frame() -> None:
    motion = kalman.start(kalman.to_places(WALK))
    same = np.zeros((1, 1))
    near, far = (np.add(WALK, [shift, 0, shift, 0]).astype(np.float32) for shift in (20, 300))
    assert np.isfinite(costs_of(motion, near, least_overlap=0.9, distances=same)).all()
    assert np.isinf(costs_of(motion, far, least_overlap=0.9, distances=same)).all()


@pytest.mark.parametrize("options", [{"least": 0.6}, {"gap": -1}, {"memory": 1.0}])
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected 0 <= least <= sure"):
        TrackerOptions(**options)  # type: ignore[arg-type]


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected boxes \(N, 4\)"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(3, np.float32))
