"""Slices against evaluating anew with everything else left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reid_eval import evaluate, retrieval_metrics
from reid_eval.embeddings import Embeddings
from reid_eval.statistics import read_sidecar, slice_report

Make = Callable[..., Embeddings]


@pytest.fixture
def people(make: Make) -> tuple[Embeddings, Embeddings]:
    """12 people by 3 cameras in 2 outfits; features of small integers, so that ties are many."""
    generator = np.random.default_rng(0)

    def side(rows: int) -> Embeddings:
        pids = generator.integers(12, size=rows)
        features = np.eye(12)[pids] * 2 + generator.integers(-1, 2, (rows, 12))
        made = make(features, pids, generator.integers(3, size=rows))
        outfit, frame = generator.integers(2, size=rows), generator.integers(2000, size=rows)
        table = made.table.assign(
            clothes_id=pd.array(outfit, "Int64"), frame=frame, hat=np.where(pids < 6, "yes", "no")
        )
        return Embeddings(made.features, table, made.root, made.meta)

    return side(60), side(300)


def again(query: Embeddings, gallery: Embeddings, kept: np.ndarray) -> tuple[float, int]:
    """mAP, query by query, in a gallery without the matches that are not kept."""
    values = []
    for row in range(len(query)):
        same = gallery.pids == query.pids[row]
        hidden = same & (gallery.camids == query.camids[row])
        rest = np.flatnonzero(~same | (same & ~hidden & kept[row]))
        if not (same & ~hidden & kept[row]).any():
            continue
        one = retrieval_metrics(
            query.features[[row]],
            gallery.features[rest],
            query.pids[[row]],
            gallery.pids[rest],
        )
        values.append(one.mAP)
    return float(np.mean(values)), len(values)


def test_slices_are_what_evaluating_anew_without_the_other_matches_gives(
    people: tuple[Embeddings, Embeddings],
) -> None:
    query, gallery = people
    report = evaluate(query, gallery)
    same = query.table["clothes_id"].to_numpy(int)[:, None] == gallery.table["clothes_id"].to_numpy(
        int
    )
    gap = np.abs(query.table["frame"].to_numpy()[:, None] - gallery.table["frame"].to_numpy())
    expected = {
        "same clothes": same,
        "other clothes": ~same,
        "camera 0 to 2": (query.camids[:, None] == 0) & (gallery.camids == 2),
        "camera 1": (query.camids[:, None] == 1) & np.ones((1, 300), bool),
        "0 to 99 frames": gap < 100,
        "100 to 999 frames": (gap >= 100) & (gap < 1000),
        "hat yes": (query.table["hat"] == "yes").to_numpy()[:, None] & np.ones((1, 300), bool),
    }
    found = {
        one.name: one
        for one in slice_report(
            report,
            query,
            gallery,
            ["outfit", "camera-pair", "camera", "time-gap", "hat"],
            fewest_identities=2,
        )
    }
    for name, kept in expected.items():
        mean, queries = again(query, gallery, kept)
        interval = found[name].mAP
        assert interval is not None
        assert interval.value == pytest.approx(mean, abs=1e-12), name
        assert found[name].queries == queries
        assert interval.low <= interval.value <= interval.high
    assert sum(name.startswith("camera 0 to") for name in found) == 2  # its own camera is left out


def test_the_slices_of_a_cut_hold_all_matches(people: tuple[Embeddings, Embeddings]) -> None:
    report = evaluate(*people)
    for by in ("outfit", "camera-pair", "camera", "time-gap", "hat", "pid"):
        slices = slice_report(report, *people, [by], fewest_identities=2)
        assert sum(one.matches for one in slices) == report.matches.sum()


def test_a_slice_of_few_people_says_so(people: tuple[Embeddings, Embeddings]) -> None:
    report = evaluate(*people)
    slices = slice_report(report, *people, ["hat"], fewest_identities=7)
    assert [(one.mAP, one.rank_1) for one in slices] == [(None, None)] * 2
    assert slices[0].note == "too few identities: 6, at least 7 are needed"
    assert slices[0].to_dict()["mAP"] is None


def test_what_is_not_known_is_in_no_slice(people: tuple[Embeddings, Embeddings]) -> None:
    query, gallery = people
    table = query.table.assign(
        clothes_id=query.table["clothes_id"].mask(query.table["pid"] < 11),
        hat=query.table["hat"].where(query.table["pid"] > 2),
    )
    asked = Embeddings(query.features, table, query.root, query.meta)
    report = evaluate(asked, gallery)
    outfits = slice_report(report, asked, gallery, ["outfit"])
    assert {one.identities for one in outfits} == {1}
    hats = slice_report(report, asked, gallery, ["hat"], fewest_identities=2)
    assert [(one.name, one.identities) for one in hats] == [("hat no", 6), ("hat yes", 3)]


def test_sequences_have_no_common_clock(people: tuple[Embeddings, Embeddings]) -> None:
    query, gallery = (
        Embeddings(side.features, side.table.assign(sequence=name), side.root, side.meta)
        for side, name in zip(people, (1, 2), strict=True)
    )
    assert slice_report(evaluate(query, gallery), query, gallery, ["time-gap"]) == ()


def test_attributes_come_from_a_sidecar(
    people: tuple[Embeddings, Embeddings], tmp_path: Path
) -> None:
    table = pd.DataFrame({"pid": range(12), "bag": [0] * 4 + [1] * 8})
    table.to_csv(tmp_path / "bags.csv", index=False)
    table.to_parquet(tmp_path / "bags.parquet")
    report = evaluate(*people)
    for name in ("bags.csv", "bags.parquet"):
        sidecar = read_sidecar(tmp_path / name)
        slices = slice_report(report, *people, ["bag"], sidecar=sidecar, fewest_identities=3)
        assert [(one.name, one.identities) for one in slices] == [("bag 0", 4), ("bag 1", 8)]


def test_sizes_are_read_from_the_pictures(
    make: Make, write_picture: Callable[..., Path], tmp_path: Path
) -> None:
    names = [f"{row}.png" for row in range(4)]
    for name in names[:3]:
        write_picture(tmp_path / name, 1)
    query = make(np.eye(4), [1, 2, 3, 4], names=names, root=tmp_path)
    report = evaluate(query, query)
    [small] = slice_report(report, query, query, ["size"], fewest_identities=2)
    assert (small.name, small.identities, small.queries) == ("0 to 31 pixels", 3, 3)
    elsewhere = Embeddings(query.features, query.table, tmp_path / "gone", query.meta)
    with pytest.raises(ValueError, match="none of them can be read"):
        slice_report(report, elsewhere, query, ["size"])


def test_unknown_cuts_are_refused(people: tuple[Embeddings, Embeddings], tmp_path: Path) -> None:
    query, gallery = people
    report = evaluate(query, gallery)
    many = query.table.assign(number=range(len(query)), frame=None).drop(columns="clothes_id")
    asked = Embeddings(query.features, many, query.root, query.meta)
    far = pd.DataFrame({"pid": [999], "bag": [1]})
    for by, message in (
        ("weather", "no slices by 'weather'"),
        ("outfit", "need a column clothes_id"),
        ("bag", "no query's pid is in the sidecar"),
    ):
        with pytest.raises(ValueError, match=message):
            slice_report(report, asked, gallery, [by], sidecar=far)
    with pytest.raises(ValueError, match="at least 2"):
        slice_report(report, query, gallery, ["camera"], fewest_identities=1)
    with pytest.raises(ValueError, match="is about 60 queries"):
        slice_report(report, query.take(range(5)), gallery, ["camera"])
    (tmp_path / "bad.csv").write_text("name,bag\na,1\n")
    with pytest.raises(ValueError, match="column path or pid"):
        read_sidecar(tmp_path / "bad.csv")
    (tmp_path / "twice.csv").write_text("pid,bag\n1,1\n1,0\n")
    with pytest.raises(ValueError, match="pid 1 twice"):
        read_sidecar(tmp_path / "twice.csv")
