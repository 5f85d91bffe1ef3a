"""Galleries in a Milvus server, or in a milvus-lite file (extra ``milvus``)."""

from reid_eval.gallery.milvus.gallery import MilvusGallery

__all__ = ["MilvusGallery"]
