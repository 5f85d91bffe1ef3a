from .appearance import AppearanceEncoder, part_means, swap_parts
from .discriminator import PatchDiscriminator
from .engine import DrawRequest, Engine, load_engine
from .generating import generate
from .generator import PoseGenerator
from .hiding import hide_parts, parts_of
from .losses import discriminator_loss, generator_loss
from .planning import Plan, change_clothes, plan_given_poses, plan_pairs, plan_poses
from .pose_bank import PoseBank, build_pose_bank
from .posed import PoseCanvas, PosedImages, find_pairs, named_pairs, pose_images
from .recipe import GanRecipe, list_recipes, load_recipe
from .training import train_gan

__all__ = [
    "AppearanceEncoder",
    "DrawRequest",
    "Engine",
    "GanRecipe",
    "PatchDiscriminator",
    "Plan",
    "PoseBank",
    "PoseCanvas",
    "PoseGenerator",
    "PosedImages",
    "build_pose_bank",
    "change_clothes",
    "discriminator_loss",
    "find_pairs",
    "generate",
    "generator_loss",
    "hide_parts",
    "list_recipes",
    "load_engine",
    "load_recipe",
    "named_pairs",
    "part_means",
    "parts_of",
    "plan_given_poses",
    "plan_pairs",
    "plan_poses",
    "pose_images",
    "swap_parts",
    "train_gan",
]
