from .creation import create_detector, list_detectors
from .given import GivenBoxes
from .hog import HogDetector
from .onnx_file import OnnxDetector, OnnxLayout
from .torchvision_models import TorchvisionDetector

__all__ = [
    "GivenBoxes",
    "HogDetector",
    "OnnxDetector",
    "OnnxLayout",
    "TorchvisionDetector",
    "create_detector",
    "list_detectors",
]
