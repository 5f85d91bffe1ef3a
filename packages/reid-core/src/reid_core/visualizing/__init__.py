"""What a network looks at, and where it puts people (extra `plots`)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
