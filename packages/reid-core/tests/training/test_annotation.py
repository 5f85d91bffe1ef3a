"""Labels and copies that recipes ask for: found, counted, or refused with what makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_core.training.data.annotation import annotate
from reid_core.training.data.sidecars import Sidecars
from reid_core.training.data.split import TrainingData
from reid_core.training.recipes.files import load_recipe
from reid_data import Records

from .test_fit import run

CUT = ("model={name: timm:test_resnet, kind: two-branch, last_stride: 2}",)


def annotated(records: Records, sidecars: Sidecars, name: str = "cgal", *overrides: str):
    recipe = load_recipe(name, ["data.pose_column=R_LA_5", *overrides])
    return annotate(recipe, TrainingData(records, None), sidecars)


def changed(path: Path, edit: Callable[[list[str]], list[str]]) -> None:
    path.write_text("\n".join(edit(path.read_text().splitlines())) + "\n")


def test_every_label_is_there(dressed: Records, beside: Sidecars) -> None:
    found = annotated(dressed, beside)
    table = found.data.train.table
    outfits = len(dressed.table[["pid", "clothes_id"]].drop_duplicates())
    people = len(np.unique(dressed.pids))
    clothes = found.targets["clothes"]
    assert clothes.classes == outfits + 81 * people == len(clothes.people)
    # An outfit of another person is another outfit, also where they share its number.
    for _, rows in table.groupby("label_clothes"):
        assert len(rows[["pid", "clothes_id"]].drop_duplicates()) == 1
        assert clothes.people[rows["label_clothes"].iloc[0]] == rows["label"].iloc[0]
    assert clothes.people[outfits + 81] == 1
    assert (table["label_gender"] == dressed.pids % 2).all()
    assert (table["label_pose"] == np.arange(len(table)) % 5).all()
    assert found.targets["pose"].classes == 5
    assert list(found.twins) == ["first"]
    assert found.notes == ()


def test_what_nobody_asks_for_is_not_looked_for(people: Records) -> None:
    found = annotate(load_recipe("baseline"), TrainingData(people.split("train"), None), Sidecars())
    assert not found.targets
    assert not found.twins
    assert "label" not in found.data.train.table


@pytest.mark.parametrize(
    ("name", "missing", "message"),
    [
        (
            "cal",
            "outfits",
            r"loss.clothes learns from outfits.*no clothes_id.*`reid-data manifest`",
        ),
        ("cal-recolour", "masks", r"data.recolour.*give --masks FOLDER, as `reid-data masks`"),
        (
            "gender",
            "genders",
            r"loss.gender learns from genders; give --genders.*`reid-data genders`",
        ),
        ("pose", "poses", r"loss.pose learns from pose clusters; give --poses.*`reid-data poses`"),
    ],
)
def test_what_is_missing_is_refused_before_training(
    dressed: Records, beside: Sidecars, tmp_path: Path, name: str, missing: str, message: str
) -> None:
    records = dressed
    if missing == "outfits":
        records = Records(dressed.table.drop(columns="clothes_id"), dressed.root)
    else:
        beside = replace(beside, **{missing: None})
    recipe = load_recipe(name, ["data.pose_column=R_LA_5", "data.identities_per_batch=3", *CUT])
    with pytest.raises(ValueError, match=message):
        run(recipe, records, tmp_path / "out", sidecars=beside)
    assert not (tmp_path / "out").exists()


def test_unknown_outfits_are_counted(dressed: Records, beside: Sidecars) -> None:
    clothes = dressed.table.clothes_id.where(dressed.table.index >= 3)
    found = annotated(Records(dressed.table.assign(clothes_id=clothes), dressed.root), beside)
    assert found.notes == (f"3 of {len(dressed)} training images have no known outfit",)
    assert (found.data.train.table["label_clothes"] == -1).sum() == 3


def test_people_without_a_gender_are_counted(dressed: Records, beside: Sidecars) -> None:
    changed(beside.genders, lambda lines: lines[:-1])
    found = annotated(dressed, beside)
    images = int((dressed.pids == dressed.pids.max()).sum())
    assert found.notes == (f"{images} training images of 1 identities have no known gender",)
    changed(beside.genders, lambda lines: [lines[0], "train,999,1"])
    with pytest.raises(ValueError, match=r"names none of the training identities; `reid-data gend"):
        annotated(dressed, beside)


def test_images_without_a_pose_are_counted(dressed: Records, beside: Sidecars) -> None:
    changed(beside.poses, lambda lines: [lines[0], lines[1].replace("1.0", "0.0"), *lines[3:]])
    found = annotated(dressed, beside)
    assert found.notes[0].startswith("poses of training images:")
    assert "1 without a pose, 1 not in the table" in found.notes[0]
    assert found.data.train.table["label_pose"].tolist()[:3] == [-1, -1, 2]
    with pytest.raises(ValueError, match="no pose clustering 'R_LA_15'; there are: R_LA_5"):
        annotated(dressed, beside, "pose", "data.pose_column=R_LA_15")
    changed(beside.poses, lambda lines: [lines[0], *(line[:-3] + "0.0" for line in lines[1:])])
    with pytest.raises(ValueError, match="no pose of a training image"):
        annotated(dressed, beside)


def test_masks_that_do_not_fit_are_counted(dressed: Records, beside: Sidecars) -> None:
    first, second, *_ = (Path(path).stem for path in dressed.table["path"])
    (beside.masks / f"{first}_shirt.png").unlink()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(beside.masks / f"{second}_pant.png")
    (note,) = annotated(dressed, beside).notes
    assert "1 of 48 images have no masks and 1 have masks of another size" in note


def test_labels_belong_to_the_data_of_a_run(dressed: Records, beside: Sidecars) -> None:
    before = annotated(dressed, beside).data.fingerprint
    changed(beside.genders, lambda lines: [lines[0], "train,000,1", *lines[2:]])
    assert annotated(dressed, beside).data.fingerprint != before


def test_the_second_data_set_needs_images_alone(dressed: Records, people: Records) -> None:
    recipe = load_recipe("ubd", ["data.recolour=none"])
    data = TrainingData(dressed, None, people.split("train"))
    found = annotate(recipe, data, Sidecars())
    assert list(found.twins) == ["second"]
    assert found.data.second is data.second


def test_clips_have_no_copies(dressed: Records) -> None:
    recipe = load_recipe("ubd", ["data.recolour=none", "data.clips.length=2"])
    with pytest.raises(ValueError, match="clips have no degraded copies"):
        annotate(recipe, TrainingData(dressed, None, dressed), Sidecars())


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.degrade.mixture=all", "set one of them to none"),
        ("data.recolour.palette=ten", "'nine' or 'six'"),
        ("data.recolour.colour=red", "data.recolour"),
        ("data.recolour={strength: 2}", "less than or equal to 1"),
        ("data.second={degrade: {mixture: rain}}", "a mixture is one of"),
    ],
)
def test_copies_that_cannot_be_are_refused(override: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_recipe("cal-recolour", [override])
