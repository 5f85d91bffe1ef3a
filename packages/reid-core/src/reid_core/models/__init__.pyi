from .checkpoint import fingerprint, load_heads, load_model, save_model
from .checkpoint_info import CheckpointInfo, read_checkpoint
from .factory import create_model, list_models
from .global_model import GlobalModel
from .kinds import ModelSpec, kind_registry, list_kinds
from .neck import BNNeck, Head
from .pooling import (
    AttentivePooling,
    AveragePooling,
    GemPooling,
    MaxAveragePooling,
    MaxBesideAveragePooling,
    MaxPooling,
    Pooling,
    attentive_pool,
    average_pool,
    gem_pool,
    max_pool,
    poolings,
)
from .preprocessing import Preprocessing
from .reid_model import ReidModel, ReidOutput

__all__ = [
    "AttentivePooling",
    "AveragePooling",
    "BNNeck",
    "CheckpointInfo",
    "GemPooling",
    "GlobalModel",
    "Head",
    "MaxAveragePooling",
    "MaxBesideAveragePooling",
    "MaxPooling",
    "ModelSpec",
    "Pooling",
    "Preprocessing",
    "ReidModel",
    "ReidOutput",
    "attentive_pool",
    "average_pool",
    "create_model",
    "fingerprint",
    "gem_pool",
    "kind_registry",
    "list_kinds",
    "list_models",
    "load_heads",
    "load_model",
    "max_pool",
    "poolings",
    "read_checkpoint",
    "save_model",
]
