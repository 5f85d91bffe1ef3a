import pytest
import torch

from reid_gen.purifying import corrupt, list_corruptions


@pytest.mark.parametrize("kind", list_corruptions())
def test_every_image_is_spoiled_and_the_input_is_not(kind: str) -> None:
    images = torch.randint(0, 256, (6, 3, 64, 32), dtype=torch.uint8)
    before = images.clone()
    spoiled = corrupt(images, kind, generator=torch.Generator().manual_seed(0))
    again = corrupt(images, kind, generator=torch.Generator().manual_seed(0))
    assert torch.equal(images, before)
    assert torch.equal(spoiled, again)
    assert spoiled.shape == images.shape
    assert spoiled.dtype == torch.uint8
    difference = (spoiled.float() - images.float()).abs().mean(dim=(1, 2, 3))
    assert difference.min() > 5


def test_collapse_makes_images_alike() -> None:
    images = torch.randint(0, 256, (8, 3, 64, 32), dtype=torch.uint8)
    spoiled = corrupt(images, "collapse", generator=torch.Generator().manual_seed(0))
    assert spoiled.float().std(dim=0).mean() < 0.3 * images.float().std(dim=0).mean()


def test_unknown_corruptions_and_floats_are_refused() -> None:
    with pytest.raises(ValueError, match="nearest: blur"):
        corrupt(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "blurr", generator=torch.Generator())
    with pytest.raises(ValueError, match="expected uint8"):
        corrupt(torch.zeros(1, 3, 8, 8), "blur", generator=torch.Generator())
