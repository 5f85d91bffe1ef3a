"""``reid-eval gallery index``: approximate search, and what share of the answers it finds."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from reid_data.console import Json, note, progress, show
from reid_eval.cli.gallery_options import Place

if TYPE_CHECKING:
    from reid_eval.gallery import Gallery, GalleryInfo, IndexReport

__all__ = ["index_command", "index_if_large"]

_INDEX_FROM = 1_000_000


def index_command(gallery: Place, as_json: Json = False) -> None:
    """Build the approximate index, and say what share of exact answers it finds."""
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery, "write") as kept:
        report = _build(kept)
    show([asdict(report)], as_json=as_json)


def index_if_large(gallery: Gallery) -> None:
    """Build an index where a gallery has become large, or most of its rows are newer than it."""
    info = gallery.info()
    if info.rows >= _INDEX_FROM and _is_outgrown(info):
        _build(gallery)


def _build(gallery: Gallery) -> IndexReport:
    with progress("indexing", total=gallery.count()) as advance:
        report = gallery.build_index(advance=advance)
    note(
        f"{report.kind}: finds {report.recall:.1%} of the exact {report.top_k} best "
        f"({report.queries} queries), built in {report.seconds:.0f} s"
    )
    return report


def _is_outgrown(info: GalleryInfo) -> bool:
    """Whether most rows are newer than the index."""
    return info.index is None or 2 * info.index.rows < info.rows
