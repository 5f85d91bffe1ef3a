"""Checkpoints as other packages find them."""

from pathlib import Path

import pytest
import torch

from reid_core.embedder import checkpoint
from reid_core.models import create_model, save_model
from reid_eval.embedders import Embedder, load_embedder

from .fresh import import_anew

SIZE = (64, 32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    model = create_model("test_resnet", image_size=SIZE)
    save_model(model, path, metadata={"recipe": "baseline"})
    return path


def test_the_installed_entry_point_finds_it(folder: Path) -> None:
    embedder = load_embedder(str(folder), device="cpu")
    assert isinstance(embedder, Embedder)
    images = torch.zeros(2, 3, *SIZE, dtype=torch.uint8)
    assert embedder(images).shape == (2, embedder.embedding_size)


def test_embeddings_are_plain_float32_without_a_graph(folder: Path) -> None:
    embedder = checkpoint.load(str(folder), device=torch.device("cpu"))
    images = torch.randint(0, 256, (4, 3, *SIZE), dtype=torch.uint8)
    before = images.clone()
    found = embedder(images)
    assert (found.dtype, found.requires_grad) == (torch.float32, False)
    assert torch.equal(images, before)
    # Evaluation mode: an image's embedding does not depend on its neighbours.
    torch.testing.assert_close(embedder(images[:1]), found[:1], rtol=1e-4, atol=1e-4)


def test_it_describes_itself_in_what_json_knows(folder: Path) -> None:
    import json

    facts = checkpoint.load(str(folder), device=torch.device("cpu")).describe()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["name"] == "timm:test_resnet"
    assert facts["image_size"] == list(SIZE)
    assert facts["metadata"] == {"recipe": "baseline"}


def test_images_of_another_size_are_refused(folder: Path) -> None:
    embedder = checkpoint.load(str(folder), device=torch.device("cpu"))
    with pytest.raises(ValueError, match=r"expected uint8 images \(B, 3, 64, 32\)"):
        embedder(torch.zeros(2, 3, 32, 64, dtype=torch.uint8))


def test_only_checkpoint_folders_are_claimed(folder: Path, tmp_path: Path) -> None:
    assert checkpoint.claims(str(folder))
    for other in (tmp_path, tmp_path / "missing", folder / "model.json", "package.module:function"):
        assert not checkpoint.claims(str(other))


def test_half_a_checkpoint_is_claimed_so_that_it_can_be_explained(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    assert checkpoint.claims(str(tmp_path))
    with pytest.raises(ValueError, match=r"is no checkpoint: expected a folder with model\.json"):
        checkpoint.load(str(tmp_path), device=torch.device("cpu"))


def test_it_needs_neither_lightning_nor_any_room_but_the_lowest(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    rooms = ["lightning", "pytorch_lightning", "reid_eval", "mmcv", "cv2"]
    import_anew(monkeypatch, "reid_core", without=rooms)
    import reid_core.losses
    from reid_core.embedder import checkpoint

    assert reid_core.losses.__all__
    assert checkpoint.load(str(folder), device=torch.device("cpu")).image_size == SIZE


def test_a_model_that_takes_cameras_is_told_them(tmp_path: Path) -> None:
    torch.manual_seed(0)
    options = {"cameras": 3, "jigsaw_groups": 0}
    model = create_model("test_vit", kind="transreid", image_size=SIZE, options=options)
    save_model(model, tmp_path)
    embedder = checkpoint.load(str(tmp_path), device=torch.device("cpu"))
    assert embedder.takes_cameras
    images = torch.randint(0, 256, (1, 3, *SIZE), dtype=torch.uint8).repeat(4, 1, 1, 1)
    found = embedder(images, torch.tensor([0, 1, -1, 7]))
    assert not torch.allclose(found[0], found[1])
    # The mean of all cameras for one that is unknown, or new.
    torch.testing.assert_close(found[2], found[3])
    torch.testing.assert_close(found[2:3], embedder(images[:1]), rtol=1e-4, atol=1e-5)


def test_a_network_of_clips_takes_them_as_it_was_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = create_model("test_resnet", kind="video-average", image_size=SIZE).eval()
    recipe = {"data": {"clips": {"length": 3, "stride": 2}}}
    save_model(model, tmp_path / "own", metadata={"recipe": recipe})
    save_model(model, tmp_path / "untold", metadata={"recipe": "mine"})
    embedder = load_embedder(str(tmp_path / "own"), device="cpu")
    assert (embedder.clip_size, embedder.clip_stride) == (3, 2)
    untold = load_embedder(str(tmp_path / "untold"), device="cpu")
    assert (untold.clip_size, untold.clip_stride) == (4, 1)
    clips = torch.randint(0, 256, (2, 3, 3, *SIZE), dtype=torch.uint8)
    expected = model(model.preprocessing.normalize(clips)).embedding
    torch.testing.assert_close(embedder(clips), expected, rtol=1e-4, atol=1e-4)


def test_a_network_of_images_takes_no_clips(folder: Path) -> None:
    assert load_embedder(str(folder), device="cpu").clip_size is None
