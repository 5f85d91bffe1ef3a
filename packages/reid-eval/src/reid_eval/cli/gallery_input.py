"""What the gallery verbs read: a folder of crops, or of embeddings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reid_data.console import progress
from reid_eval.cli.sides import Pass, open_model

if TYPE_CHECKING:
    import pandas as pd

    from reid_data.records import Records
    from reid_eval.embedders import Embedder
    from reid_eval.embeddings import Embeddings
    from reid_eval.gallery import Gallery, GalleryInfo

__all__ = ["Source", "attribute_values", "open_source", "rows_of"]


@dataclass
class Source:
    """Images, which a model still has to embed, or embeddings."""

    side: Records | Embeddings
    _embedder: list[Embedder] = field(default_factory=list)

    def dimension(self, how: Pass) -> int:
        """D, of the embeddings that will come."""
        from reid_eval.embeddings import Embeddings

        if isinstance(self.side, Embeddings):
            return self.side.dimension
        return self._model(how).embedding_size

    def check(self, info: GalleryInfo, how: Pass) -> None:
        """Refuse what does not fit the gallery, before anything is embedded.

        Raises:
            ValueError: another model, or another dimension.
        """
        from reid_eval.embeddings import Embeddings, check_same_making

        if isinstance(self.side, Embeddings):
            facts: dict[str, Any] = dict(self.side.meta)
        else:
            embedder = self._model(how)
            facts = {
                "fingerprint": embedder.fingerprint,
                "image_size": list(embedder.image_size),
                "views": how.views.names,
                "normalised": False,
            }
        if info.model:
            check_same_making(info.model, facts, names=("the gallery", "what is given"))
        if self.dimension(how) != info.dimension:
            raise ValueError(
                f"the embeddings have {self.dimension(how)} dimensions, the gallery "
                f"{info.dimension}; embed with the gallery's model"
            )

    def check_times(self, fps: float | None) -> None:
        """Refuse to make times of frames (``fps``) where that gives none.

        Raises:
            ValueError: says so.
        """
        import numpy as np

        from reid_eval.gallery.incoming import frame_times

        if fps is not None and np.isnan(frame_times(self.side.table, fps)).all():
            raise ValueError(
                "--fps makes times of frames, but no frame is known here; the table of "
                "`reid-eval embed --data DATASET` knows those of most data sets"
            )

    def leave_out_present(self, gallery: Gallery, *, skip: bool) -> None:
        """Before anything is embedded, leave out what the gallery has.

        Raises:
            ValueError: it has some, and they are not to be skipped.
        """
        from reid_eval.gallery.columns import row_paths
        from reid_eval.gallery.incoming import gallery_table, without_duplicates

        paths = row_paths(gallery_table(self.side))
        how: Literal["skip", "refuse"] = "skip" if skip else "refuse"
        new = without_duplicates(paths, gallery.present(paths), how)
        if len(new) < len(paths):
            self.side = self.side.take(new)

    def embedded(self, how: Pass) -> Embeddings:
        """The embeddings, made if they are not there."""
        from reid_eval.embeddings import Embeddings
        from reid_eval.extraction import embed

        if isinstance(self.side, Embeddings):
            return self.side
        with progress("embedding", total=len(self.side)) as advance:
            made = embed(
                self._model(how),
                self.side,
                batch_size=how.batch_size,
                workers=how.workers,
                views=how.views,
                skip_unreadable=how.skip_unreadable,
                advance=advance,
            )
        self.side = made
        return made

    def _model(self, how: Pass) -> Embedder:
        if not self._embedder:
            self._embedder.append(open_model(how, needed_for="folder"))
        return self._embedder[0]


def open_source(place: Path) -> Source:
    """Read what a folder holds, or one image file; no image is opened.

    Raises:
        ValueError: there are neither images nor embeddings.
    """
    import pandas as pd

    from reid_data.datasets import from_images
    from reid_data.records import Records
    from reid_eval.embeddings import Embeddings, is_embeddings_folder

    if is_embeddings_folder(place):
        return Source(Embeddings.load(place))
    if place.is_file():
        table = pd.DataFrame({"path": [place.name], "pid": [-1], "split": ["gallery"]})
        return Source(Records(table, place.parent))
    if not place.is_dir():
        raise ValueError(f"{place} does not exist; expected images, or embeddings")
    return Source(from_images(place, pids="optional"))


def rows_of(embeddings: Embeddings, *, keep_images: bool, fps: float | None) -> pd.DataFrame:
    """The rows for the gallery, with the pictures if they are to be kept."""
    from reid_eval.gallery.incoming import gallery_table

    table = gallery_table(embeddings, fps=fps)
    if not keep_images:
        return table
    return table.assign(image=[path.read_bytes() for path in embeddings.paths])


def attribute_values(texts: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` words; a value is JSON, or else a text; one name may have several.

    Raises:
        ValueError: a word is of another form.

    Examples:
        >>> attribute_values(["colour=red", "hat=true", "colour=blue"])
        {'colour': ['red', 'blue'], 'hat': [True]}
    """
    found = dict[str, Any]()
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ValueError(f"--attribute must be NAME=VALUE, got {text!r}")
        try:
            plain = json.loads(value)
        except ValueError:
            plain = value
        found.setdefault(name, []).append(plain)
    return found
