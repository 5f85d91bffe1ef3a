"""Protocols by name: spelling, defaults of data sets, and that each is documented."""

from __future__ import annotations

import doctest
import importlib
from typing import Any

import numpy as np
import pytest

from reid_data.datasets import list_datasets
from reid_eval import protocols
from reid_eval.protocols import (
    default_protocols,
    list_protocols,
    make_protocol,
    parse_protocols,
    registry,
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("centroids", "no protocol is called 'centroids'; did you mean centroid?"),
        ("clothes-changing", "did you mean cloth-changing?"),
        ("image,,centroid", "no protocol is called ''"),
        ("image,cross-camera", "named twice"),
        ("vehicleid:trial=3", "protocol vehicleid has no option 'trial'; did you mean trials?"),
        ("vehicleid:trials=many", "vehicleid:trials must be a whole number"),
        ("standard:shots=some", "standard:shots must be all or single"),
        ("image:gap=3", "valid: none"),
    ],
)
def test_what_is_misspelt_is_refused_with_the_nearest(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_protocols(text)


def test_several_protocols_with_several_options() -> None:
    found = parse_protocols("cross-camera, standard:shots=single,trials=3,reassociation:gap=9,none")
    assert list(map(repr, found)) == [
        "CrossCamera()",
        "Standard(shots='single', trials=3, seed=0, unit='image', pooling='mean')",
        "Reassociation(gap=9, every=0)",
        "NoCameras()",
    ]


def test_every_default_is_of_a_data_set_that_exists() -> None:
    assert set(registry._DEFAULTS) <= set(list_datasets())
    for names in registry._DEFAULTS.values():
        assert all(make_protocol(name) for name in names)


def test_data_sets_know_their_protocols(tools: Any) -> None:
    frames = tools.build(
        np.eye(4),
        pid=[1, 1, 2, 2],
        camid=[1, 2, 1, 2],
        clothes_id=[0, 1, 0, 0],
        tracklet=[0, 1, 2, 3],
        frame=[1, 2, 3, 4],
    ).table

    def names(data: str, table: Any = frames) -> list[str]:
        return [each.name for each in default_protocols(data, table, table)]

    assert names("") == names("market1501") == names("cuhk03") == ["image"]
    assert names("mars") == ["tracklet"]
    assert names("ltcc") == ["standard", "same-clothes", "cloth-changing"]
    assert names("prcc:query=both") == ["same-clothes", "cloth-changing"]
    assert names("prcc", frames.assign(clothes_id=[0, 1, 0, 1])) == ["cloth-changing"]
    assert names("vehicleid:size=800") == ["vehicleid"]
    assert names("cuhk03:protocol=classic,split=3") == ["cuhk03-classic"]
    assert names("mot_sequences") == ["reassociation"]
    assert names("mars:only=query,root=a+ltcc:only=query,root=b") == ["image"]
    with pytest.raises(ValueError, match="protocol tracklet needs tracklet"):
        names("mars", frames.drop(columns="tracklet"))


@pytest.mark.parametrize("name", list_protocols())
def test_every_protocol_says_what_counts(name: str) -> None:
    text = type(make_protocol(name)).__doc__ or ""
    assert f"``{name}``" in text
    assert len(text.splitlines()) > 5


@pytest.mark.parametrize("module", ["centroid", "tracklet", "registry"])
def test_examples_in_docstrings_run(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"{protocols.__name__}.{module}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0
