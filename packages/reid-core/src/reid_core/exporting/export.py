"""A checkpoint into one file that reid-eval, or anything else, can run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reid_core.embedder import CheckpointEmbedder, checkpoint
from reid_core.exporting.formats import Format, Writer, find_writer, list_formats
from reid_core.exporting.parity import Parity, measure_parity, worst_error
from reid_core.exporting.samples import noise, read_people, synthetic_people
from reid_core.models.card import Card, card_of_file, card_of_model, write_card
from reid_core.registry import nearest
from reid_data.console import one_line, require
from reid_data.hub import local_folder

__all__ = ["ExportResult", "export_model"]


@dataclass(frozen=True)
class ExportResult:
    """A model in a file.

    Attributes:
        file: where it is.
        format: of the file.
        image_size: (height, width) in pixels of the uint8 images that it takes.
        embedding_size: D.
        fingerprint: of the checkpoint, which the file carries too.
        megabytes: of the file and of what lies beside it.
        parity: errors on random images and on people.
    """

    file: Path
    format: str
    image_size: tuple[int, int]
    embedding_size: int
    fingerprint: str
    megabytes: float
    parity: Mapping[str, Parity]

    @property
    def worst(self) -> float:
        """The largest error of an image."""
        return worst_error(self.parity)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "file": str(self.file), "worst": self.worst}


def export_model(
    model: str | PathLike[str],
    out: str | PathLike[str],
    *,
    format: Format,  # noqa: A002 - the name of the option
    images: Path | None = None,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> ExportResult:
    """Write a checkpoint as one file: uint8 images (B, 3, H, W) in, float32 embeddings (B, D) out.

    Resizing is left to who reads the images; everything behind it is inside. B is any number. The
    file carries the checkpoint's image size, normalisation and fingerprint, so that
    ``reid-eval embed --model FILE`` gives embeddings that compare with the checkpoint's. It is
    read back and tried before it takes its name. A card lies beside it, ending in ``.md``.

    Args:
        model: checkpoint folder.
        out: file to write, ending in ``.onnx``, ``.xml`` (weights go to ``.bin`` beside it) or
            ``.pt2``.
        format: what to write.
        images: folder of images on which to compare; none: synthetic people.
        tolerance: largest error of an image, relative to the length of its embedding.
        seed: of the random images and synthetic people.

    Raises:
        ValueError: ``model`` is no checkpoint of images, ``out`` does not fit the format, the
            network cannot be expressed in it, or the file's embeddings differ.
        MissingExtraError: what writes or runs the format is not installed.
    """
    path, writer = Path(out), _checked_writer(format)
    _check_out(path, format, writer)
    for module in (*writer.modules, "reid_eval"):
        require(module, extra=writer.extra, for_what=f"exporting to {format}")
    embedder = _load(str(model))
    size = embedder.image_size
    people = synthetic_people(size, seed=seed) if images is None else read_people(images, size)
    samples = {"random": noise(size, seed=seed), "people": people}
    # Beside the result, so that it can be moved into place whole.
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        draft = Path(folder, path.name)
        _write(writer, format, embedder, samples["random"][:2], draft)
        parity = _compare(embedder, draft, samples, tolerance=tolerance, format=format)
        parts = sorted(Path(folder).iterdir(), key=lambda part: part == draft)
        megabytes = sum(part.stat().st_size for part in parts) / 1e6
        for part in parts:  # the file that is asked for last: its weights are there then
            part.replace(path.with_name(part.name))
    write_card(_card(model, path, format), path.with_suffix(".md"))
    return ExportResult(
        path, format, size, embedder.embedding_size, embedder.fingerprint, megabytes, parity
    )


def _card(model: str | PathLike[str], path: Path, format_: str) -> Card:
    info = json.loads((local_folder(model) / "model.json").read_text(encoding="utf-8"))
    example = f"reid-eval embed --model {path.name} --images FOLDER --out EMBEDDINGS"
    card = card_of_model(info, title=path.stem)
    return card_of_file(card, path, format=format_, example=example)


def _checked_writer(format_: Format) -> Writer:
    if format_ not in list_formats():
        hint = "".join(f"; did you mean {n!r}?" for n in nearest(format_, list_formats(), count=1))
        raise ValueError(f"unknown format {format_!r}{hint} Known: {', '.join(list_formats())}")
    return find_writer(format_)


def _check_out(path: Path, format_: str, writer: Writer) -> None:
    if path.suffix != writer.ending:
        raise ValueError(
            f"a file of {format_} ends in {writer.ending}, "
            f"so that it is recognised; came --out {path}"
        )
    if path.is_dir():
        raise ValueError(f"--out {path} is a folder; expected a file to write")


def _load(model: str) -> CheckpointEmbedder:
    embedder = checkpoint.load(model, device=torch.device("cpu"))
    if getattr(embedder.network.model, "takes_clips", False):
        raise ValueError(f"{model} takes clips; only models of single images can be exported")
    return embedder


def _write(
    writer: Writer, format_: str, embedder: CheckpointEmbedder, example: Tensor, draft: Path
) -> None:
    # What a network keeps for the next call is made with real tensors first, not while traced;
    # and not in inference mode, whose tensors no tracer takes.
    with torch.no_grad():
        embedder.network(example)
    said = embedder.describe()
    facts = {key: said[key] for key in ("name", "image_size", "mean", "std")}
    facts["fingerprint"] = embedder.fingerprint
    try:
        writer.write(embedder.network, example, draft, facts)
    except Exception as error:  # exporters raise anything
        reason = one_line(error)[:300]
        raise ValueError(
            f"{said['name']} cannot be written as {format_}: {reason}; try another --format"
        ) from error


def _compare(
    embedder: CheckpointEmbedder,
    draft: Path,
    samples: Mapping[str, Tensor],
    *,
    tolerance: float,
    format: str,  # noqa: A002
) -> dict[str, Parity]:
    """Errors of the file as reid-eval reads it."""
    from reid_eval.embedders import load_embedder

    other = load_embedder(draft, device="cpu")
    if other.fingerprint != embedder.fingerprint or other.image_size != embedder.image_size:
        raise ValueError(f"the {format} file lost what it says of its images")
    found = {name: measure_parity(embedder, other, images) for name, images in samples.items()}
    for name, parity in found.items():
        if parity.worst > tolerance:
            raise ValueError(
                f"the {format} file differs from the network by {parity.worst:.2g} on {name} "
                f"images (of the embedding's length; allowed {tolerance:.2g}); nothing is written"
            )
    return found
