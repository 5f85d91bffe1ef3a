"""What ranks a gallery: expansions, re-rankers and time, composed and streamed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from reid_eval.clocks import Clock, TimedTransitions, clock_of, published_clock
from reid_eval.embeddings import Embeddings
from reid_eval.evaluation import evaluate_protocol
from reid_eval.metrics import retrieval_metrics_from_blocks, retrieval_metrics_from_distances
from reid_eval.protocols import make_protocol
from reid_eval.ranked_lists import rerank_lists
from reid_eval.rerank import (
    GraphReranking,
    JointDistances,
    KReciprocal,
    LikelihoodRatio,
    QueryExpansion,
    distance_blocks,
    fit_transitions,
)
from reid_eval.reranking import Reranking, list_rerankers, parse_reranking
from reid_eval.scoring import Scoring

Make = Callable[..., Embeddings]


@pytest.fixture
def sides(make: Make) -> tuple[Embeddings, Embeddings]:
    """300 gallery images and 40 queries of 20 people by three cameras, with frames."""
    rng = np.random.default_rng(0)
    people = rng.normal(size=(20, 12))

    def side(rows: int, split: str) -> Embeddings:
        pids = rng.integers(0, 20, rows)
        camids = rng.integers(1, 4, rows)
        features = people[pids] + 1.2 * rng.normal(size=(rows, 12))
        made = make(features, pids.tolist(), camids.tolist(), split=split)
        frames = pids * 1000 + camids * 250 + rng.integers(0, 90, rows)
        table = made.table.assign(frame=frames, path=split + "/" + made.table["path"])
        return Embeddings(made.features, table, made.root, made.meta)

    return side(40, "query"), side(300, "gallery")


def from_matrix(distances: Any, query: Embeddings, gallery: Embeddings) -> Any:
    return retrieval_metrics_from_distances(
        np.asarray(distances),
        query.pids,
        gallery.pids,
        query_camids=query.camids,
        gallery_camids=gallery.camids,
    )


def measured(query: Embeddings, gallery: Embeddings, **scoring: Any) -> Any:
    how = Scoring(**scoring)
    return evaluate_protocol(query, gallery, make_protocol("image"), scoring=how).report


@pytest.mark.parametrize(
    ("text", "matrix"),
    [
        ("k-reciprocal:k1=8,k2=3", KReciprocal(8, 3)),
        ("gnn:k1=9,k2=4", GraphReranking(9, 4)),
        ("aqe:neighbours=3", QueryExpansion(3)),
        ("alpha-qe", QueryExpansion(5, 3.0)),
        ("dba", QueryExpansion(0, database_neighbours=5)),
        ("dba,alpha-qe:neighbours=2", QueryExpansion(2, 3.0, 5)),
    ],
)
def test_each_re_ranker_gives_the_metrics_of_its_matrix(
    sides: tuple[Embeddings, Embeddings], text: str, matrix: Any
) -> None:
    query, gallery = sides
    report = measured(query, gallery, reranking=parse_reranking(text))
    expected = from_matrix(matrix(query.features, gallery.features), query, gallery)
    np.testing.assert_allclose(report.average_precision, expected.average_precision, atol=1e-3)
    assert report.mAP == pytest.approx(expected.mAP, abs=1e-4)
    assert report.mAP > measured(query, gallery).mAP
    assert report.protocol["rerank"][0].startswith(text.partition(":")[0].partition(",")[0])
    assert report.protocol["metric"] == "cosine"


def test_blocks_are_evaluated_as_their_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    distances = torch.from_numpy(rng.integers(0, 9, (50, 30)).astype(np.float32))
    labels = rng.integers(0, 40, 50), rng.integers(0, 6, 30)
    cameras = {"query_camids": rng.integers(0, 3, 50), "gallery_camids": rng.integers(0, 3, 30)}
    expected = retrieval_metrics_from_distances(distances, *labels, **cameras)
    for block, run in ((7, 64), (50, 3), (1, 5), (16, 1)):
        monkeypatch.setattr("reid_eval.metrics.distances._BLOCK_BYTES", 8 * 30 * run)
        parts = [
            (slice(i, min(i + block, 50)), distances[i : i + block]) for i in range(0, 50, block)
        ]
        report = retrieval_metrics_from_blocks(iter(parts), *labels, **cameras)
        assert report.to_dict() == expected.to_dict()
    with pytest.raises(ValueError, match="expected blocks of all 50 queries in order"):
        retrieval_metrics_from_blocks(iter(parts[1:]), *labels, **cameras)
    broken = torch.full((50, 30), torch.nan)
    with pytest.raises(ValueError, match="finite"):
        retrieval_metrics_from_blocks([(slice(0, 50), broken)], *labels, **cameras)


@pytest.mark.parametrize("fusion", [None, LikelihoodRatio(sigma=2.0)])
@pytest.mark.parametrize("rerank", ["", "k-reciprocal:k1=8,k2=3"])
def test_time_composes_with_re_ranking(
    sides: tuple[Embeddings, Embeddings], fusion: Any, rerank: str
) -> None:
    query, gallery = sides
    frames = [side.table["frame"].to_numpy() for side in sides]
    found = fit_transitions(gallery.pids, gallery.camids, frames[1], bins=40, bin_width=10)
    timed = TimedTransitions(found, Clock("frames", {}), "walks")
    options = {} if fusion is None else {"fusion": fusion}
    report = measured(
        query, gallery, transitions=timed, reranking=parse_reranking(rerank), **options
    )
    joint = JointDistances(
        query.features,
        gallery.features,
        transitions=found,
        query_camids=query.camids,
        gallery_camids=gallery.camids,
        query_frames=frames[0],
        gallery_frames=frames[1],
        fusion=fusion,
    )
    blocks = KReciprocal(8, 3).blocks(joint) if rerank else distance_blocks(joint)
    expected = from_matrix(torch.cat([block for _, block in blocks]), query, gallery)
    np.testing.assert_allclose(report.average_precision, expected.average_precision, atol=1e-9)
    assert report.protocol["spatial_temporal"].startswith("walks: ")


def test_re_ranking_works_on_every_comparison_of_a_protocol(
    sides: tuple[Embeddings, Embeddings],
) -> None:
    query, gallery = sides
    how = Scoring(reranking=parse_reranking("k-reciprocal:k1=4,k2=2"))
    result = evaluate_protocol(query, gallery, make_protocol("centroid"), scoring=how)
    assert result.report.valid == 40
    assert np.isfinite(result.report.average_precision).all()


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("k-reciprokal", (), "no re-ranker is called 'k-reciprokal'; did you mean k-reciprocal?"),
        ("gnn:layer=1", (), "re-ranker gnn has no option 'layer'; did you mean layers?"),
        ("gnn", ("layer=1",), "gnn has no setting 'layer'; did you mean layers?"),
        ("k-reciprocal", ("k1",), "written KEY=VALUE, came 'k1'"),
        ("k-reciprocal", ("k1=many",), "k1 must be a whole number"),
        ("k-reciprocal:lambda_value=x", (), "lambda_value must be a number"),
        ("k-reciprocal,aqe", (), "re-ranks distances and comes last"),
        ("gnn,k-reciprocal", (), "re-ranks distances and comes last"),
        ("dba,aqe", ("neighbours=3",), "several steps have the setting 'neighbours'"),
        ("", ("k1=3",), "no re-ranking has no setting 'k1'; valid: none"),
        ("k-reciprocal:k1=0", (), "k1 and k2 must be at least 1"),
    ],
)
def test_what_cannot_be_done_is_refused(text: str, settings: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_reranking(text, settings=settings)


def test_settings_find_their_step() -> None:
    found = parse_reranking(
        "dba,k-reciprocal", settings=["k1=10", "neighbours=2", "lambda_value=0"]
    )
    assert found.steps == (
        "dba:neighbours=2,alpha=0.0",
        "k-reciprocal:k1=10,k2=6,lambda_value=0.0",
    )
    assert parse_reranking("") == Reranking()
    assert all(parse_reranking(name).steps for name in list_rerankers())


@pytest.mark.parametrize("rerank", ["gnn", "aqe", "dba,k-reciprocal"])
def test_euclidean_features_are_only_re_ranked_by_k_reciprocal(rerank: str) -> None:
    with pytest.raises(ValueError, match="works on cosine similarities, not Euclidean"):
        Scoring(metric="euclidean", reranking=parse_reranking(rerank))
    assert Scoring(metric="euclidean", reranking=parse_reranking("k-reciprocal")).metric


@pytest.mark.parametrize("top_k", [0, 7])
def test_lists_are_the_order_of_the_matrix(
    sides: tuple[Embeddings, Embeddings], top_k: int, tmp_path: Path
) -> None:
    query, gallery = sides
    how = Scoring(reranking=parse_reranking("k-reciprocal:k1=8,k2=3"))
    before, after, lists = rerank_lists(query, gallery, scoring=how, top_k=top_k)
    matrix = KReciprocal(8, 3)(query.features, gallery.features).numpy()
    for row in range(len(query)):
        own = (gallery.pids == query.pids[row]) & (gallery.camids == query.camids[row])
        order = np.argsort(matrix[row], kind="stable")
        expected = order[~own[order]][: top_k or None]
        found = lists.indices[row][lists.indices[row] >= 0]
        np.testing.assert_allclose(matrix[row][found], matrix[row][expected], atol=1e-6)
    assert before is not None
    assert after is not None
    assert after.report.mAP == pytest.approx(from_matrix(matrix, query, gallery).mAP, abs=1e-6)
    assert before.report.mAP == measured(query, gallery).mAP
    table = pd.read_parquet(lists.to_parquet(tmp_path / "lists.parquet"))
    assert list(table) == ["query", "rank", "path", "pid", "camid", "score", "distance"]
    np.testing.assert_allclose(table["distance"], -table["score"])


def test_lists_without_known_people_have_no_metrics(make: Make) -> None:
    rng = np.random.default_rng(2)
    query, gallery = make(rng.normal(size=(3, 4)), [-1] * 3), make(rng.normal(size=(9, 4)), [5] * 9)
    how = Scoring(reranking=parse_reranking("k-reciprocal:k1=2,k2=1"))
    before, after, lists = rerank_lists(query, gallery, scoring=how)
    assert before is after is None
    assert lists.indices.shape == (3, 9)


def market(frames: list[int], sequences: list[int], camids: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": [f"{row}.jpg" for row in range(len(frames))],
            "frame": frames,
            "sequence": sequences,
            "camid": camids,
        }
    )


def test_a_cumulative_clock_strings_sequences_together() -> None:
    table = market([10, 70, 5, 40, 8], [1, 1, 2, 3, 1], [1, 1, 1, 1, 2])
    clock = clock_of(table, "cumulative")
    # Camera 1: sequence 1 is 70 long and sequence 2 another 5.
    assert clock.read(table).tolist() == [10, 70, 75, 115, 8]
    with pytest.raises(ValueError, match="set without camera 2, sequence 9"):
        clock.read(market([1], [9], [2]))
    with pytest.raises(ValueError, match="needs sequence; these images have none"):
        clock_of(table.drop(columns="sequence"), "cumulative")


def test_other_clocks_read_their_column() -> None:
    table = market([10, 70], [1, 1], [1, 2]).assign(
        timestamp=[0.5, 2.0], path=["1_001_1_01.png", "1_001_2_06.png"]
    )
    assert clock_of(table, "frames").read(table).tolist() == [10, 70]
    assert clock_of(table, "timestamps").read(table).tolist() == [0.5, 2.0]
    assert clock_of(table, "names").read(table).tolist() == [1, 6]
    with pytest.raises(ValueError, match="needs a timestamp for every image; 1 of 2 have none"):
        Clock("timestamps", {}).read(table.assign(timestamp=[0.5, np.nan]))
    with pytest.raises(ValueError, match="number at the end of every image's name, came face"):
        Clock("names", {}).read(table.assign(path=["face.png", "1.png"]))
    assert published_clock("market1501") == "cumulative"
    assert published_clock("ltcc") is None


def test_the_file_loads_back_and_no_other_does(tmp_path: Path) -> None:
    table = market([10, 70, 5, 40], [1, 2, 1, 2], [1, 1, 2, 2])
    clock = clock_of(table, "cumulative")
    found = fit_transitions([1, 2, 1, 2], table["camid"], clock.read(table), bins=9)
    saved = TimedTransitions(found, clock, "market1501")
    back = TimedTransitions.load(saved.save(tmp_path / "deep" / "st.npz"))
    assert (back.clock, back.data) == (clock, "market1501")
    np.testing.assert_array_equal(back.transitions.same, found.same)
    assert back.transitions.bin_width == found.bin_width
    np.savez(tmp_path / "other.npz", format=np.array("something"))
    (tmp_path / "text.npz").write_text("no archive")
    found.save(tmp_path / "bare.npz")
    for name in ("other", "text", "bare"):
        with pytest.raises(ValueError, match="no file of camera transitions"):
            TimedTransitions.load(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError):
        TimedTransitions.load(tmp_path / "none.npz")
