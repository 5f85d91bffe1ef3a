"""The verb `retrieve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_attr.options import AttributeSet, Images, Model, Part, SomeData, SomeRoot
from reid_attr.tables import check_table, write_table
from reid_data.console import (
    BatchSize,
    Device,
    Json,
    Seed,
    Workers,
    note,
    out_option,
    progress,
    show,
)

if TYPE_CHECKING:
    import pandas as pd

    from reid_attr.queries import Queries
    from reid_attr.recognizer import Recognizer
    from reid_attr.retrieval import Ranking, RetrievalFigures

__all__ = ["retrieve"]

_EVERY = "every"


def retrieve(
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY",
            help='Words such as "female, backpack, upper red, not hat"; a vector of 1, 0 and ?; a '
            ".csv file of queries; or every: each combination that images of --data have.",
        ),
    ],
    model: Model,
    place: Annotated[
        Path | None,
        typer.Argument(
            metavar="WHERE",
            help="An image, a folder or .csv list of images, embeddings of the model, or "
            "a table of `reid-attr predict`.",
        ),
    ] = None,
    gallery: Annotated[
        str | None,
        typer.Option("--gallery", help="Folder or URL of a gallery of the model's embeddings."),
    ] = None,
    data: SomeData = None,
    root: SomeRoot = None,
    part: Part = "test",
    images: Images = None,
    attributes: AttributeSet = None,
    top_k: Annotated[int, typer.Option("--top-k", min=1, help="Answers to each query.")] = 10,
    distance: Annotated[
        str, typer.Option("--distance", help="absolute, euclidean or likelihood.")
    ] = "absolute",
    out: Annotated[Path | None, out_option("Table of all answers: .csv or .parquet.")] = None,
    submission: Annotated[
        Path | None,
        typer.Option("--submission", help="CSV of every query's distance from every image."),
    ] = None,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: Workers = 0,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Find people by a description; with --data measure it by R-1 and mAP too."""
    _check(query, place, gallery, data, root, out, submission, distance)
    from reid_attr.queries import every_query
    from reid_attr.recognizer import load_recognizer
    from reid_attr.retrieval import rank_images, retrieval_figures, write_submission
    from reid_attr.searched import in_gallery, in_place, in_set

    recognizer = load_recognizer(model, device=device)
    queries = None if query == _EVERY else _queries(query, recognizer)

    def recognise(records: Any) -> Any:
        with progress("recognising", len(records)) as advance:
            return recognizer.of_records(
                records, batch_size=batch_size, workers=workers, advance=advance
            )

    if data is not None and root is not None:
        searched = in_set(
            recognizer,
            recognise,
            model=model,
            data=data,
            root=root,
            part=part,
            images=images,
            attributes=attributes,
        )
    elif gallery is not None:
        searched = in_gallery(recognizer, gallery)
    else:
        searched = in_place(recognizer, recognise, place or Path(), images=images)
    if queries is None:
        queries = every_query([] if searched.truth is None else searched.truth)
    how: Any = distance
    ranking = rank_images(searched.probabilities, queries, top_k=top_k, distance=how)
    figures = None
    if searched.truth is not None:
        figures = retrieval_figures(
            searched.probabilities, queries, searched.truth, distance=how, seed=seed
        )
    answers = _answers(ranking, queries, searched.table)
    if out is not None:
        write_table(answers, out)
    if submission is not None:
        names = [str(path) for path in searched.table["path"]]
        write_submission(submission, names, queries, searched.probabilities, distance=how)
    _show(answers, figures, queries, as_json=as_json)


def _check(
    query: str,
    place: Path | None,
    gallery: str | None,
    data: str | None,
    root: Path | None,
    out: Path | None,
    submission: Path | None,
    distance: str,
) -> None:
    """Refuse what cannot work before anything is loaded."""
    if sum(where is not None for where in (place, gallery, data)) != 1:
        raise ValueError(
            "say where to look, once: a folder (or table) behind the query, --gallery, or --data"
        )
    if data is not None and root is None:
        raise ValueError(f"--data {data} needs --root, the folder that holds it")
    if query == _EVERY and data is None:
        raise ValueError("the query 'every' takes the combinations of images of --data")
    if distance not in ("absolute", "euclidean", "likelihood"):
        raise ValueError(f"--distance must be absolute, euclidean or likelihood; came {distance!r}")
    if out is not None:
        check_table(out)
    if submission is not None and submission.suffix.lower() != ".csv":
        raise ValueError(f"--submission must end in .csv, came {submission}")


def _queries(query: str, recognizer: Recognizer) -> Queries:
    from reid_attr.queries import parse_query, read_queries

    if query.lower().endswith(".csv"):
        return read_queries(query, recognizer.schema)
    return parse_query(query, recognizer.schema)


def _answers(ranking: Ranking, queries: Queries, table: pd.DataFrame) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    count, answers = ranking.indices.shape
    head = pd.DataFrame(
        {
            "query": np.repeat(np.array(queries.names, dtype=object), answers),
            "rank": np.tile(np.arange(1, answers + 1), count),
            "distance": ranking.distances.ravel(),
        }
    )
    known = table.iloc[ranking.indices.ravel()].reset_index(drop=True)
    return pd.concat([head, known], axis=1)


def _show(
    answers: pd.DataFrame, figures: RetrievalFigures | None, queries: Queries, *, as_json: bool
) -> None:
    payload: dict[str, Any] = {"queries": len(queries)}
    if figures is not None:
        payload["figures"] = figures.to_dict()
    if len(queries) == 1:
        columns = [c for c in ("rank", "distance", "path", "pid", "camid") if c in answers]
        lines: list[Any] = answers[columns].to_dict("records")
        payload["answers"] = lines
        if not as_json:
            show(lines, title=queries.names[0])
    if figures is not None and not as_json:
        rows = [{"figure": "mAP", "value": figures.mAP}]
        rows += [{"figure": f"R-{rank}", "value": share} for rank, share in figures.ranks.items()]
        title = f"{figures.queries} queries, {figures.images} images"
        show(rows, title=title)
        if figures.skipped:
            note(f"{figures.skipped} queries fit no image and were not measured")
    if as_json:
        show([], as_json=True, payload=payload)
    elif len(queries) > 1 and figures is None:
        note(f"{len(queries)} queries answered; --out writes the answers")
