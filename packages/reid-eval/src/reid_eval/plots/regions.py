"""Which regions of two images made them match, for any embedder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from reid_data.images import read_image, resize
from reid_eval.embedders import Embedder
from reid_eval.plots.style import new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["match_regions", "plot_match_regions"]


def match_regions(
    embedder: Embedder,
    image: Tensor,
    other: Tensor,
    *,
    window: tuple[int, int] | None = None,
    step: tuple[int, int] | None = None,
    batch_size: int = 128,
) -> NDArray[np.float32]:
    """How much the cosine to another image falls when a region is hidden.

    A grey window moves over the image; the fall at a pixel is the mean over the windows that cover
    it. Positive regions speak for the match, negative ones against it. It asks nothing of the
    embedder but embeddings, so it explains ONNX files as well as our own models.

    Args:
        embedder: the model.
        image: uint8 (3, H, W) of the embedder's size, in which regions are hidden.
        other: uint8 (3, H, W), the image that it is compared with.
        window: (height, width) of what is hidden; a sixth of the height, a third of the width.
        step: how far it moves, down and across; a quarter of it.
        batch_size: images in one forward pass.

    Returns:
        (H, W) float32.

    Source:
        Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
    """
    height, width = image.shape[-2:]
    size = window or (max(1, height // 6), max(1, width // 3))
    stride = step or (max(1, size[0] // 4), max(1, size[1] // 4))
    tops, lefts = (
        _places(length, part, move)
        for length, part, move in zip((height, width), size, stride, strict=True)
    )
    corners = [(top, left) for top in tops for left in lefts]
    hidden = image.expand(len(corners), -1, -1, -1).clone()
    for view, (top, left) in zip(hidden, corners, strict=True):
        view[:, top : top + size[0], left : left + size[1]] = 128
    views = torch.cat([other[None], image[None], hidden]).to(embedder.device)
    with torch.inference_mode():
        parts = [embedder(part).float() for part in views.split(batch_size)]  # type: ignore[no-untyped-call]
    embeddings = F.normalize(torch.cat(parts), dim=1)
    cosines = (embeddings[1:] @ embeddings[0]).cpu().numpy()
    fall, covered = np.zeros((2, height, width), np.float32)
    for (top, left), cosine in zip(corners, cosines[1:], strict=True):
        place = slice(top, top + size[0]), slice(left, left + size[1])
        fall[place] += cosines[0] - cosine
        covered[place] += 1
    found: NDArray[np.float32] = fall / covered
    return found


@styled
def plot_match_regions(embedder: Embedder, first: Path, second: Path) -> Figure:
    """Two images, and over each the regions that speak for (red) and against (blue) their match.

    Args:
        embedder: the model.
        first: one image.
        second: the other.

    Raises:
        UnreadableImagesError: one cannot be read.
    """
    pixels = [resize(read_image(path), embedder.image_size) for path in (first, second)]
    images = [torch.from_numpy(image).permute(2, 0, 1) for image in pixels]
    with torch.inference_mode():
        both = F.normalize(embedder(torch.stack(images).to(embedder.device)).float(), dim=1)
    maps = [match_regions(embedder, images[place], images[1 - place]) for place in (0, 1)]
    most = max(float(np.abs(found).max()) for found in maps) or 1.0
    figure, axes = new_figure(5.0, 2.9, columns=4)
    for place, (image, found) in enumerate(zip(pixels, maps, strict=True)):
        plain, seen = axes[0, 2 * place], axes[0, 2 * place + 1]
        plain.imshow(image)
        grey = image.mean(axis=2)
        seen.imshow(grey, cmap="gray", vmin=-80, vmax=255)
        shown = seen.imshow(
            found, cmap="RdBu_r", vmin=-most, vmax=most, alpha=np.abs(found) / most * 0.8
        )
    for plot in axes.flat:
        plot.set_axis_off()
    figure.suptitle(f"cosine {float(both[0] @ both[1]):.3f}", fontsize=11)
    figure.colorbar(shown, ax=axes, shrink=0.7, label="fall of the cosine when hidden")
    return figure


def _places(length: int, window: int, step: int) -> list[int]:
    """Where windows begin, the last one at the very end."""
    last = max(0, length - window)
    return sorted({*range(0, last, step), last})
