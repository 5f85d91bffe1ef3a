"""Galleries of person crops that are kept, searched and pruned."""

from reid_eval.gallery.filters import Filter
from reid_eval.gallery.interface import Gallery
from reid_eval.gallery.results import GalleryInfo, Hits, IndexReport

__all__ = ["Filter", "Gallery", "GalleryInfo", "Hits", "IndexReport"]
