"""Full frames of several people: perspective, occlusion, time, and the truth about all of them."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise
from math import pi

import numpy as np
import pytest

from reid_data.synth.cameras import sample_cameras
from reid_data.synth.frames import Film, Frame, Sighting
from reid_data.synth.passages import Passage, plan_passages
from reid_data.synth.people import sample_person
from reid_data.synth.places import furnish
from reid_data.synth.routes import FRAME_RATE
from reid_data.synth.streets import Street, sample_street

CAMERAS = sample_cameras(3, seed=5)
STREETS = [sample_street(camera.camid, seed=5, height=176, width=320) for camera in CAMERAS]
STREET = STREETS[0]


def standing(pid: int, x: float, z: float, *, swing: float = 0.01) -> Passage:
    """Somebody who walks so slowly away from (x, z) that it looks like standing."""
    points = np.array([[x, z], [x + 50, z]])
    person = sample_person(pid, seed=5)
    return Passage(person, 1, 0.0, points, 0.01, 0.3, swing, 1.0)


def film(*passages: Passage, street: Street = STREET, frames: int = 3) -> Film:
    return Film(CAMERAS[street.camid - 1], street, passages, frames)


def only(frame: Frame) -> Sighting:
    (sighting,) = frame.sightings
    return sighting


def differs(one: Frame, other: Frame) -> np.ndarray:
    """Where two frames of one number differ; their noise is the same."""
    return np.abs(one.image.astype(int) - other.image.astype(int)).max(axis=2) > 12


def free_depth() -> float:
    """A distance before everything that stands in the street."""
    return min(
        [1.9 * STREET.near, *(0.97 * it.depth for it in furnish(STREET, CAMERAS[0]).fixtures)]
    )


def test_farther_people_are_smaller_and_stand_higher() -> None:
    z = STREET.near * 1.1
    near, far = (only(film(standing(1, 0.0, depth)).frame(0)) for depth in (z, 1.8 * z))
    assert far.box[3] < 0.7 * near.box[3]
    assert far.box[1] + far.box[3] < near.box[1] + near.box[3]
    assert far.keypoints[:, 1].max() < near.keypoints[:, 1].max()
    for sighting in (near, far):
        foot = STREET.foot(0.0, sighting.depth)
        bottom = sighting.box[1] + sighting.box[3]
        assert abs(bottom - foot[1]) < 0.12 * sighting.box[3]
        assert abs(sighting.box[3] / STREET.scale(sighting.depth) - 1) < 0.2


def test_a_box_is_as_large_as_what_is_painted() -> None:
    frame = film(standing(2, 0.3, free_depth())).frame(0)
    left, top, width, height = only(frame).box
    rows, columns = np.nonzero(differs(frame, film().frame(0)))
    # the shadow lies beside the feet, and the lens blurs by a pixel
    body = rows < top + 0.9 * height
    assert abs(rows.min() - top) <= 2
    assert abs(columns[body].min() - left) <= 2
    assert abs(columns[body].max() - (left + width - 1)) <= 2
    assert only(frame).visibility == 1.0
    inside = only(frame).keypoints - np.array([left, top])
    assert (inside > -0.05 * height).all()
    assert (inside < np.array([width, height]) + 0.05 * height).all()


@pytest.mark.parametrize("aside", [0.0, 0.08, 0.2, 0.5])
def test_visibility_is_the_share_that_one_sees(aside: float) -> None:
    z = free_depth()
    behind, before = standing(1, 0.0, z), standing(2, aside, z / 1.15)
    both, front, back = (film(*who).frame(0) for who in ((behind, before), (before,), (behind,)))
    seen = {sighting.pid: sighting.visibility for sighting in both.sightings}
    expected = differs(both, front).sum() / differs(back, film().frame(0)).sum()
    assert seen[2] == 1.0
    assert seen[1] == pytest.approx(expected, abs=0.12)
    assert only(back).visibility == 1.0


def test_what_reaches_out_of_the_picture_is_not_seen() -> None:
    z = free_depth()
    edge = only(film(standing(1, STREET.edge(z), z)).frame(0))
    assert 0.2 < edge.visibility < 0.8
    assert edge.box[0] < 320 < edge.box[0] + edge.box[2]
    whole = only(film(standing(1, 0.0, z)).frame(0))
    assert edge.box[2] == pytest.approx(whole.box[2], abs=3)
    assert not film(standing(1, 1.5 * STREET.edge(z), z)).frame(0).sightings


def test_things_hide_who_walks_behind_them() -> None:
    seed, hidden = 0, []
    while not hidden:
        seed += 1
        camera = replace(CAMERAS[0], seed=seed)
        things = [it for it in furnish(STREET, camera).fixtures if it.kind == "car"]
        for thing in things:
            columns = thing.window[1]
            z = thing.depth * 1.02
            middle = (columns.start + columns.stop) / 2 - STREET.width / 2
            passage = standing(1, middle * z / STREET.focal, z)
            hidden = list(Film(camera, STREET, [passage], 1).frame(0).sightings)
    assert hidden[0].visibility < 0.75


def test_feet_keep_their_place_while_they_bear() -> None:
    """A step moves the body by as much as the bearing foot falls behind."""
    walker = standing(3, -1.0, 1.5 * STREET.near, swing=1.0)
    walker = replace(walker, cadence=0.25)
    length = (walker.at(1, STREET).x - walker.at(0, STREET).x) * 2 * pi / walker.cadence  # type: ignore[union-attr]
    assert length == pytest.approx(0.78 * walker.person.body.stride, rel=1e-3)
    phases = [walker.at(frame, STREET).stance.phase for frame in range(4)]  # type: ignore[union-attr]
    assert np.diff(phases) == pytest.approx([0.25] * 3)


def test_people_come_to_one_camera_after_the_other() -> None:
    passages = plan_passages(range(1, 41), STREETS, frames=1500, seed=5)
    gaps: dict[tuple[int, int], list[float]] = {}
    for pid in range(1, 41):
        mine = [each for each in passages if each.pid == pid]
        assert len({each.camid for each in mine}) == len(mine) >= 1
        assert mine[0].start < 1500
        for one, following in pairwise(mine):
            assert following.start > one.end
            pair = (one.camid, following.camid)
            gaps.setdefault(pair, []).append((following.start - one.end) / FRAME_RATE)
    means = {pair: np.mean(times) for pair, times in gaps.items() if len(times) > 2}
    assert len(means) > 2
    # the time belongs to the two cameras: it differs between pairs more than within one
    assert np.std(list(means.values())) > 2 * np.mean([np.std(gaps[pair]) for pair in means])


def test_a_frame_depends_on_nothing_drawn_before() -> None:
    passages = plan_passages(range(1, 10), STREETS, frames=40, seed=5)
    recorded = Film(CAMERAS[0], STREET, passages, 40)
    frames = {frame.number: frame for frame in recorded if frame.number in (0, 20, 39)}
    furnish.cache_clear()
    again = pickle.loads(pickle.dumps(recorded)).frame(20)
    assert (again.image == frames[20].image).all()
    assert [it.box for it in again.sightings] == [it.box for it in frames[20].sightings]
    assert (frames[0].image != frames[39].image).any()
    with pytest.raises(IndexError, match="expected a frame from 0 to 39, got 40"):
        recorded.frame(40)


def test_dancers_wear_one_costume_and_two_teams_play_in_every_camera() -> None:
    dancers = plan_passages(range(1, 7), STREETS[:1], frames=200, seed=5, moves="dance")
    assert len({each.person.outfit for each in dancers}) == 1
    assert len({each.person.body for each in dancers}) == 6
    assert all(each.at(199, STREET) for each in dancers)
    players = plan_passages(range(1, 13), STREETS[:2], frames=200, seed=5, moves="run")
    for camid in (1, 2):
        assert len({each.person.outfit for each in players if each.camid == camid}) == 2
    assert all(each.at(199, STREETS[each.camid - 1]) for each in players)
    with pytest.raises(ValueError, match="expected a camera and a frame or more"):
        plan_passages([1], STREETS, frames=0, seed=5)
