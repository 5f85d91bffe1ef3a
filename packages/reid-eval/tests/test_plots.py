"""Pictures hold what they say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from reid_data.console import MissingExtraError
from reid_eval import Embeddings, evaluate, search
from reid_eval.cli import main
from reid_eval.plots import (
    match_regions,
    plot_camera_pairs,
    plot_cmc,
    plot_match_regions,
    plot_ranked_lists,
    plot_score_distributions,
    project,
    write_projection,
)
from reid_eval.plots.style import QUERY, RIGHT, WRONG
from reid_eval.report.distributions import score_distributions
from reid_eval.report.scores import FeatureScores

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
Make = Callable[..., Embeddings]


@pytest.fixture
def sides(make: Make, tmp_path: Path, write_picture: Callable[..., Path]) -> tuple[Embeddings, ...]:
    """Twelve people by three cameras; the query is of camera 1."""
    generator = np.random.default_rng(0)
    people = generator.normal(size=(12, 16))

    def side(cameras: tuple[int, ...], seed: int, split: str) -> Embeddings:
        pids = np.repeat(np.arange(1, 13), len(cameras))
        camids = np.tile(cameras, 12)
        noise = np.random.default_rng(seed).normal(size=(len(pids), 16))
        names = [f"{split}/{pid}_{camera}.png" for pid, camera in zip(pids, camids, strict=True)]
        for pid, name in zip(pids, names, strict=True):
            write_picture(tmp_path / name, int(pid))
        return make(people[pids - 1] + noise, pids, camids, names=names, root=tmp_path, split=split)

    return side((1,), 1, "query"), side((2, 3), 2, "gallery")


def test_a_cmc_curve_is_that_of_the_report(sides: tuple[Embeddings, ...]) -> None:
    report = evaluate(*sides)
    figure = plot_cmc({"ours": report, "again": report}, max_rank=7)
    curves = figure.axes[0].lines
    assert len(curves) == 2
    np.testing.assert_allclose(np.asarray(curves[0].get_ydata()), 100 * report.cmc(7))
    with pytest.raises(ValueError, match="at least one report"):
        plot_cmc({})


def test_lists_frame_right_answers_green(sides: tuple[Embeddings, ...]) -> None:
    from matplotlib.colors import to_hex

    found = search(*sides, top_k=4)
    figure = plot_ranked_lists(found, rows=[3, 0], top_k=9)
    frames = [to_hex(axes.spines["top"].get_edgecolor()) for axes in figure.axes]
    assert len(frames) == 2 * 5
    for line, row in enumerate([3, 0]):
        right = found.gallery.pids[found.indices[row]] == found.query.pids[row]
        expected = [QUERY, *(RIGHT if hit else WRONG for hit in right)]
        assert frames[5 * line : 5 * line + 5] == expected
    with pytest.raises(ValueError, match="rows must be of 0 to 11"):
        plot_ranked_lists(found, rows=[12])


def test_a_cell_of_the_camera_map_is_an_evaluation_of_that_pair(
    sides: tuple[Embeddings, ...],
) -> None:
    query, gallery = sides
    figure = plot_camera_pairs(evaluate(query, gallery), query, gallery)
    table = np.asarray(figure.axes[0].images[0].get_array())
    assert table.shape == (1, 2)
    for column, camera in enumerate((2, 3)):
        # Everybody else stays, of the same person only that camera's image.
        expected = []
        for row, pid in enumerate(query.pids):
            kept = (gallery.pids != pid) | (gallery.camids == camera)
            one, rest = query.take([row]), gallery.take(np.flatnonzero(kept))
            expected.append(evaluate(one, rest).mAP)
        assert table[0, column] == pytest.approx(100 * np.mean(expected))


def test_histograms_have_the_shares_of_the_pairs(sides: tuple[Embeddings, ...]) -> None:
    scores = FeatureScores(*sides, metric="cosine", camera_filter="none", junk_pids=(-1,))
    found = score_distributions(*sides, scores, rows=np.arange(len(sides[0])))
    figure = plot_score_distributions(found, score_name=scores.name)
    outlines = [patch for patch in figure.axes[0].patches if not patch.get_fill()]
    shares = [np.asarray(patch.get_data().values).sum() for patch in outlines]  # type: ignore[attr-defined]
    assert shares == pytest.approx([100, 100])


class TopLeft:
    """Sees nothing but the colours of the upper left quarter."""

    image_size, embedding_size, fingerprint = (32, 16), 3, "top left"
    device = torch.device("cpu")

    def describe(self) -> dict[str, Any]:
        return {}

    def __call__(self, images: Tensor) -> Tensor:
        return images[:, :, :16, :8].float().mean(dim=(2, 3)) + 1


def test_regions_that_the_model_sees_are_those_that_matter() -> None:
    image = torch.full((3, 32, 16), 5, dtype=torch.uint8)
    image[0] = 250
    found = match_regions(TopLeft(), image, image, window=(4, 4), step=(4, 4))
    assert found.shape == (32, 16)
    assert (found[:16, :8] > 0).all()
    assert (found[16:] == 0).all()
    assert (found[:, 8:] == 0).all()


def test_regions_of_any_embedder_are_drawn(tmp_path: Path, write_picture: Any) -> None:
    paths = [write_picture(tmp_path / f"{name}.png", 1, noise=name) for name in (1, 2)]
    figure = plot_match_regions(TopLeft(), *paths)
    assert len(figure.axes) == 5


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_a_map_keeps_people_together(sides: tuple[Embeddings, ...], method: Any) -> None:
    gallery = sides[1]
    near = np.repeat(np.eye(16, dtype=np.float32)[:4], 6, axis=0)
    near += 0.05 * np.random.default_rng(0).normal(size=near.shape).astype(np.float32)
    places = project(near, method=method)
    assert places.shape == (24, 2)
    assert np.ptp(places, axis=0).max() == pytest.approx(1)
    np.testing.assert_array_equal(places, project(near, method=method))
    if method == "tsne":
        distances = np.linalg.norm(places[:, None] - places[None], axis=2)
        own = np.arange(24) // 6
        same = own[:, None] == own[None]
        assert distances[same].max() < distances[~same].min()
    with pytest.raises(ValueError, match="at least three images"):
        project(gallery.features[:2], method=method)


def shown(page: Path) -> list[dict[str, Any]]:
    found = re.search(r"const points = (\[.*\]);", page.read_text())
    assert found is not None
    points: list[dict[str, Any]] = json.loads(found[1])
    return points


def test_a_map_is_one_page_with_every_picture(
    sides: tuple[Embeddings, ...], tmp_path: Path
) -> None:
    gallery = sides[1]
    page = write_projection(tmp_path / "map.html", gallery, method="pca")
    points = shown(page)
    assert [point["pid"] for point in points] == gallery.pids.tolist()
    assert all(point["image"].startswith("data:image/jpeg") for point in points)
    assert "http" not in re.sub(r'"data:[^"]*"', "", page.read_text()).replace("http-equiv", "")


def test_a_large_map_shows_whole_people(sides: tuple[Embeddings, ...], tmp_path: Path) -> None:
    points = shown(write_projection(tmp_path / "map.html", sides[1], method="pca", most=9))
    pids = [point["pid"] for point in points]
    assert len(pids) == 8
    assert all(pids.count(pid) == 2 for pid in pids)


def test_a_file_name_cannot_end_the_script(make: Make, tmp_path: Path) -> None:
    names = ["</script><script>alert(1)</script>.jpg", "b.jpg", "c.jpg"]
    embeddings = make(np.eye(3), [1, 2, 3], names=names, root=tmp_path)
    page = write_projection(tmp_path / "map.html", embeddings, method="pca").read_text()
    assert page.count("</script>") == 1


@pytest.fixture
def folders(sides: tuple[Embeddings, ...], tmp_path: Path) -> tuple[str, str]:
    for name, side in zip(("query", "gallery"), sides, strict=True):
        side.save(tmp_path / "embedded" / name)
    return str(tmp_path / "embedded" / "query"), str(tmp_path / "embedded" / "gallery")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["reid-eval", "plot", *arguments])
    with pytest.raises(SystemExit) as done:
        main()
    return int(done.value.code or 0)


@pytest.mark.parametrize("kind", ["lists", "cmc", "scores", "cameras"])
def test_each_kind_writes_its_file(
    kind: str, folders: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / f"{kind}.png"
    asked = (kind, "--query", folders[0], "--gallery", folders[1], "--out", str(out), "--json")
    assert run(monkeypatch, *asked) == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_map_and_regions_from_the_command_line(
    folders: tuple[str, str], tmp_path: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "map.html"
    asked = ("--embeddings", folders[1], "--method", "pca", "--most", "8", "--out", str(out))
    assert run(monkeypatch, "map", *asked) == 0
    assert len(shown(out)) == 8
    images = [str(tmp_path / "gallery" / name) for name in ("1_2.png", "1_3.png")]
    pair = ("--image", images[0], "--image", images[1], "--out", str(tmp_path / "pair.svg"))
    assert run(monkeypatch, "regions", "--model", tiny_model, *pair) == 0
    assert "<svg" in (tmp_path / "pair.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cmc", "--out", "cmc.html"), "--out must end in .png or .pdf"),
        (("map", "--out", "map.png"), "--out must end in .html for a map"),
        (("map", "--out", "map.html"), "--embeddings is missing"),
        (("lists", "--out", "a.png"), "expected --query FOLDER and --gallery FOLDER"),
        (("regions", "--out", "a.png", "--image", "x.png"), "expected --image twice"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_missing_library_is_named(
    sides: tuple[Embeddings, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'reid-eval\[plots\]'"):
        plot_cmc({"ours": evaluate(*sides)})
