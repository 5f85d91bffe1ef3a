"""The page: complete, self-contained, safe against names, readable without its images."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reid_eval import embed, evaluate, write_report
from reid_eval.embeddings import Embeddings
from reid_eval.evaluation import evaluate_protocol
from reid_eval.metrics import RetrievalReport
from reid_eval.protocols import make_protocol
from reid_eval.report.charts import Series, line_chart, round_ticks
from reid_eval.report.distributions import sample_queries, score_distributions
from reid_eval.report.lists import choose_queries
from reid_eval.report.scores import FeatureScores
from reid_eval.reranking import parse_reranking
from reid_eval.scoring import Scoring

Make = Callable[..., Embeddings]
VOID = {"meta", "img", "link", "br", "hr", "line", "path", "rect", "polyline", "polygon"}


class Page(HTMLParser):
    """Elements with their classes, and whether every one is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def having(self, tag: str, style: str = "") -> list[dict[str, str | None]]:
        return [
            found
            for name, found in self.elements
            if name == tag and style in [*str(found.get("class", "")).split(" "), ""]
        ]


@pytest.fixture
def sides(market: Path, pixels: Any) -> tuple[Embeddings, Embeddings]:
    from reid_data import load_dataset

    everything = embed(pixels, load_dataset("market1501", market), workers=0)
    return everything.split("query"), everything.split("gallery", "distractor", "junk")


def page_of(path: Path, query: Embeddings, gallery: Embeddings, **options: Any) -> Page:
    report = evaluate(query, gallery)
    return Page(
        write_report(path, query=query, gallery=gallery, report=report, **options).read_text()
    )


def test_the_page_shows_figures_protocol_curves_and_lists(
    sides: tuple[Embeddings, Embeddings], tmp_path: Path
) -> None:
    page = page_of(tmp_path / "report.html", *sides, title="A title", facts={"Data": "market1501"})
    for text in ("A title", "market1501", "downsampled pixels", "mAP", "Rank-1", "Rank-5"):
        assert text in page.text
    for text in ("Rank-10", "mINP", "camera filter", "cross-camera", "gallery-order", "32 x 16"):
        assert text in page.text
    assert "4 of 4 queries evaluated against 14 gallery images" in page.text
    assert {"Worst queries", "Best queries"} <= set(re.findall(r"\w+ queries", page.text))
    assert len(page.having("figure", "query")) == 4
    # Each of four queries: twelve people less the one of its own camera, and the distractor.
    assert len(page.having("figure", "right")) == 4 * 2
    assert len(page.having("figure", "wrong")) == 4 * 8
    assert len(page.having("img")) == 4 * 11


