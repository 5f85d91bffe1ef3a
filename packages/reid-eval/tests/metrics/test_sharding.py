"""Two processes that hold half of a gallery each report what one reports that holds it all."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid_eval.metrics import retrieval_metrics

SCRIPT = Path(__file__).with_name("sharded_process.py")
CUT = 210  # of 700: unequal parts

Case = dict[str, dict[str, Any]]


def gallery_of(generator: np.random.Generator) -> dict[str, Any]:
    features = generator.normal(size=(700, 24)).astype(np.float32)
    features[::5] = features[0]  # ties across the parts
    return {
        "gallery_features": features,
        "gallery_pids": generator.integers(-1, 15, 700),
        "gallery_camids": generator.integers(0, 4, 700),
    }


def shared_out(common: dict[str, Any], gallery: dict[str, Any], **differing: Any) -> Case:
    parts = {name: [array[:CUT], array[CUT:]] for name, array in gallery.items()}
    return {"common": common, "parts": {**parts, **differing}}


@pytest.fixture(scope="module")
def given() -> tuple[dict[str, Any], dict[str, Any]]:
    generator = np.random.default_rng(0)
    gallery = gallery_of(generator)
    queries = {
        "query_features": gallery["gallery_features"][:40].copy(),
        "query_pids": generator.integers(-1, 15, 40),
        "query_camids": generator.integers(0, 4, 40),
    }
    return queries, gallery


@pytest.fixture(scope="module")
def outcomes(
    given: tuple[dict[str, Any], dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Any], list[list[Any]]]:
    """What one process says of each case (None where it is refused), and what two say."""
    queries, gallery = given
    options = [
        {"metric": metric, "backend": backend, "precision": precision, "ties": ties}
        for metric, (backend, precision), ties in product(
            ("cosine", "euclidean"),
            (("numba", "bf16"), ("torch", "fp32")),
            ("gallery-order", "pessimistic"),
        )
    ]
    options[0]["query_block"] = 7
    alone = [retrieval_metrics(**queries, **gallery, **chosen).to_dict() for chosen in options]
    cases = [shared_out({**queries, **chosen}, gallery) for chosen in options]
    broken = gallery["gallery_features"].copy()
    broken[-1, 3] = np.nan
    cases.append(shared_out(queries, {**gallery, "gallery_features": broken}))
    cases.append(shared_out(queries, gallery, metric=["cosine", "euclidean"]))
    cases.append(shared_out(queries, {**gallery, "gallery_pids": gallery["gallery_pids"][:-1]}))
    folder = tmp_path_factory.mktemp("shards")
    torch.save(cases, folder / "cases.pt")
    words = [sys.executable, str(SCRIPT)]
    runs = [
        subprocess.Popen([*words, str(rank), "2", str(folder / "store"), str(folder)])
        for rank in range(2)
    ]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    return alone, [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def test_every_process_reports_what_one_alone_would_to_the_bit(
    outcomes: tuple[list[Any], list[list[Any]]],
) -> None:
    alone, (first, second) = outcomes
    assert len(alone) == 8
    assert first[: len(alone)] == alone
    assert second[: len(alone)] == alone


def test_what_one_process_refuses_all_refuse(
    outcomes: tuple[list[Any], list[list[Any]]],
) -> None:
    _, (first, second) = outcomes
    message = "gallery_features must be finite in float32, but 1 of 490 rows hold NaN"
    assert second[-3].startswith(message)
    assert first[-3].startswith(f"process 1: {message}")
    assert first[-2] == second[-2]
    assert "all processes must be given the same options, but process 1" in first[-2]
    assert "expected 490, got 489" in first[-1]
    assert "expected 490, got 489" in second[-1]
