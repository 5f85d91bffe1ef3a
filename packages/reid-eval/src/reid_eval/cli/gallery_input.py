"""What the gallery verbs read: a folder of crops, or of embeddings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reid_data.console import progress
from reid_eval.cli.sides import Pass, open_model

if TYPE_CHECKING:
    import pandas as pd

    from reid_data.records import Records
    from reid_eval.embedders import Embedder
    from reid_eval.embeddings import Embeddings
    from reid_eval.gallery import GalleryInfo

__all__ = ["Source", "attribute_values", "open_source"]


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

    def table(self, embeddings: Embeddings, *, keep_images: bool) -> pd.DataFrame:
        """The rows for the gallery, with the pictures if they are to be kept."""
        from reid_eval.gallery.incoming import gallery_table

        table = gallery_table(embeddings)
        if not keep_images:
            return table
        return table.assign(image=[path.read_bytes() for path in embeddings.paths])

    def _model(self, how: Pass) -> Embedder:
        if not self._embedder:
            self._embedder.append(open_model(how, needed_for="images"))
        return self._embedder[0]


def open_source(folder: Path) -> Source:
    """Read what a folder holds; no image is opened.

    Raises:
        ValueError: it holds neither images nor embeddings.
    """
    from reid_data.datasets import from_images
    from reid_eval.embeddings import Embeddings, is_embeddings_folder

    if is_embeddings_folder(folder):
        return Source(Embeddings.load(folder))
    if not folder.is_dir():
        state = "is a file" if folder.exists() else "does not exist"
        raise ValueError(f"{folder} {state}; expected a folder of images, or of embeddings")
    return Source(from_images(folder, pids="optional"))


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
