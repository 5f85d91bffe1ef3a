"""A model of one's own: people by the colours of their upper and lower body.

What every command and function takes as ``--model colours:model``: a function from a
``torch.device`` to a callable that turns uint8 images into embeddings, and says what it is.
``python examples/colours.py`` measures it.
"""

import tempfile
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from reid_data import load_dataset, synthesize
from reid_eval import embed, evaluate


class Colours:
    """Mean colours of eight by four patches, without the light of the camera."""

    image_size, embedding_size, fingerprint = (128, 64), 96, "colours-1"

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def describe(self) -> dict[str, object]:
        return {"name": "mean colours of 32 patches"}

    def __call__(self, images: Tensor) -> Tensor:
        patches = adaptive_avg_pool2d(images.to(self.device).float(), (8, 4))
        light = patches.std((2, 3), keepdim=True) + 1
        return ((patches - patches.mean((2, 3), keepdim=True)) / light).flatten(1)


def model(device: torch.device) -> Colours:
    return Colours(device)


def main(folder: Path) -> None:
    synthesize(folder / "people", identities=1, test_identities=30, distractors=0)
    people = load_dataset("market1501", folder / "people")
    ours = model(torch.device("cpu"))
    query, gallery = (embed(ours, people.split(side), workers=0) for side in ("query", "gallery"))
    report = evaluate(query, gallery)
    print(f"mAP {report.mAP:.1%}, Rank-1 {report.rank(1):.1%}, of {report.valid} queries")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
