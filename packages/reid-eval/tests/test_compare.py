"""``reid-eval compare`` and its page."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid_eval import evaluate
from reid_eval.embeddings import Embeddings
from reid_eval.report.comparison import write_comparison
from reid_eval.statistics import QueryResults, compare

Make = Callable[..., Embeddings]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(script: Call) -> Call:
    return partial(script, "reid-eval")


@pytest.fixture
def two(make: Make, write_picture: Callable[..., Path], tmp_path: Path) -> tuple[Path, Path]:
    """Folders of a poor and of a good model's evaluation, reports and embeddings."""
    pids = np.repeat(np.arange(30), 4)
    own = np.random.default_rng(0).normal(size=(30, 8))
    grain = np.random.default_rng(1).normal(size=(120, 8))
    names = [f"{row:03d}.png" for row in range(120)]
    write_picture(tmp_path / "pictures" / names[0], 1)
    for name, noise in (("poor", 1.2), ("good", 0.7)):
        everyone = make(
            own[pids] + noise * grain,
            pids,
            [1, 2] * 60,
            names=names,
            root=tmp_path / "pictures",
            fingerprint=name,
        )
        query, gallery = everyone.take(np.arange(0, 120, 4)), everyone.take(np.arange(1, 120, 2))
        query.save(tmp_path / name / "query")
        gallery.save(tmp_path / name / "gallery")
        QueryResults.of(evaluate(query, gallery), query).save(tmp_path / name / "report.json")
    return tmp_path / "poor", tmp_path / "good"


def test_a_better_model_is_told_from_a_worse_one(call: Call, two: tuple[Path, Path]) -> None:
    code, out, err = call("compare", *two, "--json", "--resamples", 1000)
    assert code == 0, err
    found = json.loads(out)
    assert (found["queries"], found["people"]) == (30, 30)
    first = found["changes"][0]
    assert first["metric"] == "mAP"
    assert 0 < first["difference"]["low"] < first["difference"]["value"]
    assert first["p_value"] < 0.01
    assert found["gained"][0]["difference"] >= found["gained"][1]["difference"] > 0
    # The other way round it is the same difference with the other sign.
    back = json.loads(call("compare", *two[::-1], "--json", "--resamples", 1000)[1])["changes"][0]
    assert back["difference"]["value"] == -first["difference"]["value"]
    assert back["p_value"] == first["p_value"]
    assert back["effect_size"] == -first["effect_size"]


def test_pairs_of_embeddings_are_as_good_as_their_reports(
    call: Call, two: tuple[Path, Path]
) -> None:
    reports = json.loads(call("compare", *two, "--json")[1])
    for folder in two:
        (folder / "report.json").unlink()
    pairs = json.loads(call("compare", *two, "--json")[1])
    assert pairs == reports
    euclidean = json.loads(call("compare", *two, "--json", "--metric", "euclidean")[1])
    assert euclidean["changes"] != reports["changes"]


def test_people_get_tables(call: Call, two: tuple[Path, Path]) -> None:
    code, out, err = call("compare", *two, "--top", 2, "--confidence", 0.9)
    assert code == 0, err
    for expected in (
        "30 queries of 30 people",
        "mAP",
        "Rank-1",
        "mINP",
        "Queries that gained most",
    ):
        assert expected in out
    assert "90%" in out


class _Page(HTMLParser):
    """The open tags that are still to be closed, and where the page points to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in {"meta", "img", "br"} | {"line", "rect", "path", "polyline", "polygon"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone(call: Call, two: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    code, _, err = call("compare", *two, "--out", page)
    assert code == 0, err
    assert f"page: {page}" in err
    text = page.read_text()
    parsed = _Page()
    parsed.feed(text)
    assert parsed.open == []
    assert all(address.startswith("data:") for address in parsed.addresses)
    assert "The second mAP is higher" in text
    assert text.count('class="changes"') == 1
    assert text.count("<tr class=") == 5
    assert "no image" in text


def test_the_page_shows_pictures_and_tells_when_nothing_can_be_told(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    poor, good = map(QueryResults.load, two)
    text = write_comparison(tmp_path / "a.html", compare(poor, good), count=30).read_text()
    assert "data:image/jpeg;base64," in text
    text = write_comparison(tmp_path / "b.html", compare(poor, poor)).read_text()
    assert "cannot be told" in text
    assert "Queries that" not in text


def test_what_cannot_be_compared_is_refused(
    call: Call, two: tuple[Path, Path], tmp_path: Path
) -> None:
    other = QueryResults.load(two[0])
    renamed = [f"x{path}" for path in other.paths]
    QueryResults(other.report, np.array(renamed), other.pids, other.root).save(tmp_path / "x.json")
    for arguments, message in (
        ((two[0], tmp_path / "x.json"), "different queries"),
        ((two[0], tmp_path / "nothing"), "is missing"),
        ((*two, "--confidence", "95"), "between 0 and 1"),
        ((*two, "--out", two[0]), "is a folder"),
    ):
        code, out, err = call("compare", *arguments)
        assert (code, out) == (2, "")
        assert message in err
        assert len(err.splitlines()) == 1
