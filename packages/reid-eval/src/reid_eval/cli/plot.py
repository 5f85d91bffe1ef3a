"""``reid-eval plot``: pictures of an evaluation."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_data.console import Json, Seed, note, out_option, progress, require, show
from reid_eval.cli.options import (
    CameraFilterOption,
    EvaluationFilterChoice,
    MetricChoice,
    MetricOption,
)
from reid_eval.cli.sides import check_out_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reid_eval.embeddings import Embeddings

__all__ = ["plot_command"]

_FIGURES = (".png", ".pdf", ".svg", ".jpg")


class Kind(StrEnum):
    """What to draw."""

    LISTS = "lists"
    CMC = "cmc"
    SCORES = "scores"
    CAMERAS = "cameras"
    MAP = "map"
    REGIONS = "regions"


class MethodChoice(StrEnum):
    """``--method``."""

    TSNE = "tsne"
    PCA = "pca"


def plot_command(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="Ranked lists, CMC curves, score distributions, a heat map of camera pairs, a map "
            "of the embeddings (HTML), or the regions that made two images match."
        ),
    ],
    out: Annotated[Path, out_option("File to write: .png, .pdf, .svg or .jpg; a map .html.")],
    query: Annotated[
        list[Path] | None,
        typer.Option("--query", help="Folder of query embeddings; for cmc one for each curve."),
    ] = None,
    gallery: Annotated[
        list[Path] | None, typer.Option("--gallery", help="Folder of gallery embeddings.")
    ] = None,
    embeddings: Annotated[
        Path | None, typer.Option("--embeddings", help="Embeddings folder, for a map.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="The model whose matches are explained, for regions.")
    ] = "",
    image: Annotated[
        list[Path] | None, typer.Option("--image", help="For regions: two images, or several.")
    ] = None,
    rows: Annotated[
        list[int] | None,
        typer.Option("--row", help="For lists: which query, from 0; may be repeated."),
    ] = None,
    queries: Annotated[int, typer.Option(min=1, help="For lists: how many, worst first.")] = 6,
    top_k: Annotated[int, typer.Option("--top-k", min=1, help="For lists: answers of each.")] = 10,
    most: Annotated[int, typer.Option(min=3, help="For a map: how many images.")] = 2000,
    method: Annotated[
        MethodChoice, typer.Option("--method", help="For a map.")
    ] = MethodChoice.TSNE,
    metric: MetricOption = MetricChoice.COSINE,
    camera_filter: CameraFilterOption = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw one picture.

    Embeddings come from `reid-eval embed` or from `reid-eval test --out`.
    """
    check_out_file(out)
    endings = (".html",) if kind is Kind.MAP else _FIGURES
    if out.suffix.lower() not in endings:
        raise ValueError(f"--out must end in {' or '.join(endings)} for a {kind}, not {out.name!r}")
    library = "sklearn" if kind is Kind.MAP else "matplotlib"
    require(library, extra="reid-eval[plots]", for_what=f"reid-eval plot {kind}")
    if kind is Kind.MAP:
        _write_map(out, embeddings, most=most, method=method, seed=seed)
    elif kind is Kind.REGIONS:
        _save(_regions(model, image or []), out)
    else:
        sides = _sides(query or [], gallery or [])
        options = {
            "metric": metric.value,
            "camera_filter": (camera_filter or EvaluationFilterChoice.CROSS_CAMERA).value,
        }
        drawn = {
            Kind.LISTS: lambda: _lists(*sides[0], options, rows, queries, top_k),
            Kind.CMC: lambda: _cmc(sides, query or [], options),
            Kind.SCORES: lambda: _scores(*sides[0], options, seed),
            Kind.CAMERAS: lambda: _cameras(*sides[0], options),
        }
        _save(drawn[kind](), out)
    show([{"plot": kind.value, "file": str(out)}], as_json=as_json, payload={"file": str(out)})


