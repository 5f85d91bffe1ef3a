"""Scores by published networks, here with random weights: nothing is fetched."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchmetrics.functional.image.lpips import _LPIPS
from torchvision.models import alexnet, get_model
from torchvision.models.inception import Inception3

from reid_gen.scoring.detection import PersonDetector, detection_score
from reid_gen.scoring.inception import InceptionExtractor
from reid_gen.scoring.lpips import Lpips

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def pair() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    size = (2, 3, 64, 48)
    one, other = (
        torch.randint(0, 256, size, generator=generator, dtype=torch.uint8) for _ in range(2)
    )
    return one, other


def test_lpips_is_that_of_torchmetrics_with_the_same_backbone(
    pair: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    backbone = alexnet(weights=None)
    torch.save(backbone.state_dict(), tmp_path / "alexnet.pth")
    reference = _LPIPS(pretrained=True, net="alex", pnet_rand=True, eval_mode=True)
    layers = [layer for part in reference.net.children() for layer in part if _has_weights(layer)]
    for layer, own in zip(layers, filter(_has_weights, backbone.features), strict=True):
        layer.load_state_dict(own.state_dict())
    one, other = (side.float() / 127.5 - 1 for side in pair)
    with torch.no_grad():
        expected = reference(one, other).flatten()
    found = Lpips(tmp_path / "alexnet.pth")
    torch.testing.assert_close(found(*pair), expected, rtol=1e-4, atol=1e-6)
    assert found(pair[0], pair[0]).tolist() == [0, 0]
    with pytest.raises(ValueError, match="32 pixels and more"):
        found(pair[0][..., :20], pair[1][..., :20])


def _has_weights(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv2d)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("classes", "name"), [(1000, "inception-torchvision"), (1008, "inception-2015")]
)
def test_the_file_says_which_inception_it_is(
    classes: int, name: str, pair: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    network = Inception3(num_classes=classes, aux_logits=False, init_weights=False)
    torch.save(network.state_dict(), tmp_path / "inception.pth")
    found = InceptionExtractor(tmp_path / "inception.pth", image_size=(64, 48))
    features = found(pair[0])
    assert (found.name, tuple(features.shape)) == (name, (2, 2048))
    network.fc = nn.Identity()
    large = interpolate(pair[0].float(), (299, 299), mode="bilinear") / 127.5 - 1
    with torch.no_grad():
        plain = network.eval()(large)
    # torchvision's is torchvision's; the published one pools otherwise, and has the same weights.
    assert torch.allclose(features, plain, rtol=1e-4, atol=1e-12) == (classes == 1000)


def test_published_pools_leave_padding_out_and_end_with_a_maximum() -> None:
    from reid_gen.scoring import inception

    torch.manual_seed(0)
    block, last = inception._BlockC(4, channels_7x7=2).eval(), inception._LastBlock(4).eval()
    images = torch.rand(1, 4, 9, 9)
    for each, corner in ((block, images[..., :2, :2].mean((2, 3))), (last, None)):
        wanted = images[..., :2, :2].amax((2, 3)) if corner is None else corner
        with torch.no_grad():
            branch = each(images)[:, -192:, 0, 0]
            expected = each.branch_pool(wanted[..., None, None])[..., 0, 0]
        torch.testing.assert_close(branch, expected)


@pytest.mark.slow
def test_detection_score_is_the_mean_of_the_surest_people(tmp_path: Path) -> None:
    torch.manual_seed(0)
    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    network = get_model(name, weights=None, weights_backbone=None, num_classes=2)
    torch.save(network.state_dict(), tmp_path / "detector.pth")
    rng = np.random.default_rng(0)
    files = [tmp_path / f"{row}.png" for row in range(3)]
    for file in files:
        Image.fromarray(rng.integers(0, 256, (64, 32, 3), dtype=np.uint8)).save(file)
    detector = PersonDetector(name, tmp_path / "detector.pth")
    found = detection_score(files, detector, size=(64, 32), batch_size=2)
    images = torch.stack(
        [torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1) for file in files]
    )
    with torch.no_grad():
        people = network.eval()([image.float() / 255 for image in images])
    best = [float(part["scores"].max()) if len(part["scores"]) else 0.0 for part in people]
    assert found.value == pytest.approx(np.mean(best), abs=1e-4)
    assert found.images == 3


def test_other_files_are_refused(tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="holds no AlexNet"):
        Lpips(tmp_path / "other.pth")
    with pytest.raises(ValueError, match="holds no Inception"):
        InceptionExtractor(tmp_path / "other.pth")
    with pytest.raises(ValueError, match="there is nothing at"):
        PersonDetector("fasterrcnn_resnet50_fpn", tmp_path / "none.pth")
