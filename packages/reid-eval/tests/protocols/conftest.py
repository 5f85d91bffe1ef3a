"""Random embeddings, and a naive evaluation written as loops, that protocols must equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from reid_eval.embeddings import Embeddings
from reid_eval.metrics import RetrievalReport


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def build(features: Any, *, split: str = "gallery", **columns: Any) -> Embeddings:
    """Embeddings with these columns; paths are numbered."""
    array = np.asarray(features, np.float32)
    table = pd.DataFrame({"path": [f"{split}/{row:04d}.jpg" for row in range(len(array))]})
    table = table.assign(camid=pd.NA, split=split).assign(**columns)
    for name in ("camid", "clothes_id", "tracklet", "frame", "sequence"):
        if name in table:
            table[name] = pd.array(list(table[name]), dtype="Int64")
    return Embeddings(array, table, Path("pictures"), {"fingerprint": "made up"})


def draw(
    seed: int, *, rows: int, dim: int = 3, people: int = 4, split: str = "gallery"
) -> Embeddings:
    """Small integers as features, so that ties are many and sums are exact; all kinds of ids."""
    rng = np.random.default_rng(seed)
    cameras = rng.integers(0, 4, rows)
    return build(
        rng.integers(-3, 4, (rows, dim)),
        split=split,
        pid=rng.integers(0, people, rows),
        camid=[None if camera == 0 else int(camera) for camera in cameras],
        clothes_id=rng.integers(0, 3, rows),
    )


def naive(
    query: Embeddings,
    gallery: Embeddings,
    left_out: Callable[[pd.Series, pd.Series], bool],
) -> list[tuple[float, int, float] | None]:
    """AP, first rank and INP of every query by loops; None where it has no match.

    Args:
        query: Q embeddings.
        gallery: G embeddings.
        left_out: of the table's rows of a query and a gallery image of its person.
    """
    answers: list[tuple[float, int, float] | None] = []
    for i, (_, asked) in enumerate(query.table.iterrows()):
        ranked = []
        for j, (_, shown) in enumerate(gallery.table.iterrows()):
            match = asked["pid"] == shown["pid"]
            if match and left_out(asked, shown):
                continue
            left = query.features[i].astype(np.float64)
            right = gallery.features[j].astype(np.float64)
            score = 0.0
            if left.any() and right.any():
                score = left @ right / (np.sqrt(left @ left) * np.sqrt(right @ right))
            ranked.append((-score, j, match))
        ranked.sort(key=lambda item: item[:2])
        ranks = [place for place, item in enumerate(ranked, start=1) if item[2]]
        if not ranks:
            answers.append(None)
            continue
        precision = [hit / rank for hit, rank in enumerate(ranks, start=1)]
        answers.append((float(np.mean(precision)), ranks[0], len(ranks) / ranks[-1]))
    return answers


def agree(report: RetrievalReport, expected: list[tuple[float, int, float] | None]) -> None:
    """Query by query, at 1e-9."""
    assert len(report.average_precision) == len(expected)
    for row, answer in enumerate(expected):
        if answer is None:
            assert np.isnan(report.average_precision[row]), row
            assert report.skip_reason[row], row
            continue
        got = (
            report.average_precision[row],
            report.first_hit_rank[row],
            report.inverse_negative_penalty[row],
        )
        np.testing.assert_allclose(got, answer, rtol=0, atol=1e-9, err_msg=f"query {row}")


def same_camera(asked: pd.Series, shown: pd.Series) -> bool:
    """Whether both were seen by one known camera."""
    return bool(pd.notna(asked["camid"]) and asked["camid"] is not pd.NA) and bool(
        pd.notna(shown["camid"]) and asked["camid"] == shown["camid"]
    )


@dataclass(frozen=True)
class Tools:
    """What test modules need from here, since tests are no package to import from."""

    build: Callable[..., Embeddings] = build
    draw: Callable[..., Embeddings] = draw
    naive: Callable[..., list[Any]] = naive
    agree: Callable[..., None] = agree
    same_camera: Callable[..., bool] = same_camera


@pytest.fixture(scope="session")
def tools() -> Tools:
    return Tools()
