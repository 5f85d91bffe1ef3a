"""Small copies of data sets in their real on-disk layouts, with their real irregularities.

Each function takes the folder to write into and what writes one picture, and returns the folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

WriteImage = Callable[[Path], Any]


def images(root: Path, write: WriteImage, names: Iterable[str]) -> Path:
    """Write a picture at each relative path."""
    for name in names:
        write(root / name)
    return root


def text(path: Path, content: str) -> None:
    """Write a list as the archives have it: in bytes, so that line ends stay as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())


def dukemtmc_reid(root: Path, write: WriteImage) -> Path:
    """DukeMTMC-reID: a gallery identity that nobody asks for, and a file that is no image."""
    images(
        root,
        write,
        [
            "bounding_box_train/0001_c2_f0046182.jpg",
            "bounding_box_train/0001_c5_f0051341.jpg",
            "bounding_box_train/0007_c2_f0047266.jpg",
            "query/0005_c2_f0046985.jpg",
            "query/0005_c5_f0052000.jpg",
            "bounding_box_test/0005_c2_f0047105.jpg",
            "bounding_box_test/0005_c5_f0052120.jpg",
            "bounding_box_test/7139_c8_f0000030.jpg",
        ],
    )
    text(root / "CITATION.txt", "cite us")
    text(root / "query" / "Thumbs.db", "as Windows leaves behind")
    return root


def msmt17(root: Path, write: WriteImage, *, version: str = "v1") -> Path:
    """MSMT17: the same number for two people in train and test, blank lines, spaces, CRLF."""
    train, test = ("train", "test") if version == "v1" else ("mask_train_v2", "mask_test_v2")
    end = "" if version == "v1" else "_ex"
    lists = {
        "train": (
            train,
            [("0000", "000_01_0303morning_0008_0"), ("0001", "003_15_0114noon_1015_2")],
        ),
        "val": (train, [("0000", "013_04_0302afternoon_0245_1")]),
        "query": (test, [("0000", "003_01_0303morning_0006_1")]),
        "gallery": (test, [("0000", "008_12_0113noon_0019_2"), ("0002", "001_03_0303noon_0001_0")]),
    }
    for name, (folder, people) in lists.items():
        names = [f"{pid}/{pid}_{rest}{end}.jpg" for pid, rest in people]
        images(root / folder, write, names)
        lines = [f"{each} {int(each[:4])}" for each in names]
        text(root / f"list_{name}.txt", "\r\n".join(lines) + " \r\n\r\n")
    return root


def ltcc(root: Path, write: WriteImage) -> Path:
    """LTCC: cameras of one and two digits, outfits numbered anew for each person."""
    return images(
        root,
        write,
        [
            "train/000_1_c10_001003.png",
            "train/000_2_c3_001007.png",
            "train/127_1_c1_000002.png",
            "query/001_1_c11_015833.png",
            "test/001_1_c2_015822.png",
            "test/001_3_c12_016000.png",
        ],
    )


def prcc(root: Path, write: WriteImage) -> Path:
    """PRCC: train by identity, test by camera; sketches beside the photographs."""
    return images(
        root,
        write,
        [
            "rgb/train/005/A_cropped_rgb001.jpg",
            "rgb/train/005/B_cropped_rgb012.jpg",
            "rgb/train/005/C_cropped_rgb123.jpg",
            "rgb/train/092/A_cropped_rgb001.jpg",
            "rgb/val/005/A_cropped_rgb002.jpg",
            "rgb/test/A/008/cropped_rgb003.jpg",
            "rgb/test/A/144/cropped_rgb003.jpg",
            "rgb/test/B/008/cropped_rgb007.jpg",
            "rgb/test/C/008/cropped_rgb009.jpg",
            "rgb/test/C/144/cropped_rgb009.jpg",
            "sketch/train/005/A_cropped_sketch001.jpg",
        ],
    )


def celeb_reid(root: Path, write: WriteImage) -> Path:
    """Celeb-reID: images 1 and 10 of somebody, which published readers give to one camera."""
    return images(
        root,
        write,
        [
            "train/1_1_0.jpg",
            "train/1_10_0.jpg",
            "train/632_2_0.jpg",
            "query/7_12_0.jpg",
            "gallery/7_1_0.jpg",
            "gallery/7_13_1.jpg",
        ],
    )


def last(root: Path, write: WriteImage) -> Path:
    """LaST: identities in folders but for the queries, which lie flat."""
    return images(
        root,
        write,
        [
            "train/000004/000004_000_00009_0257_01_001.jpg",
            "train/000004/000004_001_00017_0127_02_002.jpg",
            "train/000009/000009_000_00001_0001_01_001.jpg",
            "val/query/005001_000_00021_0301_02.jpg",
            "val/gallery/005001/005001_001_00017_0127_01.jpg",
            "test/query/006001_000_00021_0301_02.jpg",
            "test/gallery/006001/006001_001_00017_0127_01.jpg",
            "test/gallery/006002/006002_001_00017_0127_01.jpg",
        ],
    )


