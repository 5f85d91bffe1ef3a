"""Synthetic people: identities, cameras, crops of the one seen by the other, whole data sets."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
