"""Protocols of video: tracklets, and re-association after a gap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_eval import evaluate
from reid_eval.evaluation import evaluate_protocol
from reid_eval.protocols import Reassociation, make_protocol, pool_tracklets


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_pooling_is_a_loop_over_tracklets(
    tools: Any, pooling: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reid_eval.protocols.tracklet._ROWS", 5)
    rng = np.random.default_rng(0)
    tracklets = rng.integers(0, 6, 30)
    frames = tools.build(
        rng.normal(size=(30, 3)), pid=tracklets // 2, camid=tracklets % 2 + 1, tracklet=tracklets
    )
    pooled = pool_tracklets(frames, pooling=pooling)
    assert sorted(pooled.table["tracklet"]) == list(range(6))
    assert pooled.table["frames"].sum() == 30
    for row, tracklet in enumerate(pooled.table["tracklet"]):
        inside = frames.features[tracklets == tracklet].astype(np.float64)
        expected = inside.mean(0) if pooling == "mean" else inside.max(0)
        np.testing.assert_allclose(pooled.features[row], expected, rtol=1e-6)
        assert (pooled.pids[row], pooled.camids[row]) == (tracklet // 2, tracklet % 2 + 1)


def test_a_frame_without_a_tracklet_stands_alone(tools: Any) -> None:
    frames = tools.build(
        [[1.0], [2.0], [3.0], [5.0]], pid=[0, 1, 0, 1], tracklet=[None, 7, None, 7]
    )
    pooled = pool_tracklets(frames)
    assert pooled.features.tolist() == [[1.0], [3.5], [3.0]]


@pytest.mark.parametrize("columns", [{"pid": [1, 2]}, {"pid": [1, 1], "camid": [1, 2]}])
def test_a_tracklet_is_one_person_at_one_camera(tools: Any, columns: dict[str, Any]) -> None:
    frames = tools.build(np.eye(2), tracklet=[4, 4], **columns)
    with pytest.raises(ValueError, match="tracklet 4 has images of two"):
        pool_tracklets(frames)


def test_tracklets_are_ranked_as_images_are(tools: Any) -> None:
    rng = np.random.default_rng(1)

    def side(split: str, first: int) -> Any:
        tracklets = np.repeat(np.arange(12), 3)
        return tools.build(
            rng.normal(size=(36, 4)),
            split=split,
            pid=tracklets % 4,
            camid=tracklets // 4 + 1,
            tracklet=tracklets + first,
        )

    query, gallery = side("query", 0), side("gallery", 50)
    result = evaluate_protocol(query, gallery, make_protocol("tracklet"))
    expected = evaluate(pool_tracklets(query), pool_tracklets(gallery))
    np.testing.assert_array_equal(result.report.average_precision, expected.average_precision)
    assert len(result.trials[0].queries) == 12


def test_clothes_may_change_between_tracklets(tools: Any) -> None:
    query = tools.build(
        [[2.0, 0.0], [0.0, 0.0]],
        split="query",
        pid=[1, 1],
        camid=[1, 1],
        clothes_id=[0, 0],
        tracklet=[0, 0],
    )
    gallery = tools.build(
        [[1.0, 0.0], [1.0, 0.2], [1.0, 0.1]],
        pid=[1, 1, 2],
        camid=[2, 2, 2],
        clothes_id=[0, 1, 0],
        tracklet=[1, 2, 3],
    )
    protocol = make_protocol("cloth-changing:unit=tracklet")
    assert evaluate_protocol(query, gallery, protocol).report.first_hit_rank.tolist() == [2]
    with pytest.raises(ValueError, match="needs tracklet for every image"):
        protocol.check(query.table.drop(columns="tracklet"), gallery.table)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_reassociation_is_its_loop(tools: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    video = tools.build(
        rng.integers(-3, 4, (30, 3)),
        pid=np.arange(30) % 4,
        sequence=np.arange(30) % 4 // 2,
        frame=rng.permutation(30) // 2,
    )
    protocol = Reassociation(gap=6, every=2)
    result = evaluate_protocol(video, video, protocol)
    trial = result.trials[0]
    asked: dict[int, int] = {}
    paths = []
    for row in np.argsort(video.table["frame"].to_numpy(np.int64), kind="stable"):
        pid, frame = int(video.pids[row]), int(video.table["frame"].iloc[row])
        if pid not in asked or frame - asked[pid] >= 2:
            asked[pid] = frame
            paths.append(video.table["path"].iloc[row])
    assert trial.queries["path"].tolist() == sorted(paths)
    for row, (_, query) in enumerate(trial.queries.iterrows()):
        inside = (video.table["sequence"] == query["sequence"]).to_numpy()
        one = video.take((video.table["path"] == query["path"]).to_numpy())
        expected = tools.naive(
            one, video.take(inside), lambda a, b: abs(a["frame"] - b["frame"]) < 6
        )[0]
        if expected is None:
            assert trial.report.skip_reason[row] == "protocol's filter"
        else:
            assert trial.report.average_precision[row] == pytest.approx(expected[0])
            assert trial.report.first_hit_rank[row] == expected[1]


def test_reassociation_by_hand(tools: Any) -> None:
    """In frame 40 the person of frame 0 comes back, looking more like somebody else of then."""
    video = tools.build(
        [[1.0, 0.0], [1.0, 0.1], [1.0, 0.5], [1.0, 0.4]],
        pid=[1, 1, 1, 2],
        frame=[0, 10, 40, 0],
    )
    result = evaluate_protocol(video, video, Reassociation(gap=30))
    report = result.report
    # Frame 0 finds frame 40 behind person 2, not frame 10; frame 40 finds frames 0 and 10.
    assert result.trials[0].queries["frame"].tolist() == [0, 40, 0]
    assert report.first_hit_rank.tolist() == [2, 2, 0]
    assert report.average_precision[1] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert report.skipped == {"protocol's filter": 1}


def test_video_needs_frames_and_a_gap(tools: Any) -> None:
    table = tools.build(np.eye(2), pid=[1, 1]).table
    with pytest.raises(ValueError, match=r"needs frame for every image.*reid-data crops"):
        make_protocol("reassociation").check(table, table)
    with pytest.raises(ValueError, match="gap must be 1 or more"):
        make_protocol("reassociation:gap=0")
    with pytest.raises(ValueError, match=r"needs tracklet for every image.*mars"):
        make_protocol("tracklet").check(table, table)
