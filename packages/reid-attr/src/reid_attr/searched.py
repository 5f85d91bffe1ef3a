"""Where people are looked for, with the probabilities of their attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_attr.embedder import fingerprint
from reid_attr.recognizer import Recognizer
from reid_attr.sources import images_at, split_of
from reid_attr.training.images import load_images
from reid_data import Records
from reid_eval.embeddings import Embeddings, is_embeddings_folder
from reid_eval.gallery import Gallery

__all__ = ["Searched", "in_gallery", "in_place", "in_set"]

Recognise = Callable[[Records], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Searched:
    """Images and what is known of them.

    Attributes:
        table: a row an image, with ``path``.
        probabilities: ``(N, K)``.
        truth: ``(N, K)`` of 1, 0 and -1, where it is known.
    """

    table: pd.DataFrame
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int8] | None = None


def in_set(
    recognizer: Recognizer,
    recognise: Recognise,
    *,
    model: Path,
    data: str,
    root: Path,
    part: str,
    images: Path | None,
    attributes: str | None,
) -> Searched:
    """A part of a data set with attributes.

    Args:
        recognizer: the model.
        recognise: its probabilities of records.
        model: its folder.
        data: name of the data set.
        root: where it is.
        part: see `split_of`.
        images: folder to which the table's paths are relative.
        attributes: attribute set that describes its people.

    Raises:
        ValueError: it cannot be read, has other attributes, or no such part.
    """
    about = recognizer.metadata or {}
    whole = load_images(
        data,
        root,
        schema=recognizer.schema,
        images=images,
        people=about.get("recipe", {}).get("data", {}).get("people"),
        attributes=attributes,
    )
    chosen = split_of(whole, model, part)
    return Searched(chosen.records.table, recognise(chosen.records), chosen.values)


def in_place(
    recognizer: Recognizer, recognise: Recognise, place: Path, *, images: Path | None = None
) -> Searched:
    """Images, a folder or list of them, embeddings of the model, or a table of `predict`.

    Args:
        recognizer: the model.
        recognise: its probabilities of records.
        place: the file or folder.
        images: folder to which the paths of a list are relative; its own by default.

    Raises:
        ValueError: there is none of them, or they are of another model or schema.
    """
    if is_embeddings_folder(place):
        found = Embeddings.load(place)
        _check_features(recognizer, found.meta, str(place))
        return Searched(found.table, recognizer.of_features(found.features))
    if place.suffix.lower() in (".csv", ".parquet") and place.is_file():
        table = pd.read_csv(place) if place.suffix.lower() == ".csv" else pd.read_parquet(place)
        if set(table.columns) & set(recognizer.schema.names) or place.suffix.lower() != ".csv":
            return _in_table(recognizer, table, place)
    records = images_at(place, images=images)
    return Searched(records.table, recognise(records))


def in_gallery(recognizer: Recognizer, url: str) -> Searched:
    """All rows of a gallery of the model's embeddings.

    Raises:
        ValueError: there is no gallery, it is empty, or of another model.
    """
    with Gallery.open(url) as opened:
        _check_features(recognizer, opened.info().model, url)
        ids = opened.ids()
        if not len(ids):
            raise ValueError(f"the gallery {url} is empty")
        rows = opened.get(ids).drop(columns="attributes")
        return Searched(rows, recognizer.of_features(opened.features(ids)))


def _in_table(recognizer: Recognizer, table: pd.DataFrame, path: Path) -> Searched:
    names = list(recognizer.schema.names)
    missing = [name for name in ("path", *names) if name not in table.columns]
    if missing:
        raise ValueError(
            f"{path} is no table of `reid-attr predict` for schema {recognizer.schema.name}: it "
            f"lacks {', '.join(missing[:5])}{' ...' if len(missing) > 5 else ''}"
        )
    values = table[names].to_numpy(np.float32)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{path} has probabilities that are not from 0 to 1")
    others = [name for name in table.columns if name not in names]
    return Searched(table[others], values)


def _check_features(recognizer: Recognizer, facts: Mapping[str, Any], where: str) -> None:
    """Refuse embeddings from which this model's head cannot read attributes."""
    if recognizer.model is None:
        raise ValueError("an exported file takes images only; name the checkpoint folder")
    if facts.get("fingerprint") != fingerprint(recognizer.model):
        raise ValueError(
            f"{where} holds embeddings of another model; embed with: reid-eval embed --model "
            "(the attribute model's folder), or name the images"
        )
    if facts.get("normalised"):
        raise ValueError(f"{where} holds normalised embeddings; attributes need the plain ones")
