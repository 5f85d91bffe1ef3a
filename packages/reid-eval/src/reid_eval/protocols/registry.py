"""Protocols by name, and which a data set is measured by."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reid_data.datasets.options import split_name
from reid_data.datasets.selection import split_parts
from reid_eval._settings import from_settings
from reid_eval.protocols.centroid import Centroids
from reid_eval.protocols.clothes import ClothChanging, SameClothes, Standard
from reid_eval.protocols.comparison import RetrievalProtocol
from reid_eval.protocols.cuhk03 import SingleGalleryShot
from reid_eval.protocols.image import CrossCamera, NoCameras
from reid_eval.protocols.reassociation import Reassociation
from reid_eval.protocols.tracklet import Tracklets
from reid_eval.protocols.vehicleid import RandomGallery

__all__ = ["default_protocols", "list_protocols", "make_protocol", "parse_protocols"]

_KINDS: Mapping[str, type[Any]] = {
    kind.name: kind
    for kind in (
        CrossCamera,
        NoCameras,
        Tracklets,
        Standard,
        SameClothes,
        ClothChanging,
        RandomGallery,
        SingleGalleryShot,
        Reassociation,
        Centroids,
    )
}
_OTHER_NAMES = {"cross-camera": "image", "no-cameras": "none"}

_CLOTHES = ("standard", "same-clothes", "cloth-changing")
_DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "ccvid": ("standard:unit=tracklet", "cloth-changing:unit=tracklet"),
    "dukemtmc_videoreid": ("tracklet",),
    "ilids_vid": ("tracklet",),
    "ltcc": _CLOTHES,
    "mars": ("tracklet",),
    "mot17_reid": ("none",),
    "mot_sequences": ("reassociation",),
    "prcc": ("same-clothes", "cloth-changing"),
    "prid2011": ("tracklet",),
    "vc_clothes": _CLOTHES,
    "vehicleid": ("vehicleid",),
}


def list_protocols() -> list[str]:
    """The names that `make_protocol` knows, sorted; ``cross-camera`` is another name of image."""
    return sorted(_KINDS)


def make_protocol(name: str, **options: Any) -> RetrievalProtocol:
    """A protocol by its name.

    Args:
        name: one of `list_protocols`, or ``NAME:KEY=VALUE,KEY=VALUE``.
        **options: the attributes of its class.

    Raises:
        ValueError: an unknown name or option (the nearest is named), or a value out of range.

    Examples:
        >>> make_protocol("vehicleid:trials=3")
        RandomGallery(trials=3, seed=0)
    """
    spelled, settings = split_name(name)
    known = _OTHER_NAMES.get(spelled, spelled)
    if known not in _KINDS:
        near = difflib.get_close_matches(spelled.lower(), [*_KINDS, *_OTHER_NAMES], n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(
            f"no protocol is called {spelled!r}; {hint}known: {', '.join(list_protocols())}"
        )
    every = settings | options
    protocol: RetrievalProtocol = from_settings("protocol", known, _KINDS[known], every)
    return protocol


def parse_protocols(text: str) -> list[RetrievalProtocol]:
    """Several protocols, as they are written after ``--protocol``.

    A part without a name and with ``=`` is a further option of the protocol before it.

    Raises:
        ValueError: see `make_protocol`; or one is named twice, or none at all.

    Examples:
        >>> [each.name for each in parse_protocols("image,vehicleid:trials=2,seed=1,centroid")]
        ['image', 'vehicleid', 'centroid']
    """
    spelled: list[str] = []
    for part in (piece.strip() for piece in text.split(",")):
        if spelled and "=" in part and ":" not in part:
            spelled[-1] += ("," if ":" in spelled[-1] else ":") + part
        else:
            spelled.append(part)
    found = [make_protocol(name) for name in spelled]
    if len(set(found)) < len(found):
        raise ValueError(f"a protocol is named twice in {text!r}")
    return found


def default_protocols(
    data: str, query: pd.DataFrame, gallery: pd.DataFrame
) -> Sequence[RetrievalProtocol]:
    """How a data set is published to be measured; everything else is measured by ``image``.

    Where there are several, those that mean nothing on these images are left out: PRCC's queries,
    for example, are by default those in changed clothes.

    Args:
        data: its name as in ``--data``, with options where there are any; empty for none.
        query: the table of the queries.
        gallery: the table of the gallery.

    Raises:
        ValueError: none of them can be measured on these images.
    """
    # Several data sets as one have no protocol of their own.
    name, options = split_name(data) if len(split_parts(data)) == 1 else (data, {})
    names = _DEFAULTS.get(name, ("image",))
    if name == "cuhk03" and options.get("protocol") == "classic":
        names = ("cuhk03-classic",)
    found, refused = [], []
    for each in map(make_protocol, names):
        try:
            each.check(query, gallery)
        except ValueError as error:
            refused.append(error)
        else:
            found.append(each)
    if not found:
        raise refused[0]
    return found
