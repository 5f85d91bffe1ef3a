"""One pass over images: order, settings that must not matter, and images that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from reid_data import Records, UnreadableImagesError, from_images, read_image
from reid_eval import Views, embed

Paint = Callable[..., Path]


@pytest.fixture
def records(tmp_path: Path, write_picture: Paint) -> Records:
    for row in range(11):
        write_picture(tmp_path / "people" / f"{row % 3:04d}_c{row % 2 + 1}s1_{row:06d}.png", row)
    return from_images(tmp_path / "people").take(np.random.default_rng(0).permutation(11))


def by_hand(path: Path) -> np.ndarray:
    """What the tiny model makes of a picture of its own size."""
    image = read_image(path).astype(float)
    return image.reshape(4, 8, 2, 8, 3).mean(axis=(1, 3)).transpose(2, 0, 1).ravel() - 100


def test_each_row_is_its_own_image_in_the_order_of_the_records(
    pixels: Any, records: Records
) -> None:
    result = embed(pixels, records, batch_size=4, workers=0)
    assert result.features.shape == (11, 24)
    for row, path in enumerate(records.paths):
        np.testing.assert_allclose(result.features[row], by_hand(path), atol=1e-3)
    assert result.paths == [path.absolute() for path in records.paths]
    assert result.pids.tolist() == records.pids.tolist()
    assert result.camids.tolist() == records.camids.tolist()


@pytest.mark.parametrize(("batch_size", "workers"), [(1, 0), (3, 2), (64, 1)])
def test_batches_and_workers_do_not_change_the_result(
    pixels: Any, records: Records, batch_size: int, workers: int
) -> None:
    expected = embed(pixels, records, batch_size=5, workers=0).features
    found = embed(pixels, records, batch_size=batch_size, workers=workers).features
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_flip_is_the_mean_of_both(pixels: Any, records: Records) -> None:
    plain = embed(pixels, records, workers=0).features.reshape(-1, 3, 4, 2)
    both = embed(pixels, records, workers=0, views=Views(flip=True))
    np.testing.assert_allclose(
        both.features.reshape(-1, 3, 4, 2), (plain + plain[..., ::-1]) / 2, atol=1e-4
    )
    assert both.meta["views"] == ["scale 1", "scale 1, mirrored"]


def test_meta_says_what_was_done(pixels: Any, records: Records) -> None:
    meta = embed(pixels, records, workers=0).meta
    assert meta["fingerprint"] == "pixels"
    assert meta["embedder"] == {"name": "downsampled pixels"}
    assert meta["image_size"] == [32, 16]
    assert meta["normalised"] is False
    assert meta["images_per_second"] > 0
    assert set(meta["software"]) == {"reid-eval", "torch"}


def test_progress_adds_up(pixels: Any, records: Records) -> None:
    steps: list[int] = []
    embed(pixels, records, batch_size=4, workers=0, advance=steps.append)
    assert steps == [4, 4, 3]


class Recording:
    """Notes under which mode it was called."""

    image_size, embedding_size, fingerprint = (32, 16), 1, "recording"
    device = torch.device("cpu")

    def __init__(self) -> None:
        self.modes: list[bool] = []

    def describe(self) -> dict[str, Any]:
        return {}

    def __call__(self, images: Tensor) -> Tensor:
        self.modes.append(torch.is_inference_mode_enabled())
        return images.float().mean(dim=(1, 2, 3))[:, None]


def test_the_model_runs_without_gradients_and_the_caller_is_left_alone(records: Records) -> None:
    model, outside = Recording(), []

    def advance(_: int) -> None:
        outside.append(torch.is_inference_mode_enabled())

    embed(model, records, batch_size=4, workers=0, advance=advance)
    assert model.modes == [True, True, True]
    assert outside == [False, False, False]


def test_every_broken_file_is_listed_before_the_model_runs(
    records: Records, tmp_path: Path
) -> None:
    gone, empty, text = records.paths[1], records.paths[4], records.paths[8]
    gone.unlink()
    empty.write_bytes(b"")
    text.write_text("not a picture")
    model = Recording()
    with pytest.raises(UnreadableImagesError) as caught:
        embed(model, records, workers=0)
    assert set(caught.value.paths) == {gone, empty, text}
    assert "--skip-unreadable" in str(caught.value).splitlines()[0]
    assert model.modes == []


def test_what_only_decoding_finds_is_listed_completely_after_the_pass(
    pixels: Any, records: Records
) -> None:
    broken = [records.paths[0], records.paths[9]]
    for path in broken:
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UnreadableImagesError) as caught:
        embed(pixels, records, batch_size=2, workers=0)
    assert list(caught.value.paths) == broken


@pytest.mark.parametrize("workers", [0, 2])
def test_skipping_drops_the_rows_and_says_how_many(
    pixels: Any, records: Records, workers: int
) -> None:
    expected = embed(pixels, records, workers=0)
    records.paths[0].unlink()
    records.paths[9].write_bytes(records.paths[9].read_bytes()[:60])
    left = [row for row in range(11) if row not in (0, 9)]
    found = embed(pixels, records, batch_size=1, workers=workers, skip_unreadable=True)
    assert found.meta["unreadable"] == 2
    assert found.pids.tolist() == records.pids[left].tolist()
    np.testing.assert_allclose(found.features, expected.features[left], atol=1e-5)


def test_nothing_readable_is_an_error_even_when_skipping(pixels: Any, records: Records) -> None:
    for path in records.paths:
        path.write_bytes(b"")
    with pytest.raises(ValueError, match="none of the 11 images"):
        embed(pixels, records, workers=0, skip_unreadable=True)


class Wrong(Recording):
    """Returns whatever it is told to."""

    def __init__(self, output: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.output = output

    def __call__(self, images: Tensor) -> Tensor:
        output: Tensor = self.output(images)
        return output


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (lambda images: torch.zeros(len(images), 2), r"must return a tensor \(11, 1\)"),
        (lambda images: torch.zeros(1, 1), r"it returned \(1, 1\)"),
        (lambda images: [0.0], "it returned list"),
        (lambda images: torch.full((len(images), 1), torch.nan), r"000\d+\.png is not finite"),
    ],
)
def test_an_embedder_that_misbehaves_is_named(
    records: Records, output: Callable[[Tensor], Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        embed(Wrong(output), records, workers=0)


def test_a_description_that_could_not_be_saved_is_refused_before_the_pass(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Recording()
    monkeypatch.setattr(model, "describe", lambda: {"where": torch.device("cpu")})
    with pytest.raises(ValueError, match="describe itself in plain JSON values"):
        embed(model, records, workers=0)
    assert model.modes == []


def test_half_precision_output_becomes_float32(records: Records) -> None:
    model = Wrong(lambda images: images.half().mean(dim=(1, 2, 3))[:, None])
    assert embed(model, records, workers=0).features.dtype == np.float32


@pytest.mark.gpu
def test_the_gpu_gives_what_the_cpu_gives(pixels: Any, records: Records) -> None:
    expected = embed(pixels, records, workers=0).features
    pixels.device = torch.device("cuda")
    found = embed(pixels, records, batch_size=4, workers=2)
    np.testing.assert_allclose(found.features, expected, atol=1e-3)


def test_cameras_reach_an_embedder_that_takes_them(pixels: Any, records: Records) -> None:
    class Knowing:
        takes_cameras = True

        def __getattr__(self, name: str) -> Any:
            return getattr(pixels, name)

        def __call__(self, images: Tensor, camids: Tensor) -> Tensor:
            return pixels(images) + camids[:, None]

    plain = embed(pixels, records, batch_size=4, workers=0).features
    knowing = embed(Knowing(), records, batch_size=4, workers=0, views=Views(flip=False)).features
    np.testing.assert_allclose(knowing - plain, np.tile(records.camids[:, None], 24), atol=1e-3)
