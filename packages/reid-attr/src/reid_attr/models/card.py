"""The card of an attribute model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reid_core.models.card import Card, data_lines, figures

__all__ = ["card_of_attributes"]

_EXAMPLE = """\
from reid_attr import load_recognizer

recognizer = load_recognizer("FOLDER")  # or "hf://owner/name"
probabilities = recognizer(images)  # uint8 RGB (B, 3, H, W) to (B, K)
words = recognizer.describe(probabilities)
"""


def card_of_attributes(info: Mapping[str, Any], *, title: str) -> Card:
    """The card of a checkpoint folder, from what its ``model.json`` says.

    Args:
        info: contents of ``model.json``.
        title: the model's name.
    """
    metadata = info.get("metadata", {})
    height, width = info["architecture"]["image_size"]
    return Card(
        title=title,
        library="reid-attr",
        tags=["pedestrian-attribute-recognition", "person-re-identification", "reid-attr"],
        facts={
            "network": str(info["architecture"].get("name", "")),
            "takes": f"RGB images of {height} x {width} pixels (height x width)",
            "gives": f"probabilities of {len(info['thresholds'])} attributes",
            "made with": ", ".join(f"{name} {each}" for name, each in info["versions"].items()),
        },
        data=data_lines(metadata),
        measured=figures(
            metadata.get("validation"),
            {"mA": "mA", "F1": "F1"},
            on="validation images of the training",
        ),
        example=_EXAMPLE,
        licence=str(metadata.get("licence", "other")),
        task="image-classification",
    )
