"""Kinds of models, one a file; importing this package registers them."""

from reid_core.models.kinds.agw import build_agw
from reid_core.models.kinds.fine_grained import (
    FineGrained,
    build_fine_grained,
    build_fine_grained_video,
)
from reid_core.models.kinds.mgn import MGN, build_mgn
from reid_core.models.kinds.pcb import PCB, build_pcb
from reid_core.models.kinds.registry import ModelSpec, kind_options, kind_registry, list_kinds
from reid_core.models.kinds.transreid import TransReID, build_transreid
from reid_core.models.kinds.two_branch import TwoBranch, build_two_branch
from reid_core.models.kinds.video import FramesModel, build_video_attention, build_video_average
from reid_core.models.kinds.video_3d import VideoResNet, build_video_3d
from reid_core.models.kinds.whole import build_global

__all__ = [
    "MGN",
    "PCB",
    "FineGrained",
    "FramesModel",
    "ModelSpec",
    "TransReID",
    "TwoBranch",
    "VideoResNet",
    "build_agw",
    "build_fine_grained",
    "build_fine_grained_video",
    "build_global",
    "build_mgn",
    "build_pcb",
    "build_transreid",
    "build_two_branch",
    "build_video_3d",
    "build_video_attention",
    "build_video_average",
    "kind_options",
    "kind_registry",
    "list_kinds",
]
