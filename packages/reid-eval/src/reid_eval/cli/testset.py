"""Query and gallery of a test: a data set's, or two folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reid_data.console import note
from reid_eval.cli.sides import Pass, embed_sides, open_sides

if TYPE_CHECKING:
    from reid_data.records import Records
    from reid_eval.embeddings import Embeddings

__all__ = ["embed_test_set", "open_test_set"]


def open_test_set(
    data: str, root: Path | None, query: Path | None, gallery: Path | None, *, redraws: bool
) -> dict[str, Records | Embeddings]:
    """Read a data set's test images, or two folders; no image is opened.

    Args:
        data: its name; empty for folders.
        root: its folder.
        query: the one folder.
        gallery: the other.
        redraws: the protocols choose queries by themselves. Then a data set without any (as video
            is) is query and gallery at once, one and the same object.

    Raises:
        ValueError: too much or too little is said, or what is named cannot be read.
    """
    folders = query is not None or gallery is not None
    if folders and (data or root is not None):
        raise ValueError("expected --data and --root, or --query and --gallery, not both")
    if folders:
        return open_sides(query, gallery, pids="required")
    if not data or root is None:
        raise ValueError("expected --data NAME --root FOLDER, or --query FOLDER --gallery FOLDER")
    from reid_data.datasets import load_dataset

    video = data.partition(":")[0] == "mot_sequences"
    return _sides_of(load_dataset(data, root), data, redraws=redraws or video)


def _sides_of(records: Records, data: str, *, redraws: bool) -> dict[str, Records | Embeddings]:
    splits = set(records.table["split"])
    inside = next((name for name in ("val", "train") if name in splits), None)
    if "query" in splits or not redraws or inside is None:
        return {"query": records.split("query"), "gallery": records.split("gallery", "distractor")}
    note(f"{data} has no queries: its {inside} images ask and answer")
    images = records.split(inside)
    return {"query": images, "gallery": images}


def embed_test_set(
    sides: Mapping[str, Records | Embeddings], how: Pass
) -> tuple[dict[str, Embeddings], float | None]:
    """Embed what is not embedded yet, each image once; see `embed_sides`.

    Raises:
        ValueError: see `embed_sides`.
    """
    if sides["query"] is not sides["gallery"]:
        return embed_sides(sides, how)
    done, speed = embed_sides({"images": sides["query"]}, how)
    return {"query": done["images"], "gallery": done["images"]}, speed
