"""The studio: what it draws depends on the shot alone, and what it says of people is true."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

from reid_data.attribute_sets.upar import UPAR_NAMES
from reid_data.synth import Crop, Difficulty, Shot, Studio, open_studio, plan_shots, render_crop
from reid_data.synth.crops import paint_take
from reid_data.synth.palette import COLOURS
from reid_data.synth.parts import Part
from reid_data.synth.streams import Stream, generator
from reid_data.synth.takes import Take

HARD = Difficulty(camera_shift=1.5, outfit_change=0.5, occlusion=0.6, resolution=(1.0, 3.0))
PEOPLE = range(1, 121)


def digest(crop: Crop) -> bytes:
    return crop.image.tobytes() + crop.parsing.tobytes() + crop.keypoints.tobytes()


def mixed_plan() -> list[Shot]:
    common = {"identities": 2, "test_identities": 1, "cameras": 3, "images_per_camera": 1}
    single = plan_shots(**common, distractors=4, seed=5, outfits=2, transitions=True)
    return single + plan_shots(**common, distractors=4, seed=5, tracklet_length=2)


def test_the_usual_crop_is_that_of_render_crop() -> None:
    studio = open_studio(cameras=6, seed=4)
    drawn = studio.draw(Shot("train", 3, camid=2, index=1, frame=9))
    rng = generator(4, Stream.CROP, 3, 2, 1)
    expected = render_crop(studio.person(3), studio.cameras[1], rng=rng)
    assert digest(drawn) == digest(expected)


def test_bits_depend_on_the_shot_alone_whatever_the_order_and_the_process() -> None:
    studio, shots = open_studio(cameras=3, seed=5, difficulty=HARD), mixed_plan()
    forward = [digest(studio.draw(shot)) for shot in shots]
    again = open_studio(cameras=3, seed=5, difficulty=HARD)
    backward = [digest(again.draw(shot)) for shot in reversed(shots)]
    assert forward == backward[::-1]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        elsewhere = [digest(crop) for crop in pool.map(studio.draw, shots[::5])]
    assert elsewhere == forward[::5]
    assert len(set(forward)) == len(forward)


def test_a_studio_can_be_sent_away() -> None:
    studio = open_studio(cameras=2, seed=1, height=64, width=32, difficulty=HARD)
    copy = pickle.loads(pickle.dumps(studio))
    assert copy == studio
    assert copy.draw(Shot("train", 1, 1, 0, 0)).image.shape == (64, 32, 3)


def test_a_camera_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="camid: expected 1 to 2, got 3"):
        open_studio(cameras=2, seed=0).draw(Shot("train", 1, 3, 0, 0))


def test_the_empty_moment_is_the_same_moment() -> None:
    """Far from the person the pictures agree to the bit: nothing of it depends on who is there."""
    studio = open_studio(cameras=6, seed=0)
    for pid in range(1, 13):
        shot = Shot("train", pid, camid=1 + pid % 6, index=0, frame=0)
        full, empty, other = studio.draw(shot), studio.draw_empty(shot), replace(shot, outfit=1)
        assert (empty.parsing == 0).all()
        assert (empty.keypoints == -1).all()
        edges = np.abs(full.image[:20, [0, -1]].astype(int) - empty.image[:20, [0, -1]])
        assert edges.max() <= 1
        assert np.abs(full.image.astype(int) - empty.image).max() > 40
        assert digest(studio.draw_empty(other)) == digest(empty)


def test_clothes_ids_are_those_of_one_outfit() -> None:
    studio = open_studio(cameras=2, seed=0)
    ids = {studio.clothes_id(pid, outfit) for pid in range(50) for outfit in range(100)}
    assert len(ids) == 5000
    with pytest.raises(ValueError, match="outfit: expected 0 to 99, got 100"):
        studio.clothes_id(1, 100)


def test_outfits_change_clothes_and_leave_the_body() -> None:
    studio = open_studio(cameras=2, seed=0)
    kept = {name for name in UPAR_NAMES if name.startswith(("Age", "Gender", "Hair"))}
    kept |= {"Accessory-Glasses-Normal", "Accessory-Glasses-Sun"}
    changed = set()
    for pid in range(1, 40):
        first, second = studio.attributes(pid), studio.attributes(pid, 1)
        assert studio.person(pid).body == studio.person(pid, 1).body
        changed |= {name for name in UPAR_NAMES if first[name] != second[name]}
    assert not changed & kept
    assert len(changed) > 20


# attributes against pixels


def posed(studio: Studio, pid: int, azimuth: float) -> Crop:
    """A person under white light, before a sharp camera without noise, in the open."""
    from reid_data.synth.pose import Stance

    camera = replace(
        studio.cameras[0], light=(0.0, 0.0, 1.0), gain=1.0, gamma=1.0, haze=0.0, blur=0.1,
        white_balance=(1.0, 1.0, 1.0), saturation=1.0, slope=(0.0, 0.0), noise=0.0,
    )  # fmt: skip
    take = Take(5, 30, 0.9, 0.0, 0.0, None, Stance(azimuth, elevation=0.1, swing=0.4))
    rng = np.random.default_rng(0)
    return paint_take(take, studio.person(pid), camera, rng=rng, weather=0.0)


@pytest.fixture(scope="module")
def studio() -> Studio:
    return open_studio(cameras=1, seed=6)


@pytest.fixture(scope="module")
def seen(studio: Studio) -> dict[int, Crop]:
    return {pid: posed(studio, pid, 0.6) for pid in PEOPLE}


def named(crop: Crop, parts: tuple[Part, ...]) -> str:
    """The palette's name of what most of a garment looks like, with any brightness of shading."""
    region = np.isin(crop.parsing, parts)
    pixels = crop.image[region] / 255.0
    pixels = pixels[pixels.sum(1) >= np.quantile(pixels.sum(1), 0.5)]
    colour = np.median(pixels, axis=0)
    distances = {
        name: min(float(np.abs(np.array(shade) * 1.1 - colour).sum()) for shade in shades)
        for name, shades in COLOURS.items()
    }
    return min(distances, key=distances.__getitem__)


