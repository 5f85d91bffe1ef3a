"""What runs a network: each runtime takes uint8 images (B, 3, H, W) and gives float32 (B, D).

Every module imports its library when a runner is made, so that none of them is needed here.
"""

from reid_eval.runtimes.compiled import CompiledRunner
from reid_eval.runtimes.exported import ExportedRunner
from reid_eval.runtimes.onnx import OnnxRunner
from reid_eval.runtimes.openvino import OpenVinoRunner
from reid_eval.runtimes.runner import ModelInput, Runner

__all__ = [
    "CompiledRunner",
    "ExportedRunner",
    "ModelInput",
    "OnnxRunner",
    "OpenVinoRunner",
    "Runner",
]
