"""Looking for the values of a recipe that validate best (extra `tune`)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
