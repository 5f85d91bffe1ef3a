"""``reid-eval test`` with intervals, slices, degraded images and unknown people."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_eval.embeddings import Embeddings
from reid_eval.robustness import Level
from reid_eval.statistics import QueryResults

Make = Callable[..., Embeddings]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(script: Call, tiny_model: str, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("COLUMNS", "200")
    return partial(script, "reid-eval", "test")


def answer(call: Call, *arguments: object) -> Any:
    code, out, err = call(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


@pytest.fixture
def folders(make: Make, tmp_path: Path) -> tuple[object, ...]:
    """Embeddings of 24 people by two cameras; half of them wear hats."""
    generator = np.random.default_rng(0)
    pids = np.repeat(np.arange(24), 4)
    features = generator.normal(size=(24, 8))[pids] + generator.normal(0, 0.8, (96, 8))
    everyone = make(features, pids, [0, 1] * 48)
    table = everyone.table.assign(hat=np.where(pids < 12, "yes", "no"))
    everyone = Embeddings(everyone.features, table, tmp_path, everyone.meta)
    everyone.take(np.arange(0, 96, 4)).save(tmp_path / "query")
    everyone.take(np.arange(1, 96, 2)).save(tmp_path / "gallery")
    return ("--query", tmp_path / "query", "--gallery", tmp_path / "gallery")


def test_intervals_stand_beside_the_figures(call: Call, folders: tuple[object, ...]) -> None:
    payload = answer(call, *folders, "--confidence", 0.9, "--protocol", "image,none")
    assert set(payload["intervals"]) == {"image", "none"}
    for name, interval in payload["intervals"]["image"].items():
        assert interval["value"] == pytest.approx(payload["metrics"][name])
        assert interval["low"] <= interval["value"] <= interval["high"]
        assert interval["confidence"] == 0.9
    code, out, _ = call(*folders, "--confidence", 0.9)
    assert code == 0
    assert "90% interval" in out
    assert f"{payload['intervals']['image']['mAP']['low']:.1%} to " in out
    assert "intervals" not in answer(call, *folders)


def test_slices_say_where(call: Call, folders: tuple[object, ...], tmp_path: Path) -> None:
    bags = pd.DataFrame({"pid": range(24), "bag": [1] * 3 + [0] * 21})
    bags.to_csv(tmp_path / "bags.csv", index=False)
    cut = ("--slices", "camera-pair,hat,bag", "--sidecar", tmp_path / "bags.csv")
    payload = answer(call, *folders, *cut)
    slices = {one["name"]: one for one in payload["slices"]}
    assert set(slices) == {"camera 0 to 1", "hat no", "hat yes", "bag 0", "bag 1"}
    assert slices["camera 0 to 1"]["mAP"]["value"] == pytest.approx(payload["metrics"]["mAP"])
    assert slices["bag 1"]["mAP"] is None
    assert slices["bag 1"]["note"] == "too few identities: 3, at least 10 are needed"
    code, out, _ = call(*folders, *cut)
    assert code == 0
    assert "too few identities" in out
    assert answer(call, *folders, *cut, "--fewest-identities", 2)["slices"][0]["mAP"]


def test_what_a_protocol_cannot_give_is_said(
    call: Call, folders: tuple[object, ...], make: Make, tmp_path: Path
) -> None:
    code, out, err = call(*folders, "--confidence", 0.95, "--protocol", "vehicleid")
    assert code == 0, err
    assert "no intervals for vehicleid: its trials have a deviation" in err
    assert "interval" not in out
    make(np.eye(3)[[0, 0, 1]], [1, 1, 2], [0, 1, 1]).save(tmp_path / "few")
    alone = ("--query", tmp_path / "few", "--gallery", tmp_path / "few")
    code, _, err = call(*alone, "--confidence", 0.95)
    assert code == 0, err
    assert "its queries are those of one identity" in err


def test_worse_images_are_found_less_well(
    call: Call, market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tiny model looks at colours that survive all levels, so that here worse means black.
    monkeypatch.setattr(
        Level, "__call__", lambda self, image, _: image * np.uint8(self.kind != "noise")
    )
    arguments = ("--model", "tiny_model:embedder", "--data", "market1501", "--root", market)
    how = ("--degrade", "lowres:8,32", "--degrade", "noise:100", "--degrade-side", "both")
    payload = answer(call, *arguments, *how, "--workers", 0)
    rows = payload["robustness"]
    assert [(row["kind"], row["amount"]) for row in rows] == [
        ("none", None),
        ("lowres", 8),
        ("lowres", 32),
        ("noise", 100),
    ]
    assert rows[0]["mAP"] == payload["metrics"]["mAP"] == 1
    assert [row["mAP"] < 1 for row in rows] == [False, False, False, True]
    assert {row["side"] for row in rows} == {"both"}


def test_people_who_are_not_in_the_gallery_are_measured(
    call: Call, folders: tuple[object, ...]
) -> None:
    found = answer(call, *folders, "--open-set", "--held-out", 0.5)["open_set"]
    assert (found["known_queries"], found["unknown_queries"]) == (12, 12)
    assert found["held_out_identities"] == 12
    for point in found["at_fpir"]:
        assert point["fpir"] <= point["wanted"]
    assert 0 <= found["verification"]["eer"] < 0.5
    code, out, err = call(*folders, "--open-set", "--held-out", 0.5)
    assert code == 0
    assert "Open set: identification" in out
    assert "EER" in err


def test_the_report_holds_everything(
    call: Call, folders: tuple[object, ...], tmp_path: Path
) -> None:
    asked = ("--confidence", 0.95, "--slices", "hat", "--open-set", "--held-out", 0.5)
    payload = answer(call, *folders, *asked, "--out", tmp_path / "out")
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    for name in ("intervals", "slices", "open_set"):
        assert document[name] == payload[name]
    assert QueryResults.load(tmp_path / "out").paths[1] == "0004.jpg"
    page = (tmp_path / "out" / "report.html").read_text()
    for heading in ("How sure: image", "Slices", "hat yes", "Open set: pairs"):
        assert heading in page


def test_what_cannot_be_analysed_is_refused_before_anything_is_embedded(
    call: Call, market: Path, folders: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reid_eval.cli.test.embed_test_set", lambda *_: pytest.fail("embedded"))
    for options, message in (
        (("--confidence", 95), "--confidence lies between"),
        (("--slices", "weather"), "--slices weather"),
        (("--sidecar", "none.csv"), "cannot be read"),
        (("--degrade", "rain:2", "--model", "tiny_model:embedder"), "a degradation of"),
        (("--degrade", "lowres:2"), "needs --model"),
        (("--open-set",), "nobody is unknown"),
        (("--open-set", "--held-out", 1), "--held-out is a share"),
        (("--held-out", 0.5), "for --open-set"),
    ):
        code, out, err = call(*folders, *options)
        assert (code, out) == (2, ""), err
        assert message in err


def test_worse_images_are_for_the_model_that_embedded_the_others(
    call: Call, market: Path, tmp_path: Path
) -> None:
    arguments = ("--data", "market1501", "--root", market, "--workers", 0)
    answer(call, "--model", "tiny_model:embedder", *arguments, "--out", tmp_path / "out")
    code, _, err = call(
        *("--query", tmp_path / "out" / "query", "--gallery", tmp_path / "out" / "gallery"),
        *("--model", "tiny_model:other", "--degrade", "blur:1"),
    )
    assert code == 2
    assert "differ in their model" in err
