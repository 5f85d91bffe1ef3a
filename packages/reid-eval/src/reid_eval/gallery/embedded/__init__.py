"""Galleries in a folder, searched in this process."""

from reid_eval.gallery.embedded.gallery import EmbeddedGallery

__all__ = ["EmbeddedGallery"]
