"""What --search may say."""

from __future__ import annotations

import pytest

from reid_core.tuning import Choice, Range, parse_search


def test_every_form_is_read() -> None:
    found = parse_search(
        [
            "optimizer.lr=log:1e-5:1e-2",
            "loss.triplet.margin=0:0.5",
            "data.images_per_identity=int:2:8",
            "model.embed_dim=int-log:16:256",
            "model.pooling=avg,gem",
            "data.image_size=[256, 128],[384, 128]",
            "loss.triplet.margin2=0.3,none",
        ]
    )
    assert found == (
        Range("optimizer.lr", 1e-5, 1e-2, log=True),
        Range("loss.triplet.margin", 0.0, 0.5),
        Range("data.images_per_identity", 2, 8, whole=True),
        Range("model.embed_dim", 16, 256, whole=True, log=True),
        Choice("model.pooling", ("avg", "gem")),
        Choice("data.image_size", ("[256, 128]", "[384, 128]")),
        Choice("loss.triplet.margin2", ("0.3", "none")),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer.lr", "KEY=..."),
        ("=1:2", "KEY=..."),
        ("optimizer.lr=3", "expected low:high"),
        ("optimizer.lr=lg:1:2", "expected low:high"),
        ("optimizer.lr=1:2:3:4", "expected low:high"),
        ("optimizer.lr=a:b", "must be numbers"),
        ("optimizer.lr=2:1", "below the upper"),
        ("optimizer.lr=1:inf", "below the upper"),
        ("optimizer.lr=log:0:1", "above 0"),
        ("data.images_per_identity=int:1.5:3", "whole numbers"),
        ("model.pooling=avg,avg", "different"),
    ],
)
def test_other_forms_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_search([text])


def test_nothing_and_twice_the_same_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to search for"):
        parse_search([])
    with pytest.raises(ValueError, match=r"names optimizer\.lr twice"):
        parse_search(["optimizer.lr=1:2", "optimizer.lr=2:3"])
