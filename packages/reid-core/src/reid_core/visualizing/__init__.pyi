from .class_activation import grad_cam
from .covering import occlusion
from .overlays import contact_sheet, overlay
from .pictures import Kind, visualize
from .rollout import attention_rollout, roll_out
from .scatter import plot_embeddings

__all__ = [
    "Kind",
    "attention_rollout",
    "contact_sheet",
    "grad_cam",
    "occlusion",
    "overlay",
    "plot_embeddings",
    "roll_out",
    "visualize",
]
