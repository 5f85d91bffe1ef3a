"""Decoding and resizing, with the fast parts and without them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid_data import (
    Records,
    Unreadable,
    UnreadableImagesError,
    find_unreadable,
    images,
    jpeg,
    read_image,
    resize,
)

Write = Callable[..., Path]


@pytest.fixture(params=["fast", "plain", "pillow"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with the modules of the extra ``fast``, without them, and with Pillow alone."""
    if request.param == "fast":
        pytest.importorskip("simplejpeg")
        pytest.importorskip("cv2", exc_type=ImportError)
    else:
        monkeypatch.setattr(images, "_optional", lambda name: None)
    if request.param == "pillow":  # a torchvision that no longer decodes
        monkeypatch.setattr(jpeg, "_torchvision_decoder", lambda: None)
    return str(request.param)


def picture(height: int = 40, width: int = 30, seed: int = 0) -> images.Pixels:
    """A smooth random picture: JPEG keeps it nearly as it is."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_lossless_images_come_back_exactly(tmp_path: Path, kind: str, either_way: str) -> None:
    file = tmp_path / "image.jpg"  # the content counts, not the name
    file.write_bytes(encoded(Image.fromarray(picture()), kind))
    pixels = read_image(file)
    np.testing.assert_array_equal(pixels, picture())
    assert pixels.flags.writeable
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("subsampling", [0, 2])
def test_jpegs_come_back_as_pillow_reads_them(subsampling: int, either_way: str) -> None:
    data = encoded(Image.fromarray(picture()), "JPEG", quality=95, subsampling=subsampling)
    reference = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(images.decode_image(data).astype(int) - reference).max() <= 2


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGBA", "LA", "P", "1", "I;16"])
def test_every_mode_becomes_rgb(mode: str, either_way: str) -> None:
    rgb = Image.fromarray(np.full((16, 16, 3), 200, dtype=np.uint8))
    if mode == "I;16":
        source = Image.fromarray(np.full((16, 16), 200 * 257, dtype=np.uint16))
    elif mode == "RGBA":
        source = rgb.convert("RGBA")
        source.putalpha(0)  # what is transparent keeps its colour
    elif mode == "P":
        source = rgb.quantize(4)
    elif mode == "1":
        source = rgb.convert("L").point(lambda _: 255).convert("1")
    else:
        source = rgb.convert(mode)
    pixels = images.decode_image(encoded(source, "JPEG" if mode in ("L", "CMYK") else "PNG"))
    assert pixels.shape == (16, 16, 3)
    assert np.abs(pixels.astype(int) - (255 if mode == "1" else 200)).max() <= 1


def test_what_the_fast_decoders_do_not_take_is_pillows(either_way: str) -> None:
    colours = Image.fromarray(picture()).convert("CMYK")
    data = encoded(colours, "JPEG", quality=95)
    reference = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(images.decode_image(data), reference)


@pytest.mark.parametrize("options", [{"progressive": True}, {"exif": b"Exif\0\0" + b"x" * 60_000}])
def test_the_header_is_found_behind_whatever_precedes_it(options: dict[str, object]) -> None:
    data = encoded(Image.fromarray(picture(37, 21)), "JPEG", **options)
    assert jpeg.jpeg_header(data) == (37, 21, 3)
    frame = data.index(b"\xff\xc2" if "progressive" in options else b"\xff\xc0\0\x11")
    assert jpeg.jpeg_header(data[:frame] + b"\xff\xff" + data[frame:]) == (37, 21, 3)
    for length in range(0, frame + 9, 7):
        assert jpeg.jpeg_header(data[:length]) is None
    assert jpeg.jpeg_header(b"\xff\xd8\xff\xe0" + b"\0" * 40) is None


def test_orientation_is_ignored(either_way: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate by 90 degrees to show"
    data = encoded(Image.fromarray(picture(40, 30)), "JPEG", exif=exif)
    assert images.decode_image(data).shape == (40, 30, 3)


def test_large_jpegs_are_decoded_at_a_fraction(either_way: str) -> None:
    data = encoded(Image.fromarray(picture(1024, 600)), "JPEG", quality=95)
    assert images.decode_image(data).shape == (1024, 600, 3)
    assert images.decode_image(data, at_least=(600, 100)).shape == (1024, 600, 3)
    small = images.decode_image(data, at_least=(256, 128))
    assert small.shape == (256, 150, 3)
    reference = resize(picture(1024, 600), (256, 150)).astype(int)
    assert np.abs(small.astype(int) - reference).mean() < 2


def truncations(data: bytes) -> list[int]:
    return [*range(1, len(data) - 1, max(len(data) // 40, 1)), len(data) - 2, len(data) - 1]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_anywhere_is_unreadable(progressive: bool, either_way: str) -> None:
    data = encoded(Image.fromarray(picture(128, 64)), "JPEG", quality=90, progressive=progressive)
    for length in truncations(data):
        with pytest.raises(ValueError, match=r"."):
            images.decode_image(data[:length])
    assert images.decode_image(data).shape == (128, 64, 3)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_a_cut_file_is_unreadable_unless_it_has_every_pixel(kind: str, either_way: str) -> None:
    data = encoded(Image.fromarray(picture(128, 64)), kind)
    whole = images.decode_image(data)
    refused = 0
    for length in [*range(1, len(data), 97), *range(len(data) - 30, len(data))]:
        try:
            np.testing.assert_array_equal(images.decode_image(data[:length]), whole)
        except ValueError:
            refused += 1
    assert refused > len(data) / 97


def test_noise_is_refused_not_crashed_upon(either_way: str) -> None:
    generator = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "BMP", "WEBP"):
        data = encoded(Image.fromarray(picture()), kind)
        for _ in range(60):
            broken = bytearray(data)
            for place in generator.integers(0, len(data), 8):
                broken[place] = generator.integers(256)
            try:
                pixels = images.decode_image(bytes(broken))
            except ValueError as error:
                assert str(error)  # noqa: PT017 - either outcome is right
            else:
                assert pixels.dtype == np.uint8
                assert pixels.shape[2:] == (3,)


def test_stray_bytes_that_harm_no_pixel_are_forgiven(either_way: str) -> None:
    data = encoded(Image.fromarray(picture()), "JPEG")
    padded = data[:-2] + b"\xff\xff\xff" + data[-2:] + b"\0\0"
    np.testing.assert_array_equal(images.decode_image(padded), images.decode_image(data))


def test_a_picture_too_large_to_be_honest_is_refused(
    monkeypatch: pytest.MonkeyPatch, either_way: str
) -> None:
    data = encoded(Image.fromarray(picture(60, 50)), "JPEG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ValueError, match="decompression bomb"):
        images.decode_image(data)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file or directory"),
        (b"", "empty file"),
        (b"GIF89a, or so", "not an image in one of the formats JPEG, PNG, BMP, WEBP"),
        (b"\xff\xd8\xff\xe0 a jpeg for three bytes", "."),
    ],
)
def test_unreadable_files_say_why(
    tmp_path: Path, content: bytes | None, reason: str, either_way: str
) -> None:
    file = tmp_path / "image.jpg"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UnreadableImagesError, match=reason) as caught:
        read_image(file)
    assert caught.value.paths == (file,)
    assert str(caught.value).splitlines()[0].startswith("1 image cannot be read; repair or")


def test_the_error_survives_pickling() -> None:
    error = UnreadableImagesError([Unreadable(Path("a.jpg"), "empty file")])
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.paths) == (str(error), error.paths)


@pytest.mark.parametrize("workers", [0, 2])
def test_all_unreadable_files_are_found(tmp_path: Path, write_image: Write, workers: int) -> None:
    for name in ("good.jpg", "cut.jpg", "good.png"):
        write_image(tmp_path / name)
    whole = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no image")
    (tmp_path / "folder.jpg").mkdir()
    names = [
        "good.jpg",
        "cut.jpg",
        "empty.jpg",
        "missing.jpg",
        "text.jpg",
        "good.png",
        "folder.jpg",
    ]
    table = pd.DataFrame({"path": names, "pid": 1, "split": "train"})
    records = Records(pd.concat([table, table.assign(split="query")]), tmp_path)
    advanced: list[int] = []
    found = find_unreadable(records, workers=workers, advance=advanced.append)
    assert [item.path.name for item in found] == [
        "cut.jpg",
        "empty.jpg",
        "missing.jpg",
        "text.jpg",
        "folder.jpg",
    ]
    assert sum(advanced) == len(names)
    quick = find_unreadable(records, workers=workers, decode=False)
    assert [item.path.name for item in quick] == [
        "empty.jpg",
        "missing.jpg",
        "text.jpg",
        "folder.jpg",
    ]
    listed = str(UnreadableImagesError(found)).splitlines()
    assert "5 images cannot be read" in listed[0]
    assert "--skip-unreadable" in listed[0]
    assert listed[2] == f"{tmp_path / 'empty.jpg'}: empty file"


SIZES = [((40, 30), (80, 60)), ((40, 30), (20, 11)), ((40, 30), (80, 20)), ((41, 29), (13, 57))]


@pytest.mark.parametrize(("before", "after"), SIZES)
def test_resizing_is_pillows_antialiased_bilinear(
    before: tuple[int, int], after: tuple[int, int], either_way: str
) -> None:
    image = picture(*before)
    pillow = Image.fromarray(image).resize(after[::-1], Image.Resampling.BILINEAR)
    resized = resize(image, after)
    assert resized.shape == (*after, 3)
    assert np.abs(resized.astype(int) - np.asarray(pillow)).max() <= 1


def test_resizing_leaves_the_image_alone_and_fills_what_it_is_given(either_way: str) -> None:
    image = picture()
    before = image.copy()
    frozen = image.view()
    frozen.flags.writeable = False
    for size in ((80, 60), (20, 15), (40, 30)):
        batch = np.zeros((3, *size, 3), dtype=np.uint8)
        assert resize(frozen, size, out=batch[1]).base is batch
        np.testing.assert_array_equal(batch[1], resize(image, size))
        assert not batch[[0, 2]].any()
    resize(image, (40, 30))[:] = 0
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (3, 4, 4), (1, 4, 4, 3)])
def test_resizing_refuses_what_is_no_rgb_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected a uint8 image \(H, W, 3\), came uint8"):
        resize(np.zeros(shape, dtype=np.uint8), (2, 2))
    with pytest.raises(ValueError, match="came float64"):
        resize(np.zeros((4, 4, 3)), (2, 2))  # type: ignore[arg-type]


def test_flipping_mirrors_into_a_new_array(either_way: str) -> None:
    image = picture()
    flipped = images.flip(image)
    np.testing.assert_array_equal(flipped, image[:, ::-1])
    assert not np.shares_memory(flipped, image)


def test_a_wheel_without_its_system_library_counts_as_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(name: str) -> ModuleType:
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr(images, "import_module", broken)
    images._optional.cache_clear()
    try:
        assert resize(picture(), (80, 60)).shape == (80, 60, 3)
    finally:
        images._optional.cache_clear()
