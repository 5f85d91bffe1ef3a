"""Readers of data sets, by name: one file a layout."""

from reid_data.datasets.ccvid import read_ccvid
from reid_data.datasets.celeb_reid import read_celeb_reid
from reid_data.datasets.coco_json import read_coco_json
from reid_data.datasets.cuhk01 import read_cuhk01
from reid_data.datasets.cuhk03 import read_cuhk03
from reid_data.datasets.deepchange import read_deepchange
from reid_data.datasets.dukemtmc_reid import read_dukemtmc_reid
from reid_data.datasets.dukemtmc_videoreid import read_dukemtmc_videoreid
from reid_data.datasets.folder import from_folder, from_images, read_folder
from reid_data.datasets.grid import read_grid
from reid_data.datasets.ilids_vid import read_ilids_vid
from reid_data.datasets.last import read_last
from reid_data.datasets.ltcc import read_ltcc
from reid_data.datasets.market1501 import read_market1501, read_prw
from reid_data.datasets.mars import read_mars
from reid_data.datasets.mot17_reid import read_mot17_reid
from reid_data.datasets.mot_sequences import read_mot_sequences
from reid_data.datasets.msmt17 import read_msmt17
from reid_data.datasets.ntu import read_ntu
from reid_data.datasets.occluded_duke import read_occluded_duke
from reid_data.datasets.occluded_reid import read_occluded_reid
from reid_data.datasets.prcc import read_prcc
from reid_data.datasets.prid2011 import read_prid2011
from reid_data.datasets.registry import (
    dataset_info,
    dataset_options,
    list_datasets,
    load_dataset,
    load_parts,
    register_dataset,
)
from reid_data.datasets.table import read_table
from reid_data.datasets.vc_clothes import read_vc_clothes
from reid_data.datasets.vehicleid import read_vehicleid
from reid_data.datasets.veri776 import read_veri776
from reid_data.datasets.viper import read_viper
from reid_data.datasets.vric import read_vric

__all__ = [
    "dataset_info",
    "dataset_options",
    "from_folder",
    "from_images",
    "list_datasets",
    "load_dataset",
    "load_parts",
    "read_ccvid",
    "read_celeb_reid",
    "read_coco_json",
    "read_cuhk01",
    "read_cuhk03",
    "read_deepchange",
    "read_dukemtmc_reid",
    "read_dukemtmc_videoreid",
    "read_folder",
    "read_grid",
    "read_ilids_vid",
    "read_last",
    "read_ltcc",
    "read_market1501",
    "read_mars",
    "read_mot17_reid",
    "read_mot_sequences",
    "read_msmt17",
    "read_ntu",
    "read_occluded_duke",
    "read_occluded_reid",
    "read_prcc",
    "read_prid2011",
    "read_prw",
    "read_table",
    "read_vc_clothes",
    "read_vehicleid",
    "read_veri776",
    "read_viper",
    "read_vric",
    "register_dataset",
]
