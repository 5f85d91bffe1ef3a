"""Backbones of several libraries behind one interface: images in, a feature map out."""

from reid_core.backbones.backbone import Backbone, BackboneFamily, families
from reid_core.backbones.factory import create_backbone, full_name, list_backbones
from reid_core.backbones.mmcv_backbone import MmcvBackbone, MmcvFamily
from reid_core.backbones.osnet import OSNet
from reid_core.backbones.own_family import OwnFamily
from reid_core.backbones.resnet import ResNet
from reid_core.backbones.timm_backbone import TimmBackbone, TimmFamily

__all__ = [
    "Backbone",
    "BackboneFamily",
    "MmcvBackbone",
    "MmcvFamily",
    "OSNet",
    "OwnFamily",
    "ResNet",
    "TimmBackbone",
    "TimmFamily",
    "create_backbone",
    "families",
    "full_name",
    "list_backbones",
]
