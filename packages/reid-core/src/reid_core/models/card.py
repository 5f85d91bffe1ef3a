"""Model cards: a README.md that says what a model is, what it learned from, how good, what for.

The front matter is what model hubs read. Figures come from the training's validation and, once
somebody has measured, from the reports of ``reid-eval test``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from reid_core._files import whole_file

__all__ = [
    "CARD",
    "Card",
    "Measured",
    "card_of_file",
    "card_of_model",
    "data_lines",
    "figures",
    "write_card",
]

CARD = "README.md"
"""The card's name in a folder, and on hubs."""

_MARK = "<!-- Written by reid; a card without this line is yours and stays as it is. -->"
_LIMITS = """\
- Scores are not proof of who somebody is. Keep a human decision between a match and a consequence.
- Figures hold for the data above. Other cameras, seasons, people and clothes give other figures:
  measure on your own before you rely on them (`reid-eval test`).
- People were seen only as the data show them; whom the data hold few of, the model knows little of.
"""
_USE = """\
For research, for measuring how well such systems work and where they fail, and for places where
the people seen have been told and the law allows it. Not for covert surveillance.
"""


@dataclass(frozen=True)
class Measured:
    """One figure.

    Attributes:
        name: such as ``"mAP"``.
        value: a share of 1.
        on: the images.
        interval: its confidence interval; none: nobody has measured it.
    """

    name: str
    value: float
    on: str
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a card says.

    Attributes:
        title: the model's name.
        library: the package that reads it.
        tags: for those who look for models.
        facts: the network, name by name.
        data: what it learned from, a line each.
        measured: figures.
        example: Python, or a command, that uses it.
        language: of the example.
        licence: of the weights, as hubs abbreviate it.
        task: what hubs call it.
    """

    title: str
    library: str
    tags: Sequence[str]
    facts: Mapping[str, str]
    data: Sequence[str]
    measured: Sequence[Measured] = field(default=())
    example: str
    language: str = "python"
    licence: str = "other"
    task: str = "image-feature-extraction"

    def text(self) -> str:
        """The card, as Markdown behind YAML."""
        front = yaml.safe_dump(self._front_matter(), sort_keys=False, allow_unicode=True)
        data = "\n".join(f"- {line}" for line in self.data) or "Nobody has written down on what."
        licence = (
            "Nobody has named a licence for the weights; the terms of the data apply at least."
            if self.licence == "other"
            else f"Weights: {self.licence}. The terms of the data apply besides."
        )
        facts = _table(("", ""), self.facts.items())
        use = f"```{self.language}\n{self.example.strip()}\n```\n"
        parts = {
            f"# {self.title}": f"{_MARK}\n\n{facts}",
            "## Data": f"{data}\n",
            "## Licence": f"{licence}\n",
            "## Figures": self._figures(),
            "## Use": use,
            "## Intended use": _USE,
            "## Limits": _LIMITS,
        }
        body = "\n".join(f"{heading}\n\n{text}" for heading, text in parts.items())
        return f"---\n{front}---\n\n{body}"

    def _front_matter(self) -> dict[str, Any]:
        front: dict[str, Any] = {
            "license": self.licence,
            "library_name": self.library,
            "pipeline_tag": self.task,
            "tags": list(self.tags),
        }
        by_data: dict[str, list[Measured]] = {}
        for each in self.measured:
            by_data.setdefault(each.on, []).append(each)
        results = [
            {
                "task": {"type": self.task},
                "dataset": {"name": on, "type": on},
                "metrics": [
                    {"type": each.name, "name": each.name, "value": round(each.value, 4)}
                    for each in found
                ],
            }
            for on, found in by_data.items()
        ]
        if results:
            front["model-index"] = [{"name": self.title, "results": results}]
        return front

    def _figures(self) -> str:
        if not self.measured:
            return "Not measured.\n"
        rows = (
            (
                each.on,
                each.name,
                f"{each.value:.3f}",
                f"{each.interval[0]:.3f} to {each.interval[1]:.3f}" if each.interval else "unknown",
            )
            for each in self.measured
        )
        return _table(("on", "figure", "value", "interval"), rows)


def write_card(card: Card, path: Path) -> bool:
    """Write a card, unless somebody has written one by hand there.

    Returns:
        Whether it was written.
    """
    if path.exists() and _MARK not in path.read_text(encoding="utf-8", errors="replace"):
        return False
    with whole_file(path) as temporary:
        temporary.write_text(card.text(), encoding="utf-8")
    return True


def card_of_file(card: Card, file: Path, *, format: str, example: str) -> Card:  # noqa: A002
    """The card of a checkpoint, told of a file that was made of it.

    Args:
        card: of the checkpoint.
        file: what was made; it takes pixels, and holds everything but the resizing.
        format: of the file, such as ``"onnx"``.
        example: a command that uses it.
    """
    takes = f"uint8 {card.facts['takes']}; resizing is left to you, all else is inside"
    facts = {**card.facts, "file": f"{file.name} ({format})", "takes": takes}
    return replace(card, title=file.stem, facts=facts, example=example, language="sh")


def card_of_model(info: Mapping[str, Any], *, title: str) -> Card:
    """The card of a checkpoint folder, from what its ``model.json`` says.

    Args:
        info: contents of ``model.json``.
        title: the model's name.
    """
    architecture, metadata = info["architecture"], info.get("metadata", {})
    height, width = info["preprocessing"]["image_size"]
    facts = {
        "network": str(architecture.get("name", "")),
        "kind": str(architecture.get("kind", "global")),
        "takes": f"RGB images of {height} x {width} pixels (height x width)",
        "gives": f"embeddings of {info['embedding_size']} numbers, compared by cosine",
        "made with": ", ".join(f"{name} {each}" for name, each in info["versions"].items()),
    }
    return Card(
        title=title,
        library="reid-core",
        tags=["person-re-identification", "image-retrieval", "reid-core"],
        facts=facts,
        data=data_lines(metadata),
        measured=figures(
            metadata.get("validation"),
            {"mAP": "mAP", "rank1": "Rank-1"},
            on="people held out of the training",
        ),
        example=_EXAMPLE,
        licence=str(metadata.get("licence", "other")),
    )


_EXAMPLE = """\
from reid_core import load_model

