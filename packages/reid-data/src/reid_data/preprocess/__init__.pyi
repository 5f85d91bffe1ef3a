from .blur_kernels import defocus_kernel, gaussian_kernel, motion_kernel
from .clips import (
    Clips,
    augment_clip,
    dense_clips,
    random_clip,
    random_frames,
    sample_clips,
    uniform_clip,
)
from .damages import MIXTURES, Damage, Mixture, parse_mixture
from .degrade import degrade_image, write_degraded
from .degrade_device import degrade_batch
from .genders import GenderTable, gender_table, genders_of, read_genders, write_genders
from .heatmaps import joint_heatmaps, part_heatmaps, write_heatmaps
from .image_labels import ImageLabels, labels_of_images
from .lowres import low_resolution_batch, lower_resolution, write_low_resolution
from .mask_checks import MaskCheck, check_masks
from .mask_faults import MaskFault, MaskReport, find_faults
from .mask_files import write_masks
from .mask_folder import MaskFolder
from .masks import PART_CLASSES, part_masks, read_mask, read_parsing
from .outfits import Outfits, outfit_rows, outfits_of, read_outfits, write_outfits
from .pairs import Pairs, make_pairs, read_pairs, write_pairs
from .pose_clusters import PoseClusters, fit_pose_clusters, knee, load_clusters, save_clusters
from .pose_files import (
    read_alphapose_json,
    read_alphapose_pickles,
    read_openpose_csv,
    read_poses,
    write_openpose_csv,
)
from .pose_geometry import pose_vectors
from .pose_labels import PoseLabels, cluster_poses, poses_of, write_pose_labels
from .pose_pictures import draw_pose, knee_svg
from .pose_tables import PoseTable, pose_table, read_pose_table, write_pose_table
from .poses import Poses, convert_joints, flip_joints, match_poses, scale_joints
from .published import read_names, write_names
from .recolour import Outfit, Recolouring, recolour_image, write_recoloured
from .recolour_overlays import recolour_sheet
from .rewriting import Rewritten, every_image
from .sheets import contact_sheet, pose_sheet
from .sizes import SizeTable, image_sizes, read_sizes, size_buckets, size_table, write_sizes
from .twin_makers import DegradedTwins, RecolouredTwins
from .twins import Twins, make_twins

__all__ = [
    "MIXTURES",
    "PART_CLASSES",
    "Clips",
    "Damage",
    "DegradedTwins",
    "GenderTable",
    "ImageLabels",
    "MaskCheck",
    "MaskFault",
    "MaskFolder",
    "MaskReport",
    "Mixture",
    "Outfit",
    "Outfits",
    "Pairs",
    "PoseClusters",
    "PoseLabels",
    "PoseTable",
    "Poses",
    "RecolouredTwins",
    "Recolouring",
    "Rewritten",
    "SizeTable",
    "Twins",
    "augment_clip",
    "check_masks",
    "cluster_poses",
    "contact_sheet",
    "convert_joints",
    "defocus_kernel",
    "degrade_batch",
    "degrade_image",
    "dense_clips",
    "draw_pose",
    "every_image",
    "find_faults",
    "fit_pose_clusters",
    "flip_joints",
    "gaussian_kernel",
    "gender_table",
    "genders_of",
    "image_sizes",
    "joint_heatmaps",
    "knee",
    "knee_svg",
    "labels_of_images",
    "load_clusters",
    "low_resolution_batch",
    "lower_resolution",
    "make_pairs",
    "make_twins",
    "match_poses",
    "motion_kernel",
    "outfit_rows",
    "outfits_of",
    "parse_mixture",
    "part_heatmaps",
    "part_masks",
    "pose_sheet",
    "pose_table",
    "pose_vectors",
    "poses_of",
    "random_clip",
    "random_frames",
    "read_alphapose_json",
    "read_alphapose_pickles",
    "read_genders",
    "read_mask",
    "read_names",
    "read_openpose_csv",
    "read_outfits",
    "read_pairs",
    "read_parsing",
    "read_pose_table",
    "read_poses",
    "read_sizes",
    "recolour_image",
    "recolour_sheet",
    "sample_clips",
    "save_clusters",
    "scale_joints",
    "size_buckets",
    "size_table",
    "uniform_clip",
    "write_degraded",
    "write_genders",
    "write_heatmaps",
    "write_low_resolution",
    "write_masks",
    "write_names",
    "write_openpose_csv",
    "write_outfits",
    "write_pairs",
    "write_pose_labels",
    "write_pose_table",
    "write_recoloured",
    "write_sizes",
]
