"""A small keypoint network for made-up people: where no pose estimator is at hand, it reads PCKh.

It is trained on people that no generator here has seen, of the same cameras, at several degrees of
blur, because what generators draw is less sharp than photographs; its own error is printed beside
what it reads.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, l1_loss

from reid_data.files import replacing
from reid_data.preprocess import flip_joints

__all__ = ["PoseReader", "train_reader"]

_BATCH = 32


class PoseReader(nn.Module):
    """Joints as the mean places of 18 maps of half the image's size."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            _layer(inputs, outputs, stride)
            for inputs, outputs, stride in (
                (5, width, 1), (width, 2 * width, 2), (2 * width, 4 * width, 2),
                (4 * width, 4 * width, 2),
            )
        )  # fmt: skip
        self.up = nn.ModuleList([_layer(8 * width, 4 * width, 1), _layer(6 * width, 3 * width, 1)])
        self.maps = nn.Conv2d(3 * width, 18, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Joints (B, 18, 2) of images (B, 3, H, W) in -1 .. 1, in pixels."""
        height, width = images.shape[2:]
        rows = torch.linspace(-1, 1, height)[:, None].expand(height, width)
        columns = torch.linspace(-1, 1, width).expand(height, width)
        place = torch.stack([rows, columns]).expand(len(images), 2, height, width)
        state, passed = torch.cat([images, place], dim=1), []
        for layer in self.down:
            state = layer(state)
            passed.append(state)
        for layer, beside in zip(self.up, (passed[2], passed[1]), strict=True):
            grown = interpolate(state, beside.shape[2:], mode="nearest")
            state = layer(torch.cat([grown, beside], dim=1))
        shares = self.maps(state).flatten(2).softmax(dim=2).unflatten(2, state.shape[2:])
        x = (shares.sum(dim=2) * torch.arange(state.shape[3])).sum(dim=2)
        y = (shares.sum(dim=3) * torch.arange(state.shape[2])).sum(dim=2)
        # A map's pixel covers two of the image.
        return torch.stack([x, y], dim=2) * 2 + 0.5

    @torch.inference_mode()
    def read(self, images: Tensor) -> npt.NDArray[np.float64]:
        """Joints (N, 18, 2) of uint8 images (N, 3, H, W)."""
        self.eval()
        parts = [self(part.float() / 127.5 - 1) for part in torch.split(images, 128)]
        return torch.cat(parts).double().numpy()


def train_reader(
    images: Tensor,
    joints: npt.NDArray[np.float64],
    *,
    steps: int,
    path: Path,
    advance: Callable[[int], None],
) -> PoseReader:
    """Train on uint8 images (N, 3, H, W) and joints (N, 18, 2), or read what was trained before."""
    torch.manual_seed(0)
    reader = PoseReader()
    if path.is_file():
        reader.load_state_dict(load_file(path))
        return reader
    places = torch.from_numpy(joints).float()
    width = images.shape[3]
    mirrored = torch.from_numpy(flip_joints(joints, width=width, layout="openpose18")).float()
    optimizer = torch.optim.AdamW(reader.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    reader.train()
    for _ in range(steps):
        rows = torch.randint(len(images), (_BATCH,))
        turned = torch.rand(_BATCH) < 0.5
        pixels = images[rows].float() / 127.5 - 1
        pixels = torch.where(turned[:, None, None, None], pixels.flip(3), pixels)
        wanted = torch.where(turned[:, None, None], mirrored[rows], places[rows])
        optimizer.zero_grad()
        l1_loss(reader(_blurred(pixels)), wanted).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        advance(1)
    with replacing(path) as temporary:
        save_file(reader.state_dict(), temporary)
    return reader


def _blurred(images: Tensor) -> Tensor:
    """Each image mixed with a blurred one, by a share of its own."""
    size = int(torch.randint(1, 4, ()))
    smooth = avg_pool2d(images, 2 * size + 1, 1, padding=size, count_include_pad=False)
    share = torch.rand(len(images), 1, 1, 1)
    return images + share * (smooth - images) + 0.03 * torch.randn_like(images)


def _layer(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
