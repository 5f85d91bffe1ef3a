"""What holds for every data set: its small copy is read, from above too, and gaps are told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import dataset_info, load_dataset

Copied = Callable[..., Path]
MORE = {"cuhk01": {"identities": 100}}

# Name, a folder name that people give it, and what to take away to break it.
LAYOUTS = [
    ("dukemtmc_reid", "DukeMTMC-reID", "query"),
    ("msmt17", "MSMT17_V1", "list_gallery.txt"),
    ("ltcc", "LTCC_ReID", "test"),
    ("prcc", "prcc", "rgb/test/C"),
    ("celeb_reid", "Celeb-reID", "gallery"),
    ("last", "last", "test/gallery"),
    ("deepchange", "DeepChangeDataset", "test-set-query-bbox.txt"),
    ("vc_clothes", "VC-Clothes", "train"),
    ("veri776", "VeRi", "image_test"),
    ("vehicleid", "VehicleID_V1.0", "train_test_split/test_list_800.txt"),
    ("vric", "vric", "vric_probe.txt"),
    ("occluded_duke", "Occluded_Duke", "bounding_box_test"),
    ("cuhk03", "cuhk03", "cuhk03_new_protocol_config_detected.mat"),
    ("cuhk01", "cuhk01", "campus"),
    ("viper", "VIPeR", "cam_b"),
    ("grid", "underground_reid", "features_and_partitions.mat"),
    ("occluded_reid", "Occluded_REID", "whole_body_images"),
    ("mot17_reid", "MOT17_reid", "query"),
    ("prw", "PRW_reid", "query"),
    ("mars", "MARS", "info/query_IDX.mat"),
    ("ilids_vid", "iLIDS", "train-test people splits"),
    ("prid2011", "prid_2011", "splits_prid2011.json"),
    ("dukemtmc_videoreid", "DukeMTMC-VideoReID", "gallery"),
    ("ccvid", "CCVID", "query.txt"),
]
NAMES = pytest.mark.parametrize(("name", "alias", "part"), LAYOUTS, ids=[row[0] for row in LAYOUTS])


@NAMES
def test_a_copy_is_read_from_its_folder_or_the_one_above(
    copied: Copied, tmp_path: Path, name: str, alias: str, part: str
) -> None:
    root = copied(name, alias, **MORE.get(name, {}))
    records = load_dataset(name, root)
    assert all(path.is_file() for path in records.paths)
    assert records.info is not None
    assert records.info.name == name
    above = load_dataset(name, tmp_path)
    assert sorted(above.paths) == sorted(records.paths)


@NAMES
def test_a_missing_part_is_told_by_name(copied: Copied, name: str, alias: str, part: str) -> None:
    root = copied(name, alias, **MORE.get(name, {}))
    gone = root / part
    (shutil.rmtree if gone.is_dir() else Path.unlink)(gone)
    with pytest.raises(ValueError, match=Path(part).name) as caught:
        load_dataset(name, root)
    assert "\n" not in str(caught.value)


@NAMES
def test_who_owns_it_is_told(name: str, alias: str, part: str) -> None:
    info = dataset_info(name)
    assert info.url.startswith("http")
    assert info.licence
    assert info.citation
    assert all(images is None or 0 < pids <= images for pids, images in info.counts.values())
