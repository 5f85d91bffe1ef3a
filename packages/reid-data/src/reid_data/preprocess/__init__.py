"""Preprocessing: what each method needs beside the images, made by functions and by verbs.

Each step is a function on arrays (or tensors, where it runs on a device) and one that writes a
whole data set: in parallel, seeded image by image, into a folder that appears when all is done.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
