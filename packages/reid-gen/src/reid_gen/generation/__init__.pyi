from .appearance import AppearanceEncoder, part_means, swap_parts
from .discriminator import PatchDiscriminator
from .generator import PoseGenerator
from .losses import discriminator_loss, generator_loss

__all__ = [
    "AppearanceEncoder",
    "PatchDiscriminator",
    "PoseGenerator",
    "discriminator_loss",
    "generator_loss",
    "part_means",
    "swap_parts",
]
