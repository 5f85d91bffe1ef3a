"""Evaluation protocols: who asks, who answers, and what counts as found; one a file."""

from reid_eval.protocols.centroid import Centroids, centroids
from reid_eval.protocols.clothes import ClothChanging, SameClothes, Standard
from reid_eval.protocols.comparison import Comparison, RetrievalProtocol
from reid_eval.protocols.cuhk03 import SingleGalleryShot
from reid_eval.protocols.image import CrossCamera, NoCameras
from reid_eval.protocols.reassociation import Reassociation
from reid_eval.protocols.registry import (
    default_protocols,
    list_protocols,
    make_protocol,
    parse_protocols,
)
from reid_eval.protocols.tracklet import Tracklets, pool_tracklets
from reid_eval.protocols.vehicleid import RandomGallery

__all__ = [
    "Centroids",
    "ClothChanging",
    "Comparison",
    "CrossCamera",
    "NoCameras",
    "RandomGallery",
    "Reassociation",
    "RetrievalProtocol",
    "SameClothes",
    "SingleGalleryShot",
    "Standard",
    "Tracklets",
    "centroids",
    "default_protocols",
    "list_protocols",
    "make_protocol",
    "parse_protocols",
    "pool_tracklets",
]
