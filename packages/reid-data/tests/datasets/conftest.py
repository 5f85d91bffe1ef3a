"""What the tests of the readers share: small data sets of synthetic people, in any layout."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data.synth import synthesize
from reid_data.synth.layouts import find_layout
from reid_data.synth.writing import prepare

SMALL = {
    "identities": 4,
    "test_identities": 3,
    "cameras": 4,
    "images_per_camera": 2,
    "distractors": 8,
    "outfits": 2,
    "tracklet_length": 3,
}


def _small(layout: str, **changes: int) -> dict[str, int]:
    """A few of everything that the layout can hold; walks only where it holds them by default."""
    amounts = find_layout(layout)[0].amounts
    wanted = SMALL | {"tracklet_length": 3 if amounts["tracklet_length"].default else 0}
    held = {
        name: min(max(wanted[name], amount.least), amount.most) for name, amount in amounts.items()
    }
    return held | changes


@pytest.fixture(scope="session")
def small() -> Callable[..., dict[str, int]]:
    """Arguments for a few of everything: ``small("ltcc", cameras=11)``."""
    return _small


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A small data set to look at: ``drawn("ltcc", cameras=11)``; nobody writes there."""
    done: dict[tuple[object, ...], Path] = {}

    def draw(layout: str, **changes: int) -> Path:
        key = (layout, *sorted(changes.items()))
        if key not in done:
            done[key] = tmp_path_factory.mktemp(layout.partition(":")[0]) / "data"
            synthesize(done[key], layout=layout, height=32, width=16, **_small(layout, **changes))
        return done[key]

    return draw


@pytest.fixture
def copied(drawn: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """The same to change: ``copied("ltcc")``, or under another name ``copied("ltcc", "LTCC")``."""

    def copy(layout: str, place: str = "data", **changes: int) -> Path:
        return Path(shutil.copytree(drawn(layout, **changes), tmp_path / place))

    return copy


@pytest.fixture(scope="session")
def outlined(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The same without pictures, for many people: files of no bytes in place of the images."""
    done: dict[tuple[object, ...], Path] = {}

    def outline(layout: str, **amounts: int) -> Path:
        key = (layout, *sorted(amounts.items()))
        if key not in done:
            done[key] = tmp_path_factory.mktemp("outline")
            arrangement = prepare(done[key], layout=layout, **amounts).arrangement
            empty = dict.fromkeys((path for path, _ in arrangement.images), b"")
            for path, content in {**arrangement.files, **empty}.items():
                (done[key] / path).parent.mkdir(parents=True, exist_ok=True)
                (done[key] / path).write_bytes(content)
        return done[key]

    return outline