def deepchange(root: Path, write: WriteImage) -> Path:
    """DeepChange: lists with further columns, trailing blanks and a blank line."""
    lists = {
        "train-set": [
            ("p0003_c03_20200112_0931_000123_bbox.jpg", "12"),
            ("p0003_c04_20200301_1102_000007_bbox.jpg", "13,1,2,3,4"),
        ],
        "val-set-query": [("p0500_c01_20200112_0931_000001_bbox.jpg", "40")],
        "val-set-gallery": [("p0500_c02_20200113_0931_000002_bbox.jpg", "41")],
        "test-set-query": [("p0700_c05_20200112_0931_000003_bbox.jpg", "50")],
        "test-set-gallery": [
            ("p0700_c05_20200112_1931_000004_bbox.jpg", "51"),
            ("p0701_c17_20201224_0931_000005_bbox.jpg", "52"),
        ],
    }
    for folder, rows in lists.items():
        images(root / folder, write, [name for name, _ in rows])
        lines = "\n".join(f"{name},{rest} " for name, rest in rows)
        text(root / f"{folder}-bbox.txt", lines + "\n\n")
    return root


def vc_clothes(root: Path, write: WriteImage) -> Path:
    """VC-Clothes: somebody by all four cameras, in other clothes by the fourth."""
    return images(
        root,
        write,
        [
            "train/001-01-01-01.jpg",
            "train/001-04-02-01.jpg",
            "query/005-02-01-01.jpg",
            "query/005-03-01-01.jpg",
            "gallery/005-01-01-02.jpg",
            "gallery/005-03-01-02.jpg",
            "gallery/005-04-02-02.jpg",
        ],
    )


def veri776(root: Path, write: WriteImage) -> Path:
    """VeRi-776: cameras of three digits; the query is in the gallery too."""
    return images(
        root,
        write,
        [
            "image_train/0001_c001_00016450_0.jpg",
            "image_train/0001_c014_00040625_1.jpg",
            "image_query/0002_c002_00030600_0.jpg",
            "image_test/0002_c002_00030600_0.jpg",
            "image_test/0002_c020_00030670_0.jpg",
        ],
    )


def vehicleid(root: Path, write: WriteImage) -> Path:
    """VehicleID: names without ending in the lists, some with, and trailing blanks."""
    images(root / "image", write, [f"{number:07d}.jpg" for number in range(1, 16)])
    lists = root / "train_test_split"
    text(lists / "train_list.txt", "0000001 1\n0000002 1\n0000003.jpg 2\n")
    rows = [f"{number:07d} {100 + number // 4}" for number in range(4, 16)]
    text(lists / "test_list_800.txt", "\r\n".join(rows[:8]) + "\r\n")
    for size in (1600, 2400):
        text(lists / f"test_list_{size}.txt", " \n".join(rows) + "\n\n")
    return root


def vric(root: Path, write: WriteImage) -> Path:
    """VRIC: the same number for two vehicles in train and test."""
    lists = {
        "train": ["MVI_40172_101_img02185.jpg 1 58", "MVI_40172_101_img01499.jpg 1 57"],
        "probe": ["MVI_39031_2_img00011.jpg 1 3"],
        "gallery": ["MVI_39051_7_img00022.jpg 1 4"],
    }
    for name, lines in lists.items():
        images(root / f"{name}_images", write, [line.split()[0] for line in lines])
        text(root / f"vric_{name}.txt", "\n".join(lines) + "\n")
    return root


def occluded_duke(root: Path, write: WriteImage) -> Path:
    """Occluded-Duke: the layout of DukeMTMC-reID."""
    return dukemtmc_reid(root, write)


def cuhk01(root: Path, write: WriteImage, *, people: int = 971) -> Path:
    """CUHK01: four images each of as many people as its protocols need."""
    names = [f"{pid:04d}{image:03d}.png" for pid in range(1, people + 1) for image in range(1, 5)]
    # The pictures of this one are too many to draw, and nobody opens them.
    write(root / "campus" / names[0])
    for name in names[1:]:
        (root / "campus" / name).touch()
    return root


def viper(root: Path, write: WriteImage) -> Path:
    """VIPeR: one picture a person and camera, angles of one to three digits."""
    names = [f"cam_a/{pid:03d}_{45 * (pid % 4)}.bmp" for pid in range(6)]
    names += [f"cam_b/{pid:03d}_{45 * (pid % 4) + 90}.bmp" for pid in range(6)]
    return images(root, write, names)