def test_frames_and_marks_say_who_is_right(
    sides: tuple[Embeddings, Embeddings], tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    page_of(file, *sides)
    pattern = r'<figure class="tile (\w+)" title="[^"/]*/(-?\d+)_'
    tiles = re.findall(pattern, file.read_text())
    lists = np.array(tiles, object).reshape(4, 11, 2)
    for (role, asked), *answers in lists.tolist():
        assert role == "query"
        assert [role for role, _ in answers] == [
            "right" if pid == asked else "wrong" for _, pid in answers
        ]
    assert file.read_text().count("✓") == 8 + 1
    assert file.read_text().count("✗") == 32 + 1


def test_the_page_needs_nothing_from_outside(
    sides: tuple[Embeddings, Embeddings], tmp_path: Path
) -> None:
    page = page_of(tmp_path / "report.html", *sides)
    text = (tmp_path / "report.html").read_text()
    assert not page.having("script")
    assert not page.having("link")
    assert "http" not in text
    assert "url(" not in text
    assert "@import" not in text
    for image in page.having("img"):
        assert str(image["src"]).startswith("data:image/jpeg;base64,")
        assert image["alt"]
    assert list(tmp_path.glob(".*")) == []


def test_both_colour_schemes_are_there(
    sides: tuple[Embeddings, Embeddings], tmp_path: Path
) -> None:
    page_of(tmp_path / "report.html", *sides)
    assert "prefers-color-scheme: dark" in (tmp_path / "report.html").read_text()


def test_charts_can_be_read_aloud(sides: tuple[Embeddings, Embeddings], tmp_path: Path) -> None:
    page = page_of(tmp_path / "report.html", *sides)
    charts = [svg for svg in page.having("svg") if svg.get("role") == "img"]
    ids = {found.get("id") for _, found in page.elements}
    assert len(charts) == 2
    for chart in charts:
        assert set(str(chart["aria-labelledby"]).split()) <= ids
    for label in ("rank k", "queries matched", "cosine similarity", "share of pairs"):
        assert label in page.text
    assert "same person (8 pairs)" in page.text
    assert "other (40 pairs)" in page.text


def test_names_are_text_and_never_markup(make: Make, tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>.jpg'
    query = make([[1.0, 0.0]], [1], [1], names=[evil], embedder={"name": "<b>model</b>"})
    gallery = make([[1.0, 0.1], [0.0, 1.0]], [1, 2], [2, 2], names=[evil, "'&.jpg"])
    page = page_of(tmp_path / "r.html", query, gallery, title="<i>t</i>", facts={"<u>": "<u>"})
    assert not page.having("script")
    assert not [name for name, _ in page.elements if name in ("i", "u")]
    assert evil in page.text
    assert page.having("figure", "query")[0]["title"] == evil


def test_images_that_cannot_be_read_get_a_placeholder(
    sides: tuple[Embeddings, Embeddings], tmp_path: Path
) -> None:
    query, gallery = sides
    query.paths[0].unlink()
    gallery.paths[0].write_bytes(b"no picture")
    page = page_of(tmp_path / "report.html", query, gallery)
    missing = page.having("svg", "missing")
    assert str(query.table["path"][0]) in " ".join(str(one["aria-label"]) for one in missing)
    assert len(missing) + len(page.having("img")) == 44
    assert "no image" in page.text


def test_euclidean_reports_show_distances(
    sides: tuple[Embeddings, Embeddings], tmp_path: Path
) -> None:
    query, gallery = sides
    report = evaluate(query, gallery, metric="euclidean")
    path = write_report(tmp_path / "r.html", query=query, gallery=gallery, report=report)
    assert "Euclidean distance" in path.read_text()


def test_large_pictures_are_made_small(make: Make, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("a.jpg", "b.jpg"):
        noise = rng.integers(0, 256, (1200, 800, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / name)
    query = make([[1.0]], [1], [1], names=["a.jpg"], root=tmp_path)
    gallery = make([[1.0]], [1], [2], names=["b.jpg"], root=tmp_path)
    page = page_of(tmp_path / "report.html", query, gallery)
    data = str(page.having("img")[0]["src"]).partition(",")[2]
    size = Image.open(io.BytesIO(base64.b64decode(data))).size
    assert size[0] <= 96
    assert size[1] <= 192
    # Pure noise is the worst that a JPEG can meet; a full page has 165 of them.
    assert 165 * len(data) < 3_000_000


def test_skipped_queries_are_counted_with_their_reasons(make: Make, tmp_path: Path) -> None:
    query = make([[1.0], [1.0], [1.0]], [1, 2, 3], [1, 1, 1])
    gallery = make([[1.0], [1.0]], [1, 2], [2, 1])
    page = page_of(tmp_path / "report.html", query, gallery)
    assert "1 of 3 queries evaluated against 2 gallery images." in page.text
    assert "1 (camera filter)" in page.text
    assert "1 (no identity in gallery)" in page.text


def test_a_report_about_other_queries_is_refused(make: Make, tmp_path: Path) -> None:
    people = make([[1.0], [2.0]], [1, 1])
    report: RetrievalReport = evaluate(people, people)
    with pytest.raises(ValueError, match="report is about 2 queries, there are 1"):
        write_report(tmp_path / "r.html", query=people.take([0]), gallery=people, report=report)


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_no_query_is_chosen_twice_and_none_that_was_skipped(count: int) -> None:
    precision = np.random.default_rng(0).random(20)
    precision[[3, 8]] = np.nan
    chosen = choose_queries(precision, count=count, seed=1)
    rows = np.concatenate(list(chosen.values())).tolist()
    assert len(set(rows)) == len(rows)
    assert not {3, 8} & set(rows)
    worst, best = chosen["Worst"], chosen["Best"]
    assert worst[0] == np.nanargmin(precision)
    assert best[0] == np.nanargmax(precision)
    assert precision[worst].max() <= np.nanmin(precision[np.setdiff1d(rows, worst)])


def test_score_distributions_count_the_pairs_of_the_protocol(make: Make) -> None:
    rng = np.random.default_rng(0)
    query = make(rng.normal(size=(12, 5)), [1, 2, 3] * 4, [1, 2] * 6)
    gallery = make(rng.normal(size=(40, 5)), [1, 2, 3, -1] * 10, [1, 2, None, 2] * 10)
    scores = FeatureScores(
        query, gallery, metric="cosine", camera_filter="cross-camera", junk_pids=[-1]
    )
    rows = sample_queries(query, gallery, junk_pids=[-1])
    found = score_distributions(query, gallery, scores, rows=rows)
    same = query.pids[:, None] == gallery.pids
    seen = query.camids[:, None] == gallery.camids
    assert found.true_pairs == (same & ~seen).sum()
    assert found.false_pairs == (~same & (gallery.pids != -1)).sum()
    assert found.true.sum() == pytest.approx(1)
    assert found.false.sum() == pytest.approx(1)
    assert len(sample_queries(query, gallery, junk_pids=[3], most_pairs=120)) == 3


@pytest.mark.parametrize("steps", ["", "k-reciprocal:k1=5,k2=2", "aqe:neighbours=2", "dba,gnn"])
def test_the_page_shows_lists_as_they_were_ranked(make: Make, tmp_path: Path, steps: str) -> None:
    rng = np.random.default_rng(0)
    query = make(rng.normal(size=(12, 5)), [1, 2, 3] * 4, [1, 2] * 6)
    gallery = make(rng.normal(size=(40, 5)), [1, 2, 3, -1] * 10, [1, 2, None, 2] * 10)
    scoring = Scoring(reranking=parse_reranking(steps))
    result = evaluate_protocol(query, gallery, make_protocol("image"), scoring=scoring)
    file = tmp_path / "r.html"
    write_report(
        file, query=query, gallery=gallery, report=result.report, scoring=scoring, lists=12
    )
    pattern = r"first match at rank ([\d,]+)<.*?</article>"
    first = [int(rank) for rank in re.findall(pattern, file.read_text(), re.DOTALL)]
    assert len(first) == result.report.valid == 8
    lists = re.findall(r"<article>.*?</article>", file.read_text(), re.DOTALL)
    for rank, text in zip(first, lists, strict=True):
        answers = re.findall(r'<figure class="tile (right|wrong)"', text)
        assert len(answers) == 10
        assert answers.index("right") + 1 == rank if rank <= 10 else "right" not in answers
    assert scoring.name in file.read_text() or scoring.plain


def test_outfits_that_do_not_count_are_in_no_list(make: Make, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    query = make(rng.normal(size=(6, 4)), [1, 2] * 3, [1] * 6)
    gallery = make(rng.normal(size=(20, 4)), [1, 2] * 10, [2] * 20)
    sides = [
        Embeddings(side.features, side.table.assign(clothes_id=outfits), side.root, side.meta)
        for side, outfits in ((query, [0, 0, 1, 1, 0, 0]), (gallery, [0] * 10 + [1] * 10))
    ]
    result = evaluate_protocol(*sides, make_protocol("cloth-changing"))
    first = result.first
    page = Page(
        write_report(
            tmp_path / "r.html",
            query=first.query,
            gallery=first.gallery,
            report=result.report,
            left_out=first.left_out,
            top_k=20,
        ).read_text()
    )
    # Everyone has ten images, five in the other outfit, and ten are of somebody else.
    assert len(page.having("figure", "right")) == 6 * 5
    assert len(page.having("figure", "wrong")) == 6 * 10
    assert "same person (30 pairs)" in page.text


def test_centroids_show_one_of_their_images(
    sides: tuple[Embeddings, Embeddings], tmp_path: Path
) -> None:
    result = evaluate_protocol(*sides, make_protocol("centroid"))
    first = result.first
    assert first.rows is not None
    page = Page(
        write_report(
            tmp_path / "r.html",
            query=first.query.take([0, 2]),
            gallery=first.gallery,
            report=result.report,
            places=first.rows[[0, 2]],
        ).read_text()
    )
    assert len(page.having("figure", "query")) == 2
    assert "Scores and lists below: 2 of them." in page.text
    assert re.search(r"mean of \d images", page.text)
    assert not page.having("svg", "missing")
    inside = first.gallery.table.merge(sides[1].table, left_on="example", right_on="path")
    assert (inside["pid_x"] == inside["pid_y"]).all()
    asked = int(first.query.camids[0])
    assert not (inside["camid_y"] == asked)[inside["camid_x"].isna()].any()


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.3, 0.92), (412.0, 1830.0), (2.0, 2.0)])
def test_ticks_are_round_and_enclose(low: float, high: float) -> None:
    ticks = round_ticks(low, high)
    assert ticks[0] <= low
    assert high <= ticks[-1]
    assert 2 <= len(ticks) <= 8
    steps = np.diff(ticks)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)


def test_a_curve_ends_where_its_axes_say() -> None:
    chart = line_chart(
        [Series("s", "one", np.array([0.0, 10.0]), np.array([0.0, 1.0]))],
        key="k",
        title="t",
        description="d",
        x_label="x",
        y_label="y",
        x_ticks=[0, 10],
        y_ticks=[0, 0.5, 1],
        percent=True,
    )
    assert chart.curves[0].points == f"{chart.left},{chart.bottom} {chart.right},{chart.top}"
    assert [tick.label for tick in chart.y_ticks] == ["0%", "50%", "100%"]
