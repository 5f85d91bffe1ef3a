"""Attributes of the people in a video: found, tracked, recognised and shown."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
