"""The page itself: what goes where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from reid_data.files import replacing
from reid_eval.embeddings import Embeddings
from reid_eval.metrics import LeftOut, RetrievalReport
from reid_eval.report.charts import Chart, Series, line_chart, round_ticks
from reid_eval.report.distributions import (
    ScoreDistributions,
    sample_queries,
    score_distributions,
)
from reid_eval.report.lists import choose_queries, ranked_lists
from reid_eval.report.scores import FeatureScores, PairScores, RankedScores
from reid_eval.report.tables import PageTable

if TYPE_CHECKING:
    from reid_eval.scoring import Scoring

__all__ = ["write_report"]

_RANKS = 50


def write_report(
    file: str | Path,
    *,
    query: Embeddings,
    gallery: Embeddings,
    report: RetrievalReport,
    title: str = "Retrieval report",
    facts: Mapping[str, object] | None = None,
    tables: Sequence[PageTable] = (),
    lists: int = 5,
    top_k: int = 10,
    seed: int = 0,
    scoring: Scoring | None = None,
    left_out: LeftOut | None = None,
    places: NDArray[np.int64] | None = None,
) -> Path:
    """Write one HTML file that needs nothing else: figures, curves, ranked lists.

    Images are shown as small JPEGs; one that cannot be read gets a placeholder. With the defaults
    the file stays under 3 MB.

    Args:
        file: where to write it, whole or not at all.
        query: the embeddings that were evaluated.
        gallery: the embeddings that were searched.
        report: what [`evaluate`][reid_eval.evaluation.evaluate] said about them.
        title: heading of the page.
        facts: more lines for its head, for example the name of the data set.
        tables: more sections, for example slices; one without rows is left out.
        lists: how many of the worst, of the best and of random queries to show.
        top_k: how many answers to show for each.
        seed: which random queries.
        scoring: what ranked the gallery, where more than the features did.
        left_out: further pairs of one identity that the evaluation did not count.
        places: (Q,) where each query stands in the report, if it is about more queries than these,
            which are then those that are shown.

    Raises:
        ValueError: the report is about another number of queries.
    """
    if places is None and len(report.average_precision) != len(query):
        raise ValueError(
            f"the report is about {len(report.average_precision)} queries, there are {len(query)}"
        )
    places = np.arange(len(query)) if places is None else places
    protocol = report.protocol
    chosen = choose_queries(report.average_precision[places], count=lists, seed=seed)
    sampled = sample_queries(query, gallery, junk_pids=protocol["junk_pids"], seed=seed)
    rows = np.union1d(sampled, np.concatenate(list(chosen.values())))
    scores = _scores(query, gallery, protocol, scoring, rows=rows, left_out=left_out)
    groups = ranked_lists(query, gallery, report, scores, chosen=chosen, places=places, top_k=top_k)
    distributions = score_distributions(query, gallery, scores, rows=sampled)
    page = _template().render(
        title=title,
        facts=list({**(facts or {}), **_model(query)}.items()),
        figures=[(row["metric"], f"{row['value']:.1%}") for row in report.summary()],
        counted=_counted(report, shown=len(query)),
        charts=[_cmc(report), _distributions(distributions, scores.name)],
        protocol=[(name.replace("_", " "), _said(value)) for name, value in protocol.items()],
        tables=[table for table in tables if table.rows],
        groups=groups,
        score_name=scores.name,
        footer=f"Written by reid-eval {version('reid-eval')}.",
    )
    path = Path(file)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _scores(
    query: Embeddings,
    gallery: Embeddings,
    protocol: Mapping[str, Any],
    scoring: Scoring | None,
    *,
    rows: NDArray[np.int64],
    left_out: LeftOut | None,
) -> PairScores:
    """As the evaluation scored them."""
    if scoring is not None and not scoring.plain:
        return RankedScores(
            query,
            gallery,
            scoring,
            rows=rows,
            camera_filter=protocol["camera_filter"],
            left_out=left_out,
        )
    return FeatureScores(
        query,
        gallery,
        metric=protocol["metric"],
        camera_filter=protocol["camera_filter"],
        junk_pids=protocol["junk_pids"],
        left_out=left_out,
    )


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("reid_eval.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _model(query: Embeddings) -> dict[str, object]:
    meta = query.meta
    described = meta.get("embedder", {})
    size = meta.get("image_size")
    return {
        "Model": described.get("name", "unknown"),
        "Fingerprint": str(meta.get("fingerprint", "unknown"))[:16],
        "Embedding": f"{query.dimension} numbers"
        + (f", mean of {views} views" if (views := len(meta.get("views", []))) else ""),
        "Image size": "unknown" if size is None else f"{size[0]} x {size[1]} (height x width)",
    }


def _counted(report: RetrievalReport, *, shown: int) -> str:
    asked = len(report.average_precision)
    text = (
        f"{report.valid:,} of {asked:,} queries evaluated against "
        f"{report.protocol['gallery_size']:,} gallery images."
    )
    reasons = [f"{count:,} ({why})" for why, count in report.skipped.items()]
    text += f" Skipped: {', '.join(reasons)}." if reasons else ""
    return text + (f" Scores and lists below: {shown:,} of them." if shown < asked else "")


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _cmc(report: RetrievalReport) -> Chart:
    curve = report.cmc(_RANKS)
    low = max(0.0, np.floor(10 * (curve[0] - 0.05)) / 10)
    return line_chart(
        [Series("CMC", "one", np.arange(1.0, _RANKS + 1), curve)],
        key="cmc",
        title="Cumulative matching characteristic",
        description=(
            f"Share of queries with a match among the first k answers: {curve[0]:.1%} for k = 1, "
            f"{curve[9]:.1%} for k = 10, {curve[-1]:.1%} for k = {_RANKS}."
        ),
        x_label="rank k",
        y_label="queries matched",
        x_ticks=[1, 10, 20, 30, 40, 50],
        y_ticks=round_ticks(float(low), 1.0),
        percent=True,
    )


def _distributions(found: ScoreDistributions, name: str) -> Chart:
    middle = (found.edges[:-1] + found.edges[1:]) / 2
    means = [float(share @ middle) for share in (found.true, found.false)]
    labels = [f"same person ({found.true_pairs:,} pairs)", f"other ({found.false_pairs:,} pairs)"]
    top = float(max(found.true.max(), found.false.max()))
    return line_chart(
        [
            Series(labels[0], "right", middle, found.true),
            Series(labels[1], "wrong", middle, found.false),
        ],
        key="scores",
        title="Scores of true and false matches",
        description=(
            f"Distribution of the {name} of {found.queries:,} queries with the gallery: "
            f"pairs of one person have {means[0]:.2f} in the mean, other pairs {means[1]:.2f}."
        ),
        x_label=name,
        y_label="share of pairs",
        x_ticks=round_ticks(float(found.edges[0]), float(found.edges[-1])),
        y_ticks=round_ticks(0.0, top),
        percent=True,
        filled=True,
    )
