"""Attribute models: C2T-Net, single trunks, and a head on a re-identification model."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
