from .importing import import_model
from .losses import (
    BatchHardTripletLoss,
    CenterLoss,
    IdentityHead,
    IdentityLoss,
    batch_hard_triplet_loss,
    center_loss,
    label_smoothed_cross_entropy_loss,
    pairwise_distance,
)
from .models import (
    CheckpointInfo,
    Preprocessing,
    ReidModel,
    ReidOutput,
    create_model,
    list_kinds,
    list_models,
    load_heads,
    load_model,
    read_checkpoint,
    save_model,
)

__version__: str

__all__ = [
    "BatchHardTripletLoss",
    "CenterLoss",
    "CheckpointInfo",
    "IdentityHead",
    "IdentityLoss",
    "Preprocessing",
    "ReidModel",
    "ReidOutput",
    "__version__",
    "batch_hard_triplet_loss",
    "center_loss",
    "create_model",
    "import_model",
    "label_smoothed_cross_entropy_loss",
    "list_kinds",
    "list_models",
    "load_heads",
    "load_model",
    "pairwise_distance",
    "read_checkpoint",
    "save_model",
]
