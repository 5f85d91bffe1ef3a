from .distribution import frechet_distance, kernel_distance
from .keypoints import pckh
from .masks import pose_masks
from .similarity import l1_distance, masked_ssim, psnr, ssim_map, structural_similarity

__all__ = [
    "frechet_distance",
    "kernel_distance",
    "l1_distance",
    "masked_ssim",
    "pckh",
    "pose_masks",
    "psnr",
    "ssim_map",
    "structural_similarity",
]
