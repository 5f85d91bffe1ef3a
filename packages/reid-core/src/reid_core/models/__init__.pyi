from .checkpoint import fingerprint, load_heads, load_model, save_model
from .checkpoint_info import CheckpointInfo, read_checkpoint
from .factory import create_model, list_models
from .global_model import GlobalModel
from .neck import BNNeck
from .pooling import (
    AveragePooling,
    GemPooling,
    Pooling,
    average_pool,
    gem_pool,
    poolings,
)
from .preprocessing import Preprocessing
from .reid_model import ReidModel, ReidOutput

__all__ = [
    "AveragePooling",
    "BNNeck",
    "CheckpointInfo",
    "GemPooling",
    "GlobalModel",
    "Pooling",
    "Preprocessing",
    "ReidModel",
    "ReidOutput",
    "average_pool",
    "create_model",
    "fingerprint",
    "gem_pool",
    "list_models",
    "load_heads",
    "load_model",
    "poolings",
    "read_checkpoint",
    "save_model",
]
