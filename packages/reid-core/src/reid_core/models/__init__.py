"""Models: normalised images in, one vector for metric losses and one for retrieval out.

Names are looked up on first use, for timm takes a while and who needs the types needs none of it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
