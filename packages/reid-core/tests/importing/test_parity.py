"""Checkpoints of four projects and of roboflow's folders compute here what they compute there."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from reid_core.importing import Imported, import_model

SIZE = (64, 32)


@pytest.fixture(autouse=True)
def the_same_weights_in_every_run() -> None:
    torch.manual_seed(0)


def images() -> Tensor:
    return torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))


def under(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in weights.items()}


def imported(weights: Any, tmp_path: Path, **arguments: Any) -> Imported:
    torch.save(weights, tmp_path / "published.pth")
    return import_model(tmp_path / "published.pth", image_size=SIZE, **arguments)


def check(found: Imported, expected: Tensor) -> None:
    with torch.inference_mode():
        embedding = found.model(images()).embedding
    # Of the length, for some of a vector's values may be close to 0.
    error = (embedding - expected).norm(dim=1) / expected.norm(dim=1)
    assert embedding.shape == expected.shape
    assert error.max() < 1e-4


@pytest.mark.parametrize("variant", ["", "ibn", "ain"])
def test_osnet_of_torchreid(published: SimpleNamespace, tmp_path: Path, variant: str) -> None:
    w = published.osnet_weights(variant)
    fc = {"fc.0.weight": torch.randn(512, 128), "fc.0.bias": torch.randn(512)}
    fc |= published.batch_norm("fc.1", 512)
    classifier = {"classifier.weight": torch.randn(9, 512), "classifier.bias": torch.randn(9)}
    wrapped = {"state_dict": under("module.", w | fc | classifier), "epoch": 3}
    found = imported(wrapped, tmp_path)
    assert found.source == "torchreid"
    assert found.model.architecture["name"] == f"reid:osnet{variant and '_' + variant}_x0_25"
    pooled = published.osnet_map(w, images()).mean(dim=(2, 3))
    vector = F.linear(pooled, fc["fc.0.weight"], fc["fc.0.bias"])
    check(found, published.norm(vector, fc, "fc.1").relu())
    assert torch.equal(found.heads["classifier.weight"], classifier["classifier.weight"])


def test_resnet_of_torchreid_shrinks_its_last_map(
    published: SimpleNamespace, tmp_path: Path
) -> None:
    w = published.resnet_weights()
    found = imported(w | {"classifier.weight": torch.randn(9, 512)}, tmp_path)
    check(found, published.resnet_map(w, images(), last_stride=2).mean(dim=(2, 3)))
    found = imported(w, tmp_path, last_stride=1)
    check(found, published.resnet_map(w, images(), last_stride=1).mean(dim=(2, 3)))


@pytest.mark.parametrize(("depth", "ibn"), [(18, False), (18, True), (50, False)])
def test_reid_strong_baseline(
    published: SimpleNamespace, tmp_path: Path, depth: int, ibn: bool
) -> None:
    w = published.resnet_weights(depth, ibn=ibn)
    size = 512 if depth == 18 else 2048
    neck = published.batch_norm("bottleneck", size)
    found = imported(
        under("base.", w) | neck | {"classifier.weight": torch.randn(9, size)}, tmp_path
    )
    assert found.source == "strong-baseline"
    feature = published.resnet_map(w, images(), last_stride=1, stem_relu=ibn).mean(dim=(2, 3))
    check(found, published.norm(feature, neck, "bottleneck"))


def test_centroids(published: SimpleNamespace, tmp_path: Path) -> None:
    w, neck = published.resnet_weights(), published.batch_norm("bn", 512)
    heads = {"fc_query.weight": torch.randn(9, 512), "center_loss.centers": torch.randn(9, 512)}
    found = imported({"model_state_dict": under("backbone.base.", w) | neck | heads}, tmp_path)
    assert found.source == "centroids"
    feature = published.resnet_map(w, images(), last_stride=1, stem_relu=False).mean(dim=(2, 3))
    check(found, published.norm(feature, neck, "bn"))
    assert found.heads.keys() == {"classifier.weight", "center.centers"}


def test_fastreid_with_gem_reduction_and_its_own_pixels(
    published: SimpleNamespace, tmp_path: Path
) -> None:
    w = published.resnet_weights(ibn=True)
    neck = published.batch_norm("heads.bottleneck.1", 32)
    heads = {
        "heads.pool_layer.p": torch.tensor([2.5]),
        **published.conv("heads.bottleneck.0", 32, 512, 1),
        "heads.weight": torch.randn(9, 32),
        "pixel_mean": torch.tensor([100.0, 110.0, 120.0]).view(1, 3, 1, 1),
        "pixel_std": torch.tensor([51.0, 51.0, 51.0]).view(1, 3, 1, 1),
    }
    found = imported({"model": under("backbone.", w) | neck | heads}, tmp_path)
    assert found.source == "fastreid"
    map_ = published.resnet_map(w, images(), last_stride=1, ceil=True)
    pooled = map_.clamp(min=1e-6).pow(2.5).mean(dim=(2, 3)).pow(1 / 2.5)
    reduced = pooled @ heads["heads.bottleneck.0.weight"].flatten(1).T
    check(found, published.norm(reduced, neck, "heads.bottleneck.1"))
    assert found.model.preprocessing.mean == pytest.approx((100 / 255, 110 / 255, 120 / 255))
    assert found.model.preprocessing.std == pytest.approx((0.2, 0.2, 0.2))


def test_fastreid_agw_with_its_narrow_non_local_blocks(
    published: SimpleNamespace, tmp_path: Path
) -> None:
    w, blocks = published.resnet_weights(), {}
    for at, size in (("NL_2.0", 128), ("NL_3.0", 256)):
        for part in ("g", "theta", "phi"):
            blocks |= published.conv(f"{at}.{part}", 1, size, 1) | {
                f"{at}.{part}.bias": torch.ones(1)
            }
        blocks |= published.conv(f"{at}.W.0", size, 1, 1) | {f"{at}.W.0.bias": torch.randn(size)}
        blocks |= published.batch_norm(f"{at}.W.1", size)

    def behind(at: str, x: Tensor) -> Tensor:
        name = {"layer2.1": "NL_2.0", "layer3.1": "NL_3.0"}.get(at)
        if name is None:
            return x
        parts = [
            F.conv2d(x, blocks[f"{name}.{p}.weight"], blocks[f"{name}.{p}.bias"]).flatten(2)
            for p in ("theta", "phi", "g")
        ]
        affinity = torch.einsum("bci,bcj->bij", parts[0], parts[1]) / parts[0].shape[2]
        y = torch.einsum("bij,bcj->bci", affinity, parts[2]).view(len(x), -1, *x.shape[2:])
        y = F.conv2d(y, blocks[f"{name}.W.0.weight"], blocks[f"{name}.W.0.bias"])
        return x + published.norm(y, blocks, f"{name}.W.1")

    neck = published.batch_norm("heads.bottleneck.0", 512)
    found = imported(under("backbone.", w | blocks) | neck, tmp_path)
    map_ = published.resnet_map(w, images(), last_stride=1, ceil=True, behind=behind)
    check(found, published.norm(map_.mean(dim=(2, 3)), neck, "heads.bottleneck.0"))


def folder(tmp_path: Path, weights: dict[str, Tensor], architecture: str, **images: Any) -> Path:
    save_file(weights, tmp_path / "weights.safetensors")
    config = {"architecture": architecture, "preprocessing": images}
    (tmp_path / "reid_config.json").write_text(json.dumps(config))
    return tmp_path


def test_a_folder_of_roboflow_with_osnet(published: SimpleNamespace, tmp_path: Path) -> None:
    w = published.osnet_weights()
    fc = {"fc.0.weight": torch.randn(512, 128), "fc.0.bias": torch.randn(512)}
    fc |= published.batch_norm("fc.1", 512)
    told = {"input_size": list(SIZE), "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.5, 0.5]}
    found = import_model(folder(tmp_path, w | fc, "osnet_x0_25", **told))
    assert (found.source, found.model.preprocessing.image_size) == ("roboflow", SIZE)
    assert found.model.preprocessing.mean == (0.1, 0.2, 0.3)
    pooled = published.osnet_map(w, images()).mean(dim=(2, 3))
    vector = F.linear(pooled, fc["fc.0.weight"], fc["fc.0.bias"])
    check(found, published.norm(vector, fc, "fc.1").relu())


def test_a_folder_of_roboflow_with_timm(tmp_path: Path) -> None:
    network = timm.create_model("test_resnet", num_classes=0).eval()
    found = import_model(folder(tmp_path, network.state_dict(), "timm:test_resnet"))
    check(found, network(images()))


def test_a_folder_by_its_name_on_the_hub(
    published: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder(tmp_path, published.osnet_weights(), "osnet_x0_25", input_size=list(SIZE))
    asked = []

    def fetch(repository: str, name: str, *, revision: str | None) -> str:
        asked.append((repository, name, revision))
        return str(place / name)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fetch)
    found = import_model("hf://people/osnet@v1")
    assert asked == [("people/osnet", n, "v1") for n in ("reid_config.json", "weights.safetensors")]
    assert found.source == "roboflow"


def test_a_folder_with_a_vit_is_refused_for_it_pools_otherwise(tmp_path: Path) -> None:
    network = timm.create_model("test_vit", num_classes=0)
    with pytest.raises(ValueError, match="timm:test_vit"):
        import_model(folder(tmp_path, network.state_dict(), "timm:test_vit", input_size=[160, 160]))
