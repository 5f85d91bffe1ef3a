"""Kinds of models, one a file; importing this package registers them."""

from reid_core.models.kinds.registry import ModelSpec, kind_options, kinds, list_kinds
from reid_core.models.kinds.whole import build_global

__all__ = ["ModelSpec", "build_global", "kind_options", "kinds", "list_kinds"]
