"""How good generated images are: against their targets, as a distribution, as a pose."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
