"""The generator: an image walks towards a pose, block by block (PATN, CVPR 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from reid_gen.generation.appearance import AppearanceEncoder
from reid_gen.generation.layers import Norm, encoder, norm_layer, start_normal

__all__ = ["PoseGenerator"]


class PoseGenerator(nn.Module):
    """Image and pose streams with pose-attention transfer blocks between encoder and decoder.

    Args:
        pose_channels: of one pose's heatmaps.
        width: channels of the first layer; 64 as published.
        blocks: transfer blocks; 9 as published.
        norm: ``batch`` as published, or ``instance``.
        dropout: in the blocks; 0.5 as published.
        appearance: paint the codes of `AppearanceEncoder` on the target's parts, which changing
            clothes needs; the published network has no such thing.

    Source: Zhu et al., Progressive Pose Attention Transfer for Person Image Generation, CVPR 2019.
    """

    def __init__(
        self,
        *,
        pose_channels: int = 18,
        width: int = 64,
        blocks: int = 9,
        norm: Norm = "batch",
        dropout: float = 0.5,
        appearance: bool = False,
        resize: bool = False,
    ) -> None:
        super().__init__()
        if blocks < 1 or width < 1:
            raise ValueError(f"expected 1 block and 1 channel at least, came {blocks}, {width}")
        middle = 4 * width
        self.image_stream = encoder(3, width, norm)
        self.pose_stream = encoder(2 * pose_channels, width, norm)
        # From the second block on the pose stream carries the image's state too.
        self.blocks = nn.ModuleList(
            _Transfer(middle, middle if block == 0 else 2 * middle, norm, dropout)
            for block in range(blocks)
        )
        self.decoder = nn.ModuleList(
            _doubling(inputs, outputs, norm, resize=resize)
            for inputs, outputs in ((middle, 2 * width), (2 * width, width))
        )
        self.last = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())
        self.appearance = AppearanceEncoder(width=width) if appearance else None
        # At each size on the way up, so that edges are where the pose has them.
        self.paints = nn.ModuleList(
            nn.Conv2d(middle + channels, channels, 1)
            for channels in ((middle, 2 * width, width) if appearance else ())
        )
        self.apply(start_normal)
        # With the published start, colours would be missing for the first hundreds of steps.
        self.paints.apply(_start_usual)

    def encode_appearance(self, images: Tensor, parts: Tensor) -> Tensor:
        """Codes (B, 11, 4 width) of each part of images (B, 3, H, W), parts (B, 10, H, W).

        Raises:
            ValueError: the generator was built without an appearance encoder.
        """
        if self.appearance is None:
            raise ValueError(
                "this generator knows no parts: build it with appearance=True to change clothes"
            )
        codes: Tensor = self.appearance(images, parts)
        return codes

    def forward(
        self,
        images: Tensor,
        poses: Tensor,
        targets: Tensor,
        *,
        codes: Tensor | None = None,
        target_parts: Tensor | None = None,
    ) -> Tensor:
        """Draw the people of some images in other poses.

        Args:
            images: (B, 3, H, W) in -1 .. 1; H and W divisible by 4.
            poses: heatmaps (B, J, H, W) of the images.
            targets: heatmaps (B, J, H, W) of the poses wanted.
            codes: (B, 11, 4 width) of `encode_appearance`, where the generator has an encoder.
            target_parts: (B, 10, H, W) part maps of the poses wanted, where it has one.

        Returns:
            (B, 3, H, W) in -1 .. 1.

        Raises:
            ValueError: sizes do not fit, or codes are missing or too many.
        """
        self._check(images, poses, targets, codes, target_parts)
        image = self.image_stream(images)
        pose = self.pose_stream(torch.cat([poses, targets], dim=1))
        image = self._painted(image, 0, codes, target_parts)
        for block in self.blocks:
            image, pose = block(image, pose)
        for size, doubling in enumerate(self.decoder, start=1):
            image = self._painted(doubling(image), size, codes, target_parts)
        drawn: Tensor = self.last(image)
        return drawn

    def _painted(
        self, image: Tensor, size: int, codes: Tensor | None, parts: Tensor | None
    ) -> Tensor:
        """The features with the codes added where the parts are, where there are codes."""
        if codes is None or parts is None:
            return image
        painted = _paint(codes, interpolate(parts, image.shape[2:], mode="area"))
        moved: Tensor = image + self.paints[size](torch.cat([image, painted], dim=1))
        return moved

    def _check(
        self,
        images: Tensor,
        poses: Tensor,
        targets: Tensor,
        codes: Tensor | None,
        parts: Tensor | None,
    ) -> None:
        height, width = images.shape[2:]
        fits = poses.shape == targets.shape and poses.shape[2:] == images.shape[2:]
        if height % 4 or width % 4 or not fits:
            shapes = [tuple(tensor.shape) for tensor in (images, poses, targets)]
            raise ValueError(f"expected images and heatmaps of one size, divisible by 4: {shapes}")
        wanted = self.appearance is not None
        if (codes is not None) != wanted or (parts is not None) != wanted:
            needs = "needs codes and target_parts" if wanted else "takes no codes and target_parts"
            raise ValueError(f"this generator {needs}")


def _start_usual(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        module.reset_parameters()


class _Transfer(nn.Module):
    """``image += a * sigmoid(b)``, and the pose stream takes the new image's state with it."""

    def __init__(self, channels: int, pose_channels: int, norm: Norm, dropout: float) -> None:
        super().__init__()
        self.image = _two_convolutions(channels, channels, norm, dropout)
        self.pose = _two_convolutions(pose_channels, channels, norm, dropout)

    def forward(self, image: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        attention = self.pose(pose)
        moved = image + self.image(image) * torch.sigmoid(attention)
        return moved, torch.cat([attention, moved], dim=1)


def _two_convolutions(inputs: int, outputs: int, norm: Norm, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.ReflectionPad2d(1),
        nn.Conv2d(inputs, inputs, 3),
        norm_layer(norm, inputs),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.ReflectionPad2d(1),
        nn.Conv2d(inputs, outputs, 3),
        norm_layer(norm, outputs),
    )


def _doubling(inputs: int, outputs: int, norm: Norm, *, resize: bool) -> nn.Sequential:
    larger: tuple[nn.Module, ...] = (
        nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1),
    )
    if resize:
        larger = nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1)
    return nn.Sequential(*larger, norm_layer(norm, outputs), nn.ReLU(inplace=True))


def _paint(codes: Tensor, parts: Tensor) -> Tensor:
    """(B, C, H, W): at each place the codes of the parts that cover it, weighted by their maps."""
    rest = (1 - torch.amax(parts, dim=1, keepdim=True)).clamp_min(0)
    maps = torch.cat([parts, rest], dim=1)
    shares = maps / maps.sum(dim=1, keepdim=True).clamp_min(1e-6)
    return torch.einsum("bpc,bphw->bchw", codes, shares)
