"""Embeddings in the plane: t-SNE or principal components, as a page to look around in."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from reid_data.console import require
from reid_data.files import replacing
from reid_eval.embeddings import Embeddings
from reid_eval.report.thumbnails import thumbnail

__all__ = ["Method", "project", "write_projection"]

Method = Literal["tsne", "pca"]
_COMPONENTS = 50


def project(
    features: NDArray[np.float32], *, method: Method = "tsne", seed: int = 0
) -> NDArray[np.float64]:
    """Places in the plane (N, 2) for features (N, D), normalised first: cosine is what counts.

    Args:
        features: (N, D), finite.
        method: ``"tsne"`` keeps neighbours together, ``"pca"`` keeps large distances true.
        seed: of t-SNE, which begins at the principal components all the same.

    Returns:
        (N, 2), centred, the larger extent being one.

    Raises:
        ValueError: there are fewer than three rows.
        MissingExtraError: scikit-learn is not installed.
    """
    if len(features) < 3:
        raise ValueError(f"a map needs at least three images, got {len(features)}")
    require("sklearn", extra="reid-eval[plots]", for_what="a map of embeddings")
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    rows = np.asarray(features, np.float64)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    most = min(_COMPONENTS if method == "tsne" else 2, *rows.shape)
    places = PCA(most, svd_solver="auto", random_state=seed).fit_transform(rows)
    if method == "tsne":
        perplexity = min(30.0, (len(rows) - 1) / 3)
        places = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(places)
    if places.shape[1] < 2:
        places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    places = places - (places.max(axis=0) + places.min(axis=0)) / 2
    extent = float(np.ptp(places, axis=0).max()) or 1.0
    found: NDArray[np.float64] = places / extent
    return found


def write_projection(
    file: str | Path,
    embeddings: Embeddings,
    *,
    method: Method = "tsne",
    most: int = 2000,
    seed: int = 0,
    title: str = "Map of embeddings",
) -> Path:
    """Write one HTML file: every image a small picture, to zoom, drag and hover.

    Pointing at a picture shows it large and brings out all pictures of its person. The file needs
    nothing else.

    Args:
        file: where to write it, whole or not at all.
        embeddings: what to show.
        method: see `project`.
        most: of more rows, whole people are taken at random until there are so many.
        seed: which people, and of t-SNE.
        title: heading.

    Returns:
        The file.

    Raises:
        ValueError: there are fewer than three rows.
    """
    some = (
        embeddings if len(embeddings) <= most else embeddings.take(_people(embeddings, most, seed))
    )
    places = project(np.asarray(some.features), method=method, seed=seed)
    points = [
        {
            "x": round(float(x), 5),
            "y": round(float(y), 5),
            "pid": int(pid),
            "camera": "?" if camera < 0 else int(camera),
            "path": str(path),
            "image": thumbnail(some.root / path, size=(48, 96)),
        }
        for (x, y), pid, camera, path in zip(
            places, some.pids, some.camids, some.table["path"], strict=True
        )
    ]
    environment = Environment(
        loader=PackageLoader("reid_eval.plots", ""), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template("projection.html.j2").render(
        title=title,
        shown=len(some),
        of=len(embeddings),
        method={"tsne": "t-SNE", "pca": "principal components"}[method],
        # A page may not end the script early, whatever a file is called.
        points=json.dumps(points).replace("<", "\\u003c"),
        footer=f"Written by reid-eval {version('reid-eval')}.",
    )
    path = Path(file)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _people(embeddings: Embeddings, most: int, seed: int) -> NDArray[np.int64]:
    """Rows of people drawn at random, at most so many."""
    pids, inverse, counts = np.unique(embeddings.pids, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(pids))
    fits = order[np.cumsum(counts[order]) <= most]
    chosen = fits if len(fits) else order[:1]
    rows: NDArray[np.int64] = np.flatnonzero(np.isin(inverse, chosen))[:most]
    return rows