def grid(root: Path, write: WriteImage) -> Path:
    """GRID: distractors of identity 0, the ending .jpeg, cells of structures in the .mat file."""
    people = range(1, 7)
    names = [f"probe/{pid:04d}_1_{25000 + pid}_107_32_106_221.jpeg" for pid in people]
    names += [f"gallery/{pid:04d}_{pid % 7 + 2}_26000_1_2_3_4.jpeg" for pid in people]
    names += [f"gallery/0000_3_{27000 + number}_96_89_100_236.jpeg" for number in range(3)]
    images(root, write, names)
    cells = np.empty((1, 2), dtype=object)
    for at, trained in enumerate(([1, 2, 3], [4, 5, 6])):
        cells[0, at] = {"features": [0.5], "pairs": [1, 2], "ids": trained}
    savemat(root / "features_and_partitions.mat", {"trainIdxAll": cells})
    return root


def occluded_reid(root: Path, write: WriteImage) -> Path:
    """Occluded-REID: TIFF, in folders of identities."""
    sides = ("occluded_body_images", "whole_body_images")
    names = [
        f"{side}/{pid}/{pid}_{n:02d}.tif"
        for side in sides
        for pid in ("001", "200")
        for n in (1, 2)
    ]
    return images(root, write, names)


def mot17_reid(root: Path, write: WriteImage) -> Path:
    """MOT17's crops: names of several makes, people without identity."""
    return images(
        root,
        write,
        [
            "bounding_box_train/0002_c1s1_000451_03.jpg",
            "bounding_box_train/0002_c1_000460.jpg",
            "bounding_box_train/-1_c1_000460.jpg",
            "query/0003_000012.jpg",
            "bounding_box_test/0003_f000090_1.jpg",
            "bounding_box_test/0000_c4_000001.jpg",
            "bounding_box_test/-1_c4_000001.jpg",
            "bounding_box_test/0005.jpg",
        ],
    )


_CUHK03_PEOPLE = {
    "train": ["1_001_1_01.png", "1_001_2_06.png", "2_001_1_01.png"],
    "query": ["1_002_1_01.png"],
    "gallery": ["1_002_2_06.png", "5_002_2_07.png"],
}


def cuhk03(root: Path, write: WriteImage) -> Path:
    """CUHK03 as it is extracted: the new protocol in .mat files, the classic one in JSON."""
    names = [name for each in _CUHK03_PEOPLE.values() for name in each]
    for boxes in ("detected", "labeled"):
        images(root / f"images_{boxes}", write, names)
        files = np.empty((len(names), 1), dtype=object)
        files[:, 0] = names
        rows = {
            f"{key}_idx": [[names.index(each) + 1] for each in value]
            for key, value in _CUHK03_PEOPLE.items()
        }
        # One more cell of MATLAB's: identities, which the names say already.
        content = {"filelist": files, "labels": [[1]] * len(names), **rows}
        savemat(root / f"cuhk03_new_protocol_config_{boxes}.mat", content)
        classic = [_classic(names, tested) for tested in ("1_002", "2_001")]
        text(root / f"splits_classic_{boxes}.json", json.dumps(classic))
    return root


def _classic(names: list[str], tested: str) -> dict[str, Any]:
    where = "/home/somebody/cuhk03/images_detected/"
    test = [[where + name, 0, 0] for name in names if name.startswith(tested)]
    train = [[where + name, 0, 0] for name in names if not name.startswith(tested)]
    return {"train": train, "query": test, "gallery": test, "num_train_pids": 3}


def coco_json(root: Path, write: WriteImage) -> Path:
    """COCO's form: an identity for each annotation, an image without one, an annotation twice."""
    for split, people in {"train": [1, 1, 2], "query": [7], "gallery": [7, 8]}.items():
        files = [f"{split[0]}{number}.jpg" for number in range(len(people) + 1)]
        images(root / split, write, files)
        listed = [{"id": 10 + number, "file_name": name} for number, name in enumerate(files)]
        notes = [
            {"id": number, "image_id": 10 + number, "pair_id": pid, "source": "shop"}
            for number, pid in enumerate(people)
        ]
        text(
            root / f"some_{split}_reid.json",
            json.dumps({"images": listed, "annotations": [*notes, notes[0]]}),
        )
    return root


def ntu(root: Path, write: WriteImage) -> Path:
    """NTU's crops: three cameras of one moment, two set-ups, the folders of the videos."""
    names = [(1, 1, 1, 1), (1, 2, 1, 1), (1, 3, 1, 2), (9, 1, 1, 1), (17, 2, 106, 60)]
    return images(
        root,
        write,
        [
            f"P{p:03d}/A{a:03d}/C{c:03d}/S{s:03d}C{c:03d}P{p:03d}R001A{a:03d}_rgb.png"
            for s, c, p, a in names
        ],
    )
