"""Evaluation of images that get worse as they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from reid_data.datasets import from_images
from reid_data.images import UnreadableImagesError
from reid_eval import embed, evaluate
from reid_eval.embeddings import Embeddings
from reid_eval.robustness import Level, embed_degraded, measure_robustness, parse_levels


class Edges:
    """A model that sees fine stripes only."""

    image_size = (32, 16)
    embedding_size = 64
    fingerprint = "edges"
    device = torch.device("cpu")

    def describe(self) -> dict[str, Any]:
        return {"name": "edges"}

    def __call__(self, images: Tensor) -> Tensor:
        fine = images.float() - F.avg_pool2d(images.float(), 3, 1, 1)
        return fine.mean(dim=1)[:, ::2, ::4].flatten(1)


@pytest.fixture
def side(tmp_path: Path) -> Embeddings:
    """Six people whose pictures differ in their finest grain alone, seen twice."""
    from PIL import Image

    for pid in range(6):
        grain = np.random.default_rng(pid).integers(0, 256, (32, 16, 1))
        for camera in (1, 2):
            noise = np.random.default_rng(100 * pid + camera).normal(0, 60, (32, 16, 1))
            pixels = (grain + noise).clip(0, 255).astype(np.uint8).repeat(3, axis=2)
            Image.fromarray(pixels).save(tmp_path / f"{pid:04d}_c{camera}.png")
    return embed(Edges(), from_images(tmp_path, split="query", pids="required"), workers=0)


def embed_at(side: Embeddings, level: Level, **options: Any) -> Embeddings:
    model = Edges()
    return embed_degraded(
        model, side, level, image_size=model.image_size, device=model.device, **options
    )


def test_a_model_of_detail_falls_with_resolution(side: Embeddings) -> None:
    levels = parse_levels(["lowres:2,8"])
    results = measure_robustness(side, side, levels, embed_at=embed_at, evaluate=evaluate)
    found = [result.report.mAP for result in results]
    assert found[0] == evaluate(side, side).mAP
    assert found[0] > found[1] > found[2]
    rows = [result.to_dict() for result in results]
    assert [(row["kind"], row["amount"]) for row in rows] == [
        ("none", None),
        ("lowres", 2),
        ("lowres", 8),
    ]
    assert rows[0]["mAP"] == found[0]


@pytest.mark.parametrize(
    ("which", "embedded"), [("query", ["q"]), ("gallery", ["g"]), ("both", ["q", "g"])]
)
def test_only_the_side_that_gets_worse_is_embedded_again(
    side: Embeddings, which: Any, embedded: list[str]
) -> None:
    query = Embeddings(side.features, side.table, side.root, {**side.meta, "name": "q"})
    gallery = Embeddings(side.features, side.table, side.root, {**side.meta, "name": "g"})
    seen: list[str] = []

    def embed_once(one: Embeddings, level: Level) -> Embeddings:
        seen.append(one.meta["name"])
        return embed_at(one, level)

    def pair(a: Embeddings, b: Embeddings) -> Any:
        changed = [not np.array_equal(one.features, side.features) for one in (a, b)]
        assert changed == [False, False] or changed == ["q" in embedded, "g" in embedded]
        return evaluate(a, b)

    measure_robustness(
        query, gallery, [Level("blur", 2)], embed_at=embed_once, evaluate=pair, side=which
    )
    assert seen == embedded


def test_workers_and_batches_do_not_change_the_result(side: Embeddings) -> None:
    level = Level("noise", 30, seed=5)
    whole = embed_at(side, level)
    assert np.array_equal(embed_at(side, level, batch_size=5, workers=2).features, whole.features)
    assert whole.meta["degraded"] == "noise 30"
    backwards = side.take(np.arange(len(side))[::-1])
    assert np.array_equal(embed_at(backwards, level).features[::-1], whole.features)


def test_what_cannot_be_embedded_is_refused(side: Embeddings) -> None:
    with pytest.raises(ValueError, match="side must be"):
        measure_robustness(
            side,
            side,
            [],
            embed_at=embed_at,
            evaluate=evaluate,
            side="neither",  # type: ignore[arg-type]
        )
    narrow: Callable[[Tensor], Tensor] = lambda images: Edges()(images)[:, :3]  # noqa: E731
    with pytest.raises(ValueError, match=r"\(12, 64\)"):
        embed_degraded(
            narrow, side, Level("blur", 1), image_size=(32, 16), device=torch.device("cpu")
        )
    side.paths[0].unlink()
    with pytest.raises(UnreadableImagesError):
        embed_at(side, Level("blur", 1))