def _write_map(
    out: Path, folder: Path | None, *, most: int, method: MethodChoice, seed: int
) -> None:
    from reid_eval.embeddings import Embeddings
    from reid_eval.plots import write_projection

    if folder is None:
        raise ValueError("--embeddings is missing: a map shows one embeddings folder")
    embeddings = Embeddings.load(folder)
    with progress("map", total=1) as advance:
        write_projection(out, embeddings, most=most, method=method.value, seed=seed)
        advance(1)
    if len(embeddings) > most:
        note(f"{len(embeddings):,} images: people were drawn until there were {most:,} (--most)")


def _regions(model: str, images: list[Path]) -> Figure:
    from reid_eval.cli.sides import Pass, open_model
    from reid_eval.plots import plot_match_regions
    from reid_eval.views import Views

    if len(images) != 2:
        raise ValueError(
            f"expected --image twice, for the two images that match, got {len(images)}"
        )
    how = Pass(model, "auto", 128, 0, Views(), skip_unreadable=False)
    return plot_match_regions(open_model(how, needed_for="two --image files"), *images)


def _sides(queries: list[Path], galleries: list[Path]) -> list[tuple[Embeddings, Embeddings]]:
    from reid_eval.embeddings import Embeddings

    if not queries or len(queries) != len(galleries):
        raise ValueError(
            "expected --query FOLDER and --gallery FOLDER of embeddings, as often as each other; "
            f"got {len(queries)} and {len(galleries)}"
        )
    return [
        (Embeddings.load(query), Embeddings.load(gallery))
        for query, gallery in zip(queries, galleries, strict=True)
    ]


def _lists(
    query: Embeddings,
    gallery: Embeddings,
    options: dict[str, Any],
    rows: list[int] | None,
    count: int,
    top_k: int,
) -> Figure:
    import numpy as np

    from reid_eval.evaluation import evaluate
    from reid_eval.exact_search import search
    from reid_eval.plots import plot_ranked_lists

    found = search(query, gallery, top_k=top_k, **options)
    if not rows:
        precision = evaluate(query, gallery, **options).average_precision
        order = np.argsort(precision, kind="stable")
        rows = [int(row) for row in order[np.isfinite(precision[order])][:count]]
    return plot_ranked_lists(found, rows=rows, top_k=top_k)


def _cmc(
    sides: list[tuple[Embeddings, Embeddings]], names: list[Path], options: dict[str, Any]
) -> Figure:
    from reid_eval.evaluation import evaluate
    from reid_eval.plots import plot_cmc

    # `reid-eval test --out` puts the queries below a folder that says which test it was.
    folders = [path.absolute() for path in names]
    labels = [path.parent.name if path.name == "query" else path.name for path in folders]
    if len(set(labels)) < len(labels):
        labels = [str(path) for path in names]
    reports = {
        label: evaluate(query, gallery, **options)
        for label, (query, gallery) in zip(labels, sides, strict=True)
    }
    return plot_cmc(reports)


def _scores(query: Embeddings, gallery: Embeddings, options: dict[str, Any], seed: int) -> Figure:
    from reid_eval.plots import plot_score_distributions
    from reid_eval.report.distributions import sample_queries, score_distributions
    from reid_eval.report.scores import FeatureScores

    scores = FeatureScores(query, gallery, junk_pids=(-1,), **options)
    rows = sample_queries(query, gallery, junk_pids=(-1,), seed=seed)
    found = score_distributions(query, gallery, scores, rows=rows)
    return plot_score_distributions(found, score_name=scores.name)


def _cameras(query: Embeddings, gallery: Embeddings, options: dict[str, Any]) -> Figure:
    from reid_eval.evaluation import evaluate
    from reid_eval.plots import plot_camera_pairs

    return plot_camera_pairs(evaluate(query, gallery, **options), query, gallery)


def _save(figure: Figure, out: Path) -> None:
    from reid_data.files import replacing

    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:
        figure.savefig(temporary, format=out.suffix[1:].lower())
