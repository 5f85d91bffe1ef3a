from .attribute_model import AttributeModel, AttributeOutput, Body
from .c2tnet import C2TNet
from .channel_attention import ChannelAttention
from .checkpoint import (
    AttributeCheckpoint,
    is_attribute_checkpoint,
    load_attribute_model,
    read_attribute_checkpoint,
    save_attribute_model,
)
from .cross_fusion import CrossFusion
from .factory import create_attribute_model
from .finetuning import FineTuning, PartCount, count_parameters, set_finetuning
from .head import Adapter, AttributeHead

__all__ = [
    "Adapter",
    "AttributeCheckpoint",
    "AttributeHead",
    "AttributeModel",
    "AttributeOutput",
    "Body",
    "C2TNet",
    "ChannelAttention",
    "CrossFusion",
    "FineTuning",
    "PartCount",
    "count_parameters",
    "create_attribute_model",
    "is_attribute_checkpoint",
    "load_attribute_model",
    "read_attribute_checkpoint",
    "save_attribute_model",
    "set_finetuning",
]