@pytest.mark.parametrize(
    ("prefix", "parts"),
    [
        ("UpperBody-Color-", (Part.UPPER_CLOTHES, Part.COAT)),
        ("LowerBody-Color-", (Part.TROUSERS, Part.SKIRT)),
    ],
)
def test_colours_are_those_of_the_pixels(
    studio: Studio, seen: dict[int, Crop], prefix: str, parts: tuple[Part, ...]
) -> None:
    right = []
    for pid, crop in seen.items():
        said = studio.attributes(pid)
        if said[f"{prefix}Other"] or np.isin(crop.parsing, parts).sum() < 150:
            continue
        right.append(said[prefix + named(crop, parts).capitalize()])
    assert len(right) > 50
    assert np.mean(right) > 0.8


def test_red_is_red(studio: Studio, seen: dict[int, Crop]) -> None:
    from colorsys import rgb_to_hsv

    hues = []
    for pid, crop in seen.items():
        said = studio.attributes(pid)
        if said["UpperBody-Color-Red"] and not said["UpperBody-Color-Other"]:
            region = np.isin(crop.parsing, (Part.UPPER_CLOTHES, Part.COAT))
            hue, saturation, _ = rgb_to_hsv(*np.median(crop.image[region] / 255.0, axis=0))
            hues.append(min(hue, 1 - hue))
            assert saturation > 0.4
    assert len(hues) >= 5
    assert max(hues) < 0.06


def test_several_colours_are_seen_as_several(studio: Studio, seen: dict[int, Crop]) -> None:
    """Garments of colour Other vary more in hue and brightness than those of one colour."""
    spread: dict[int, list[float]] = {0: [], 1: []}
    for pid, crop in seen.items():
        if studio.person(pid).outfit.upper_kind in ("jacket", "coat"):
            continue  # open, so that the shirt is seen as well
        region = (crop.parsing == Part.UPPER_CLOTHES) & (np.abs(np.arange(64) - 32) < 6)
        kind = studio.attributes(pid)["UpperBody-Color-Other"]
        spread[kind].append(float((crop.image[region] / 255.0).std(0).mean()))
    assert np.median(spread[1]) > 1.5 * np.median(spread[0])


