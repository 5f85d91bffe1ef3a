"""Models: normalised images in, one vector for metric losses and one for retrieval out."""

from reid_core.models.checkpoint import fingerprint, load_heads, load_model, save_model
from reid_core.models.checkpoint_info import CheckpointInfo, read_checkpoint
from reid_core.models.factory import create_model, list_models
from reid_core.models.global_model import GlobalModel
from reid_core.models.neck import BNNeck
from reid_core.models.pooling import (
    AveragePooling,
    GemPooling,
    Pooling,
    average_pool,
    gem_pool,
    poolings,
)
from reid_core.models.preprocessing import Preprocessing
from reid_core.models.reid_model import ReidModel, ReidOutput

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
