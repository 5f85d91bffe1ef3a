"""Clothes-changing data sets as their authors measure them, read from nothing but file names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid_data import load_dataset
from reid_data.synth import synthesize
from reid_eval.embeddings import Embeddings
from reid_eval.evaluation import evaluate_protocol
from reid_eval.protocols import default_protocols, make_protocol

Facts = tuple[object, object, object]
"""Person, outfit and camera; None is unknown and equals nothing."""


def ltcc(path: str) -> Facts:
    who, outfit, camera, _ = Path(path).stem.split("_")
    return who, (who, outfit), camera


def prcc(path: str) -> Facts:
    camera, who = re.search(r"test/([ABC])/(\d+)/", path).groups()  # type: ignore[union-attr]
    return who, "C" if camera == "C" else "A and B", camera


def celeb(path: str) -> Facts:
    return Path(path).stem.split("_")[0], path, None


def last(path: str) -> Facts:
    return Path(path).stem.split("_")[0], None, None


RULES: dict[str, Callable[[Facts, Facts], bool]] = {
    "image": lambda asked, shown: same(asked[2], shown[2]),
    "standard": lambda asked, shown: same(asked[2], shown[2]),
    "same-clothes": lambda asked, shown: same(asked[2], shown[2]) or asked[1] != shown[1],
    "cloth-changing": lambda asked, shown: same(asked[2], shown[2]) or asked[1] == shown[1],
}
"""Whether a gallery image of the query's person is dropped."""


def same(one: object, other: object) -> bool:
    return one is not None and one == other


FORMS: dict[str, tuple[Callable[[str], Facts], tuple[str, ...]]] = {
    "ltcc": (ltcc, ("standard", "same-clothes", "cloth-changing")),
    "prcc:query=both": (prcc, ("same-clothes", "cloth-changing")),
    "prcc": (prcc, ("cloth-changing",)),
    "prcc:query=same": (prcc, ("same-clothes",)),
    "celeb_reid": (celeb, ("image",)),
    "last": (last, ("image",)),
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    done: dict[str, Path] = {}

    def draw(layout: str) -> Path:
        if layout not in done:
            done[layout] = tmp_path_factory.mktemp(layout) / "data"
            few = {"identities": 2, "test_identities": 4, "images_per_camera": 2}
            synthesize(done[layout], layout=layout, height=32, width=16, **few)
        return done[layout]

    return draw


def embedded(data: str, root: Path, *splits: str) -> Embeddings:
    records = load_dataset(data, root).split(*splits)
    seed = sum(map(ord, splits[0]))
    features = np.random.default_rng(seed).normal(size=(len(records), 4)).astype(np.float32)
    return Embeddings(features, records.table.reset_index(drop=True), records.root, {})


def average_precisions(
    query: Embeddings, gallery: Embeddings, facts: Callable[[str], Facts], rule: str
) -> list[float]:
    """Of each query with a match, in plain loops."""
    unit = [
        side.features / np.linalg.norm(side.features, axis=1)[:, None] for side in (query, gallery)
    ]
    asked = [facts(path) for path in query.table["path"]]
    shown = [facts(path) for path in gallery.table["path"]]
    found = []
    for row, who in enumerate(asked):
        order = np.argsort(-(unit[1] @ unit[0][row]), kind="stable")
        hits, rank, precisions = 0, 0, []
        for column in order.tolist():
            if who[0] == shown[column][0] and RULES[rule](who, shown[column]):
                continue
            rank += 1
            if who[0] == shown[column][0]:
                hits += 1
                precisions.append(hits / rank)
        if precisions:
            found.append(float(np.mean(precisions)))
    return found


@pytest.mark.parametrize("data", FORMS)
def test_default_protocols_are_the_published_ones(data: str, drawn: Callable[[str], Path]) -> None:
    facts, names = FORMS[data]
    root = drawn(data.partition(":")[0])
    query, gallery = embedded(data, root, "query"), embedded(data, root, "gallery")
    protocols = default_protocols(data, query.table, gallery.table)
    assert [each.name for each in protocols] == list(names)
    for protocol in protocols:
        report = evaluate_protocol(query, gallery, protocol).report
        expected = average_precisions(query, gallery, facts, protocol.name)
        measured = report.average_precision[report.evaluated]
        np.testing.assert_allclose(measured, expected, rtol=1e-5)


def test_changing_clothes_means_nothing_more_where_every_image_is_an_outfit(
    drawn: Callable[[str], Path],
) -> None:
    root = drawn("celeb_reid")
    query, gallery = (embedded("celeb_reid", root, split) for split in ("query", "gallery"))
    figures: list[Any] = [
        evaluate_protocol(query, gallery, make_protocol(name)).report.mAP
        for name in ("standard", "cloth-changing", "image")
    ]
    assert figures[0] == figures[1] == figures[2]


def test_tracklets_stand_for_cameras_in_deepchange(drawn: Callable[[str], Path]) -> None:
    root = drawn("deepchange")
    query, gallery = (embedded("deepchange", root, split) for split in ("query", "gallery"))
    lists = {
        line.split(",")[0]: line.split(",")[1].strip()
        for side in ("query", "gallery")
        for line in (root / f"test-set-{side}-bbox.txt").read_text().splitlines()
        if "," in line
    }

    def facts(path: str) -> Facts:
        who, _, date = Path(path).stem.split("_")[:3]
        return who, (who, date), lists[Path(path).name]

    (protocol,) = default_protocols("deepchange", query.table, gallery.table)
    report = evaluate_protocol(query, gallery, protocol).report
    expected = average_precisions(query, gallery, facts, "standard")
    np.testing.assert_allclose(report.average_precision[report.evaluated], expected, rtol=1e-5)
    assert protocol.name == "image"
