"""Readers of data sets, by name: one file a layout."""

from reid_data.datasets.folder import from_folder, from_images, read_folder
from reid_data.datasets.market1501 import read_market1501, read_prw
from reid_data.datasets.registry import (
    dataset_info,
    list_datasets,
    load_dataset,
    register_dataset,
)
from reid_data.datasets.table import read_table

__all__ = [
    "dataset_info",
    "from_folder",
    "from_images",
    "list_datasets",
    "load_dataset",
    "read_folder",
    "read_market1501",
    "read_prw",
    "read_table",
    "register_dataset",
]
