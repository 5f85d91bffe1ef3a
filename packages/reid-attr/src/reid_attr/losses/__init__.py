"""Losses of attributes: each judges ``(B, K)`` logits by labels of 1, 0 and -1 (unknown)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
