"""Checkpoints of other projects as ours: strictly, and without running anything from the file.

Names are looked up on first use, for the console script needs its verb without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
