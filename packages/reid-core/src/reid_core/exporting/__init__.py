"""Models as one file for other runtimes: ONNX, OpenVINO, exported torch programs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