model = load_model("FOLDER")  # or "hf://owner/name"
embeddings = model(model.preprocessing.normalize(images)).embedding  # uint8 RGB (B, 3, H, W)
"""


def data_lines(metadata: Mapping[str, Any]) -> list[str]:
    """What a model learned from, a line a data set, as far as its metadata know."""
    lines = []
    for each in _named(metadata.get("data")):
        terms = f"; terms: {each['licence']}" if each.get("licence") else ""
        cite = f"; {each['citation']}" if each.get("citation") else ""
        counts = f", {each['identities']:,} people in {each['images']:,} images"
        lines.append(f"{each['name']}{counts}{terms}{cite}")
    if not lines and "identities" in metadata:
        lines.append(f"{metadata['identities']} people, of data that were not written down")
    if isinstance(metadata.get("imported"), Mapping):
        lines.append(f"weights imported from {metadata['imported'].get('source')}")
    return lines


def _named(told: Any) -> list[Mapping[str, Any]]:
    """Data sets as a training writes them down; metadata of other people's may be anything."""
    needed = {"name", "identities", "images"}
    found = told if isinstance(told, list) else []
    return [each for each in found if isinstance(each, Mapping) and needed <= set(each)]


def figures(told: Any, names: Mapping[str, str], *, on: str) -> list[Measured]:
    """What a training measured.

    Args:
        told: its metadata's ``validation``, which may be anything.
        names: of the figures, by their keys there.
        on: the images.
    """
    if not isinstance(told, Mapping):
        return []
    return [
        Measured(name, float(told[key]), on)
        for key, name in names.items()
        if isinstance(told.get(key), int | float)
    ]


def _table(heads: Sequence[str], rows: Any) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"
