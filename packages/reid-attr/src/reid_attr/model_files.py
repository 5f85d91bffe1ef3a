"""A trained model as one file that takes images and gives probabilities."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reid_attr.decoding import probabilities_of
from reid_attr.embedder import fingerprint
from reid_attr.models.attribute_model import AttributeModel
from reid_attr.models.card import card_of_attributes
from reid_attr.models.checkpoint import load_attribute_model, read_attribute_checkpoint
from reid_attr.recognizer import load_recognizer
from reid_attr.schema import Schema
from reid_core.exporting import Format, list_formats
from reid_core.exporting.formats import find_writer
from reid_core.exporting.samples import noise, read_people, synthetic_people
from reid_core.models.card import Card, card_of_file, write_card
from reid_core.registry import nearest
from reid_data.console import one_line, require
from reid_data.hub import local_folder

__all__ = ["AttributeExport", "AttributeNetwork", "export_attribute_model"]


@dataclass(frozen=True)
class AttributeExport:
    """A model in a file.

    Attributes:
        file: where it is.
        format: of the file.
        image_size: (height, width) in pixels of the uint8 images that it takes.
        attributes: K.
        megabytes: of the file and of what lies beside it.
        worst: largest difference of a probability, on random images and on people.
    """

    file: Path
    format: str
    image_size: tuple[int, int]
    attributes: int
    megabytes: float
    worst: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "file": str(self.file)}


class AttributeNetwork(nn.Module):
    """A model with its preprocessing and its softmax: uint8 images to probabilities.

    Args:
        model: the model.
        softmax: whether the attributes of a group that excludes share probability 1.
    """

    def __init__(self, model: AttributeModel, *, softmax: bool) -> None:
        super().__init__()
        self.model, self.softmax = model, softmax

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities ``(B, K)`` of uint8 RGB images ``(B, 3, H, W)``."""
        logits = self.model(self.model.preprocessing.normalize(images)).logits
        return probabilities_of(logits.float(), self.model.schema, softmax=self.softmax)


def export_attribute_model(
    model: str | PathLike[str],
    out: str | PathLike[str],
    *,
    format: Format,  # noqa: A002 - the name of the option
    images: Path | None = None,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> AttributeExport:
    """Write a checkpoint as one file: uint8 images (B, 3, H, W) in, probabilities (B, K) out.

    Resizing is left to who reads the images; everything behind it is inside. B is any number. The
    file carries schema, thresholds and image size, so that `load_recognizer` takes it in place of
    the folder. It is read back and compared before it takes its name. A card lies beside it, ending
    in ``.md``.

    Args:
        model: checkpoint folder.
        out: file to write, ending in ``.onnx``, ``.xml`` (weights go to ``.bin`` beside it) or
            ``.pt2``.
        format: what to write.
        images: folder of images on which to compare; none: synthetic people.
        tolerance: largest difference of a probability.
        seed: of the random images and synthetic people.

    Raises:
        ValueError: ``model`` is no checkpoint, ``out`` does not fit the format, the network cannot
            be expressed in it, or the file's probabilities differ.
        MissingExtraError: what writes or runs the format is not installed.
    """
    path, writer = Path(out), find_writer(_known(format))
    if path.suffix != writer.ending or path.is_dir():
        raise ValueError(f"a file of {format} ends in {writer.ending}; came --out {path}")
    for module in writer.modules:
        extra = writer.extra.replace("reid-core", "reid-attr")
        require(module, extra=extra, for_what=f"exporting to {format}")
    about, network = read_attribute_checkpoint(model), load_attribute_model(model)
    whole = AttributeNetwork(network, softmax=about.softmax).eval()
    size = network.preprocessing.image_size
    people = synthetic_people(size, seed=seed) if images is None else read_people(images, size)
    samples = {"random": noise(size, seed=seed), "people": people}
    facts = {
        "name": network.architecture["name"],
        "image_size": list(size),
        "fingerprint": fingerprint(network),
        **_answers(about.schema, about.thresholds, softmax=about.softmax),
    }
    # Beside the result, so that it can be moved into place whole.
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        draft = Path(folder, path.name)
        with torch.inference_mode():
            whole(samples["random"][:2])  # what it keeps for the next call is made untraced
        try:
            writer.write(whole, samples["random"][:2], draft, facts)
        except Exception as error:  # exporters raise anything
            reason = one_line(error)[:300]
            raise ValueError(
                f"{facts['name']} cannot be written as {format}: {reason}; try another --format"
            ) from error
        worst = _differences(whole, draft, samples, tolerance=tolerance, format_=format)
        parts = sorted(Path(folder).iterdir(), key=lambda part: part == draft)
        megabytes = sum(part.stat().st_size for part in parts) / 1e6
        for part in parts:  # the file that is asked for last: its weights are there then
            part.replace(path.with_name(part.name))
    write_card(_card(model, path, format), path.with_suffix(".md"))
    return AttributeExport(path, format, size, len(about.schema), megabytes, worst)


def _card(model: str | PathLike[str], path: Path, format_: str) -> Card:
    info = json.loads((local_folder(model) / "model.json").read_text(encoding="utf-8"))
    example = f"reid-attr predict FOLDER --model {path.name} --out attributes.csv"
    card = card_of_attributes(info, title=path.stem)
    return card_of_file(card, path, format=format_, example=example)


def _known(name: str) -> Format:
    for known in list_formats():
        if name == known:
            return known  # type: ignore[return-value]  # list_formats gives what Format names
    hint = "".join(f"; did you mean {each!r}?" for each in nearest(name, list_formats(), count=1))
    raise ValueError(f"unknown format {name!r}{hint} Known: {', '.join(list_formats())}")


def _answers(schema: Schema, thresholds: tuple[float, ...], *, softmax: bool) -> dict[str, Any]:
    """What makes a file a recognizer."""
    return {"schema": schema.to_dict(), "thresholds": list(thresholds), "softmax": softmax}


def _differences(
    network: AttributeNetwork,
    draft: Path,
    samples: Mapping[str, Tensor],
    *,
    tolerance: float,
    format_: str,
) -> dict[str, float]:
    """Largest difference of a probability on each kind of image, in batches of several sizes."""
    other, found = load_recognizer(draft, device="cpu"), {}
    for name, images in samples.items():
        with torch.inference_mode():
            expected = network(images)
        answers = torch.cat([other(part) for part in (images[:1], images[1:3], images[3:])])
        worst = float((answers - expected).abs().max())
        if not worst <= tolerance:
            raise ValueError(
                f"a probability of the {format_} file differs from the network's by {worst:.2g} "
                f"on {name} images (allowed {tolerance:.2g}); nothing is written"
            )
        found[name] = worst
    return found
