"""Damaged lists, tables and MATLAB files of every data set: read, or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_attributes, load_dataset
from reid_data.datasets.listing import IMAGE_SUFFIXES
from reid_data.synth.layouts import list_layouts

LAYOUTS = {layout.name: layout.reader for layout in list_layouts() if layout.reader}
del LAYOUTS["csv"]  # whose table is damaged where tables are tested
# With the options that bring further files.
SPELLED = {"cuhk03": ("cuhk03", "cuhk03:protocol=json"), "msmt17": ("msmt17", "msmt17:version=v2")}
READ = {"cuhk03": ("cuhk03", "cuhk03:protocol=classic,boxes=labeled")}
ATTRIBUTES = {
    "pa100k": "pa100k",
    "peta": "peta:split=1",
    "rap:version=v1": "rap1",
    "rap:version=v2": "rap2",
    "upar": "upar",
    "native": "native",
    "dataset_all": "dataset_all",
    "market1501:attributes=true": "market_attributes",
    "dukemtmc_reid:attributes=true": "duke_attributes",
}
OURS = ("synth.json", "records.csv")

Outlined = Callable[..., Path]
Small = Callable[..., dict[str, int]]
Fuzz = Callable[..., int]


def side_files(root: Path) -> list[Path]:
    """Everything but pictures and what only `reid-data synth` writes."""
    return [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and path.suffix.lower() not in (*IMAGE_SUFFIXES, ".mp4")
        and path.name not in OURS
    ]


def fuzz_data_set(outlined: Outlined, small: Small, fuzz: Fuzz, layout: str, count: int) -> None:
    reader = LAYOUTS[layout]
    for spelled in SPELLED.get(layout, (layout,)):
        root = outlined(spelled, **small(spelled))
        for path in side_files(root):
            for name in READ.get(reader, (reader,)):
                fuzz(path, lambda name=name, root=root: load_dataset(name, root), count=count)


def fuzz_attributes(outlined: Outlined, small: Small, fuzz: Fuzz, layout: str, count: int) -> None:
    root = outlined(layout, **small(layout))
    files = [path for path in side_files(root) if path.suffix in (".mat", ".csv", ".xlsx", ".pkl")]
    assert files
    for path in files:
        place = path if ATTRIBUTES[layout] in ("upar", "native") else root
        load_attributes(ATTRIBUTES[layout], place)
        fuzz(path, lambda place=place: load_attributes(ATTRIBUTES[layout], place), count=count)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_damaged_lists(outlined: Outlined, small: Small, fuzz: Fuzz, layout: str) -> None:
    fuzz_data_set(outlined, small, fuzz, layout, 6)


@pytest.mark.parametrize("layout", ATTRIBUTES)
def test_damaged_attributes(outlined: Outlined, small: Small, fuzz: Fuzz, layout: str) -> None:
    fuzz_attributes(outlined, small, fuzz, layout, 12)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_many_damaged_lists(outlined: Outlined, small: Small, fuzz: Fuzz, layout: str) -> None:
    fuzz_data_set(outlined, small, fuzz, layout, 300)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ATTRIBUTES)
def test_many_damaged_attributes(outlined: Outlined, small: Small, fuzz: Fuzz, layout: str) -> None:
    fuzz_attributes(outlined, small, fuzz, layout, 1000)