@pytest.mark.parametrize(
    ("name", "parts", "floor"),
    [
        ("Accessory-Hat", (Part.HAT,), 1.0),
        ("LowerBody-Type-Skirt&Dress", (Part.SKIRT,), 0.9),
    ],
)
def test_what_is_said_to_be_worn_is_drawn(
    studio: Studio, seen: dict[int, Crop], name: str, parts: tuple[Part, ...], floor: float
) -> None:
    drawn = {pid: bool(np.isin(crop.parsing, parts).any()) for pid, crop in seen.items()}
    said = {pid: bool(studio.attributes(pid)[name]) for pid in seen}
    assert not any(drawn[pid] for pid in seen if not said[pid])
    assert np.mean([drawn[pid] for pid in seen if said[pid]]) >= floor


def test_hair_sleeves_and_hems_are_as_long_as_said(studio: Studio, seen: dict[int, Crop]) -> None:
    areas: dict[str, dict[int, list[int]]] = {
        name: {0: [], 1: []}
        for name in ("Hair-Length-Long", "UpperBody-Length-Short", "LowerBody-Length-Short")
    }
    skin = {
        "Hair-Length-Long": (Part.HAIR,),
        "UpperBody-Length-Short": (Part.LEFT_ARM, Part.RIGHT_ARM),
        "LowerBody-Length-Short": (Part.LEFT_LEG, Part.RIGHT_LEG),
    }
    for pid, crop in seen.items():
        said = studio.attributes(pid)
        for name, parts in skin.items():
            areas[name][said[name]].append(int(np.isin(crop.parsing, parts).sum()))
        if said["Hair-Length-Bald"]:
            assert not (crop.parsing == Part.HAIR).any()
    for found in areas.values():
        assert np.median(found[1]) > 1.6 * np.median(found[0])


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("Accessory-Backpack", {"bag": "none"}),
        ("Accessory-Bag", {"bag": "none"}),
        ("Accessory-Glasses-Normal", {"glasses": "none"}),
        ("Accessory-Glasses-Sun", {"glasses": "none"}),
    ],
)
def test_what_is_carried_changes_the_picture(
    studio: Studio, name: str, without: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for azimuth in (0.3, np.pi):
        if "Glasses" in name and azimuth == np.pi:
            continue  # nobody sees them from behind
        for pid in [pid for pid in PEOPLE if studio.attributes(pid)[name]][:6]:
            worn = posed(studio, pid, azimuth).image.astype(int)
            person = studio.person(pid)
            bare = (
                replace(person, body=replace(person.body, **without))
                if "Glasses" in name
                else replace(person, outfit=replace(person.outfit, **without))
            )
            monkeypatch.setattr(Studio, "person", lambda *_, bare=bare: bare)
            assert np.abs(worn - posed(studio, pid, azimuth).image).max() > 8
            monkeypatch.undo()


def test_attributes_are_complete_exclusive_and_all_occur(studio: Studio) -> None:
    table = [studio.attributes(pid) for pid in range(1, 600)]
    for said in table:
        assert tuple(said) == UPAR_NAMES
        assert set(said.values()) <= {0, 1}
        for group in ("Age", "Hair-Length", "LowerBody-Type"):
            assert sum(value for name, value in said.items() if name.startswith(group)) == 1
        for half in ("UpperBody-Color", "LowerBody-Color"):
            colours = sum(value for name, value in said.items() if name.startswith(half))
            assert colours == (3 if said[f"{half}-Other"] else 1)
    counts = {name: sum(said[name] for said in table) for name in UPAR_NAMES}
    never = {name for name, count in counts.items() if count == 0}
    assert never <= {"LowerBody-Color-Orange"}
