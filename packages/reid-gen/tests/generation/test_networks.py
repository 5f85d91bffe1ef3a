import math

import pytest
import torch

from reid_gen.generation import (
    PatchDiscriminator,
    PoseGenerator,
    discriminator_loss,
    generator_loss,
    part_means,
    swap_parts,
)


def parameters(network: torch.nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def test_published_generator_has_its_published_size() -> None:
    # 41.4 million, measured on PATN's own code.
    assert parameters(PoseGenerator()) == pytest.approx(41.4e6, rel=0.01)


@pytest.mark.parametrize("resize", [False, True])
def test_generator_draws_an_image_that_depends_on_all_it_is_given(resize: bool) -> None:
    torch.manual_seed(0)
    network = PoseGenerator(width=4, blocks=2, norm="instance", dropout=0.0, resize=resize)
    given = [torch.rand(2, n, 32, 16, requires_grad=True) for n in (3, 18, 18)]
    drawn = network(*given)
    assert drawn.shape == (2, 3, 32, 16)
    assert drawn.abs().max() <= 1
    drawn.square().sum().backward()
    assert all(tensor.grad is not None and tensor.grad.abs().sum() > 0 for tensor in given)


def test_codes_change_only_the_parts_that_they_paint() -> None:
    torch.manual_seed(0)
    network = PoseGenerator(width=4, blocks=1, norm="batch", appearance=True).eval()
    images, poses = torch.rand(1, 3, 64, 32), torch.rand(1, 18, 64, 32)
    parts = torch.zeros(1, 10, 64, 32)
    parts[:, 1, :16] = 1
    codes = network.encode_appearance(images, parts)
    donor = swap_parts(codes, codes + 50, parts=["torso"])
    kept, changed = (
        network(images, poses, poses, codes=c, target_parts=parts) for c in (codes, donor)
    )
    difference = (kept - changed).abs().mean(dim=(0, 1, 3))
    assert difference[:12].mean() > 0
    assert difference[48:].max() == 0


def test_part_means_are_means_under_masks_and_the_rest() -> None:
    features = torch.randn(1, 5, 8, 4)
    parts = torch.zeros(1, 2, 8, 4)
    parts[0, 0, :3] = 1
    means = part_means(features, parts)
    torch.testing.assert_close(means[0, 0], features[0, :, :3].mean(dim=(1, 2)))
    assert means[0, 1].abs().sum() == 0
    torch.testing.assert_close(means[0, 2], features[0, :, 3:].mean(dim=(1, 2)))


def test_swapping_leaves_its_arguments_and_other_parts() -> None:
    codes, donors = torch.zeros(2, 11, 3), torch.ones(2, 11, 3)
    swapped = swap_parts(codes, donors, parts=["torso", "left_shin"])
    assert swapped[0, :, 0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert codes.sum() == 0
    with pytest.raises(ValueError, match="came hat"):
        swap_parts(codes, donors, parts=["hat"])


def test_discriminator_gives_one_logit_a_patch_and_is_bounded() -> None:
    torch.manual_seed(0)
    network = PatchDiscriminator(18, width=4)
    image, pose = torch.rand(2, 3, 64, 32), torch.rand(2, 18, 64, 32)
    assert network(image, pose).shape == (2, 1, 8, 4)
    for _ in range(30):
        network(image, pose)
    network.eval()
    for layer in network.layers:
        if isinstance(layer, torch.nn.Conv2d):
            norm = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
            assert norm.item() == pytest.approx(1, abs=0.1)


def test_losses_by_hand_and_their_direction() -> None:
    real, fake = torch.tensor([3.0, 0.5]), torch.tensor([-2.0, 0.5])
    assert discriminator_loss(real, fake).item() == pytest.approx((0.25 + 0.75) / 2)
    zero = torch.zeros(4)
    assert discriminator_loss(zero, zero, kind="bce").item() == pytest.approx(math.log(2))
    assert generator_loss(fake).item() == pytest.approx(0.75)
    assert generator_loss(zero + 5, kind="bce") < generator_loss(zero, kind="bce")
    with pytest.raises(ValueError, match="hinge or bce"):
        generator_loss(fake, kind="mse")  # type: ignore[arg-type]


def test_wrong_sizes_and_missing_codes_are_refused() -> None:
    network = PoseGenerator(width=2, blocks=1, appearance=True)
    image, pose = torch.rand(1, 3, 16, 8), torch.rand(1, 18, 16, 8)
    with pytest.raises(ValueError, match="needs codes"):
        network(image, pose, pose)
    with pytest.raises(ValueError, match="divisible by 4"):
        network(image[..., :6], pose[..., :6], pose[..., :6])
    with pytest.raises(ValueError, match="appearance=True"):
        PoseGenerator(width=2, blocks=1).encode_appearance(image, pose[:, :10])
