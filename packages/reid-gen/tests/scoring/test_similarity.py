import math

import numpy as np
import pytest
import torch
from torch import Tensor

from reid_gen.scoring import (
    l1_distance,
    masked_ssim,
    pose_masks,
    psnr,
    ssim_map,
    structural_similarity,
)


@pytest.fixture
def pair() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (2, 3, 24, 16), generator=generator, dtype=torch.uint8)
    noise = torch.randint(-40, 41, images.shape, generator=generator)
    return images, (images.int() + noise).clamp(0, 255).to(torch.uint8)


def test_ssim_is_the_formula_at_a_pixel(pair: tuple[Tensor, Tensor]) -> None:
    steps = np.arange(-5, 6)
    line = np.exp(-(steps**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    found = ssim_map(*pair)
    values = []
    for channel in range(3):
        one, other = (side[1, channel, 7:18, 3:14].numpy().astype(float) for side in pair)
        m, n = (window * one).sum(), (window * other).sum()
        v, w = (window * (one - m) ** 2).sum(), (window * (other - n) ** 2).sum()
        c = (window * (one - m) * (other - n)).sum()
        k, q = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        values.append((2 * m * n + k) * (2 * c + q) / ((m * m + n * n + k) * (v + w + q)))
    assert found[1, 12, 8].item() == pytest.approx(np.mean(values), abs=1e-6)


def test_ssim_agrees_with_torchmetrics(pair: tuple[Tensor, Tensor]) -> None:
    from torchmetrics.functional.image import structural_similarity_index_measure

    theirs = structural_similarity_index_measure(
        pair[0].double(), pair[1].double(), data_range=255.0, sigma=1.5
    )
    assert structural_similarity(*pair).mean().item() == pytest.approx(float(theirs), abs=1e-5)


def test_range_does_not_depend_on_the_image(pair: tuple[Tensor, Tensor]) -> None:
    flat = pair[0] // 8 + 100
    assert structural_similarity(flat, flat).tolist() == [1.0, 1.0]
    shifted = structural_similarity(flat, flat + 1)
    assert (shifted > 0.99).all()


def test_zeroed_masks_flatter_and_inside_ones_do_not(pair: tuple[Tensor, Tensor]) -> None:
    masks = torch.zeros(2, 24, 16, dtype=torch.bool)
    masks[:, 8:16, 4:12] = True
    zeroed = masked_ssim(*pair, masks, form="zeroed")
    inside = masked_ssim(*pair, masks, form="inside")
    expected = ssim_map(*pair)[:, 8:16, 4:12].mean(dim=(1, 2))
    torch.testing.assert_close(inside, expected)
    assert (zeroed > inside).all()
    nobody = masked_ssim(*pair, torch.zeros_like(masks), form="inside")
    assert nobody.isnan().all()


def test_l1_and_psnr_by_hand() -> None:
    black, grey = torch.zeros(1, 3, 8, 8, dtype=torch.uint8), torch.full((1, 3, 8, 8), 51)
    assert l1_distance(black, grey.byte()).item() == pytest.approx(0.4)
    assert psnr(black, grey.byte()).item() == pytest.approx(20 * math.log10(5))
    assert math.isinf(psnr(black, black).item())


def test_other_shapes_and_types_are_refused(pair: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(ValueError, match="two uint8 batches"):
        ssim_map(pair[0].float(), pair[1].float())
    with pytest.raises(ValueError, match="two uint8 batches"):
        l1_distance(pair[0], pair[1][:, :, :8])
    with pytest.raises(ValueError, match="above 5 pixels"):
        ssim_map(pair[0][..., :5], pair[1][..., :5])
    with pytest.raises(ValueError, match="bool masks"):
        masked_ssim(*pair, torch.ones(2, 24, 16), form="inside")


def test_pose_masks_cover_the_body() -> None:
    joints = torch.full((1, 18, 2), torch.nan)
    joints[0, [0, 1, 8, 11]] = torch.tensor([[32.0, 15], [32, 28], [27, 70], [37, 70]])
    mask = pose_masks(joints, size=(128, 64))[0]
    assert mask[50, 32]
    assert mask[15, 32]
    assert not mask[120, 5]
