"""Trained models as they are used: as recognizers, and as embedders whose features heads read."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reid_attr import (
    Group,
    Schema,
    create_attribute_model,
    load_attribute_model,
    load_recognizer,
    probabilities_of,
    save_attribute_model,
)
from reid_attr.embedder import attributes, fingerprint
from reid_attr.models.checkpoint import read_attribute_checkpoint, set_thresholds
from reid_core import create_model, save_model
from reid_data import synthesize
from reid_data.datasets import from_images
from reid_eval import embed, load_embedder

SIZE = (64, 32)
SCHEMA = Schema(
    "tiny", (Group("age", ("young", "old"), "one"), Group("hat", ("hat",), otherwise="no hat"))
)


def saved(folder: Path, name: str = "test_convnext", **options: object) -> Path:
    torch.manual_seed(0)
    model = create_attribute_model(name, schema=SCHEMA, image_size=SIZE, **options)  # type: ignore[arg-type]
    save_attribute_model(model, folder, thresholds=[0.5, 0.5, 0.0], softmax=True)
    return folder


def some_images(count: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, *SIZE), dtype=torch.uint8, generator=generator)


def test_a_recognizer_gives_the_models_probabilities_and_decisions(tmp_path: Path) -> None:
    recognizer = load_recognizer(saved(tmp_path), device="cpu")
    found = recognizer(some_images())
    model = load_attribute_model(tmp_path)
    logits = model(model.preprocessing.normalize(some_images())).logits.detach()
    expected = probabilities_of(logits, SCHEMA, softmax=True)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert torch.allclose(found[:, :2].sum(dim=1), torch.ones(5))
    holds = recognizer.decide(found)
    assert (holds[:, :2].sum(axis=1) == 1).all()
    assert holds[:, 2].all()  # its threshold is 0
    assert {row["hat"] for row in recognizer.describe(found)} == {"hat"}
    set_thresholds(tmp_path, [0.5, 0.5, 1.0])
    again = load_recognizer(tmp_path, device="cpu")
    assert {row["hat"] for row in again.describe(found)} == {"no hat"}
    assert read_attribute_checkpoint(tmp_path).softmax
    with pytest.raises(ValueError, match="expected uint8 images"):
        recognizer(some_images().float())
    with pytest.raises(ValueError, match="expected uint8 images"):
        recognizer(some_images()[:, :, :32])


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no checkpoint"):
        load_recognizer(tmp_path)
    with pytest.raises(ValueError, match="no file"):
        load_recognizer(tmp_path / "none.onnx")
    with pytest.raises(ValueError, match="thresholds from 0 to 1"):
        set_thresholds(saved(tmp_path), [0.5])


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    synthesize(folder, identities=1, test_identities=2, cameras=2, height=64, width=32)
    return folder / "bounding_box_test"


@pytest.mark.parametrize("name", ["test_convnext", "reid"])
def test_attributes_are_read_from_embeddings_of_the_same_model(
    tmp_path: Path, people: Path, name: str
) -> None:
    options = {"options": {"name": "timm:test_resnet"}} if name == "reid" else {}
    folder = saved(tmp_path, name, adapter=2, **options)
    assert attributes.claims(str(folder))
    records = from_images(people)
    embeddings = embed(load_embedder(folder, device="cpu"), records, workers=0)
    recognizer = load_recognizer(folder, device="cpu")
    by_images = recognizer.of_records(records)
    assert np.allclose(recognizer.of_features(embeddings.features), by_images, atol=1e-5)
    assert recognizer.model is not None
    assert embeddings.meta["fingerprint"] == fingerprint(recognizer.model)
    with pytest.raises(ValueError, match="expected features"):
        recognizer.of_features(embeddings.features[:, :3])


def test_a_head_goes_on_a_trained_re_id_model(tmp_path: Path) -> None:
    torch.manual_seed(0)
    reid = create_model("timm:test_resnet", image_size=SIZE, last_stride=2).eval()
    save_model(reid, tmp_path / "reid")
    model = create_attribute_model(
        "reid", schema=SCHEMA, image_size=SIZE, weights=tmp_path / "reid"
    ).eval()
    pixels = some_images()
    expected = reid(reid.preprocessing.normalize(pixels)).embedding
    output = model(model.preprocessing.normalize(pixels))
    torch.testing.assert_close(output.feature, expected, rtol=1e-4, atol=1e-5)
    save_attribute_model(model, tmp_path / "attributes")
    again = load_attribute_model(tmp_path / "attributes")
    embedder = load_embedder(tmp_path / "reid", device="cpu")
    assert fingerprint(again) == embedder.fingerprint
    with pytest.raises(ValueError, match="64x32"):
        create_attribute_model("reid", schema=SCHEMA, weights=tmp_path / "reid")
    with pytest.raises(ValueError, match="takes no options"):
        create_attribute_model(
            "reid", schema=SCHEMA, weights=tmp_path / "reid", options={"name": "timm:resnet10t"}
        )
    with pytest.raises(ValueError, match="no checkpoint"):
        create_attribute_model("reid", schema=SCHEMA, weights=tmp_path / "nothing")
