from .attribute_sets.registry import (
    AttributeSetInfo,
    attribute_set_info,
    attribute_set_options,
    list_attribute_sets,
    load_attributes,
    register_attributes,
)
from .attributes import Attributes
from .audit.report import AuditReport, audit_records
from .batch import Batch
from .clip_dataset import ClipBatch
from .clip_loading import ClipLoader, eval_clip_loader, train_clip_loader
from .colours import ColourJitter
from .columns import SPLITS
from .datasets import (
    dataset_info,
    dataset_options,
    from_folder,
    from_images,
    list_datasets,
    load_dataset,
    register_dataset,
)
from .image_dataset import ImageDataset
from .images import (
    Unreadable,
    UnreadableImagesError,
    find_unreadable,
    read_image,
    resize,
)
from .loading import ImageLoader, eval_loader, train_loader
from .records import DatasetInfo, Records
from .sampler import Draw, PKSampler
from .synth import synthesize
from .tracklets import Tracklets, tracklets_of
from .transforms import Augmentation

__version__: str

__all__ = [
    "SPLITS",
    "AttributeSetInfo",
    "Attributes",
    "AuditReport",
    "Augmentation",
    "Batch",
    "ClipBatch",
    "ClipLoader",
    "ColourJitter",
    "DatasetInfo",
    "Draw",
    "ImageDataset",
    "ImageLoader",
    "PKSampler",
    "Records",
    "Tracklets",
    "Unreadable",
    "UnreadableImagesError",
    "__version__",
    "attribute_set_info",
    "attribute_set_options",
    "audit_records",
    "dataset_info",
    "dataset_options",
    "eval_clip_loader",
    "eval_loader",
    "find_unreadable",
    "from_folder",
    "from_images",
    "list_attribute_sets",
    "list_datasets",
    "load_attributes",
    "load_dataset",
    "read_image",
    "register_attributes",
    "register_dataset",
    "resize",
    "synthesize",
    "tracklets_of",
    "train_clip_loader",
    "train_loader",
]
