"""Uploads: what is decoded, upright and cut, and what is refused before it costs anything."""

from __future__ import annotations

import asyncio
import struct
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reid_eval.service.limits import Limits
from reid_eval.service.refusals import RefusedError
from reid_eval.service.uploads import Uploads, decode_upload

LIMITS = Limits()
Encode = Callable[..., bytes]


def code(data: bytes, box: tuple[float, float, float, float] | None = None) -> tuple[int, str]:
    with pytest.raises(RefusedError) as caught:
        decode_upload(data, box, LIMITS)
    return caught.value.status, caught.value.code


def scene(height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_pixels_come_through_and_a_box_cuts_them(encode: Encode, kind: str) -> None:
    pixels = scene()
    assert (decode_upload(encode(pixels, kind), None, LIMITS) == pixels).all()
    cut = decode_upload(encode(pixels, kind), (10, 5, 30.4, 99), LIMITS)
    assert (cut == pixels[5:40, 10:30]).all()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_formats_are_read(encode: Encode, kind: str) -> None:
    assert decode_upload(encode(scene(), kind), None, LIMITS).shape == (40, 60, 3)


def test_a_photograph_lying_on_its_side_stands_up_before_it_is_cut(encode: Encode) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = scene()
    upright = np.rot90(pixels, -1)
    found = decode_upload(encode(pixels, "PNG", exif=exif.tobytes()), (3, 20, 33, 55), LIMITS)
    assert (found == upright[20:55, 3:33]).all()


def test_grey_of_sixteen_bits_keeps_its_shades(encode: Encode) -> None:
    import io

    stream = io.BytesIO()
    shades = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60) * 27
    Image.fromarray(shades).save(stream, "PNG")
    found = decode_upload(stream.getvalue(), None, LIMITS)
    assert (found == (shades >> 8)[..., None]).all()


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that promises side x side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        head = struct.pack(">I", len(body)) + kind + body
        return head + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    )


@pytest.mark.parametrize("side", [4_001, 20_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    tracemalloc.start()
    status, _ = code(bomb(side))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert status in (400, 413)
    assert peak < 4_000_000


def test_what_is_no_image_is_refused(encode: Encode) -> None:
    whole = encode(scene(), "JPEG")
    assert code(b"no image at all") == (400, "no_image")
    assert code(whole[: len(whole) // 2]) == (400, "broken_image")
    assert code(encode(scene(), "TIFF")) == (400, "no_image")
    assert code(encode(scene(2, 60))) == (400, "too_small")


@pytest.mark.parametrize("box", [(10, 10, 11, 30), (70, 5, 90, 20), (30, 5, 10, 20)])
def test_a_box_that_shows_nothing_is_refused(
    encode: Encode, box: tuple[float, float, float, float]
) -> None:
    assert code(encode(scene()), box) == (422, "empty_box")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_is_a_refusal_or_an_image_and_nothing_else(data: st.DataObject) -> None:
    import io

    stream = io.BytesIO()
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP"]))
    Image.fromarray(scene(12, 9)).save(stream, kind)
    whole = bytearray(stream.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=6)):
        whole[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(whole)))
    with suppress(RefusedError):
        assert decode_upload(bytes(whole[:end]), None, LIMITS).ndim == 3


def read(limits: Limits, chunks: list[bytes], pause: float = 0, **headers: str) -> bytes:
    async def coming() -> AsyncIterator[bytes]:
        for chunk in chunks:
            await asyncio.sleep(pause)
            yield chunk

    async def take() -> bytes:
        async with Uploads(limits).read(headers, coming()) as body:
            return body

    return asyncio.run(take())


def test_a_body_is_read_whole() -> None:
    assert read(LIMITS, [b"ab", b"cd"]) == b"abcd"


@pytest.mark.parametrize(
    ("limits", "chunks", "status"),
    [
        (Limits(upload_bytes=3), [b"ab", b"cd"], 413),
        (Limits(upload_memory=3), [b"ab", b"cd"], 503),
        (LIMITS, [], 400),
    ],
)
def test_bodies_that_are_refused(limits: Limits, chunks: list[bytes], status: int) -> None:
    with pytest.raises(RefusedError) as caught:
        read(limits, chunks)
    assert caught.value.status == status


def test_a_promise_of_too_much_is_refused_unread() -> None:
    with pytest.raises(RefusedError) as caught:
        read(Limits(upload_bytes=3), [], **{"content-length": "4"})
    assert caught.value.status == 413


def test_a_sender_who_dawdles_is_sent_away() -> None:
    with pytest.raises(RefusedError) as caught:
        read(Limits(upload_seconds=0.05), [b"a"] * 50, pause=0.02)
    assert caught.value.status == 408


def test_the_room_of_a_refused_body_is_given_back() -> None:
    uploads = Uploads(Limits(upload_bytes=3, upload_memory=5))

    async def coming(*chunks: bytes) -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def take() -> None:
        for _ in range(5):
            with pytest.raises(RefusedError, match="larger than"):
                async with uploads.read({}, coming(b"abcd")):
                    pass
        async with uploads.read({}, coming(b"abc")) as body:
            assert body == b"abc"

    asyncio.run(take())
