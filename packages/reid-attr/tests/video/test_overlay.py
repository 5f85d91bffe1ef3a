"""What is drawn stays in the frame and can be read; what is said is short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_attr.schema_files import load_schema
from reid_attr.video.overlay import Caption, Overlay, colour_of, label
from reid_attr.video.placing import place_labels
from reid_attr.video.wording import phrases

WORDS = ("age adult", "female", "upper black + white", "backpack", "a" * 60)
number = st.floats(-400, 900, allow_nan=False, width=32)
boxes = st.lists(st.tuples(number, number, number, number), max_size=6)
sides = st.tuples(st.integers(2, 300), st.integers(2, 300))


@settings(max_examples=60, deadline=None)
@given(boxes=boxes, frame=sides, said=st.lists(st.sampled_from(WORDS), max_size=5))
def test_drawing_never_leaves_the_frame(
    boxes: list[tuple[float, ...]], frame: tuple[int, int], said: list[str]
) -> None:
    """The frame is a window of a larger picture, in which nothing around it may change."""
    around = np.full((frame[0] + 40, frame[1] + 40, 3), 77, np.uint8)
    window = around[20:-20, 20:-20]
    captions = [Caption(track, tuple(said)) for track in range(len(boxes))]
    table = np.array(boxes, np.float32).reshape(-1, 4)
    table[:, 2:] = table[:, :2] + abs(table[:, 2:])
    drawn = Overlay().draw(window, table, captions)
    assert drawn.shape == window.shape
    assert (around == 77).all()  # not even the frame itself: a copy is drawn on


@settings(max_examples=150, deadline=None)
@given(data=st.data(), frame=sides)
def test_every_label_lies_within_the_frame(data: st.DataObject, frame: tuple[int, int]) -> None:
    height, width = frame
    count = data.draw(st.integers(0, 8))
    corner = [
        (data.draw(st.integers(0, width)), data.draw(st.integers(0, height))) for _ in range(count)
    ]
    people = np.array([(x, y, min(x + 30, width), min(y + 80, height)) for x, y in corner])
    sizes = [
        (data.draw(st.integers(1, width)), data.draw(st.integers(1, height))) for _ in range(count)
    ]
    before = [data.draw(st.sampled_from([None, 0, 1, 2, 3, 4, 5])) for _ in range(count)]
    places, chosen = place_labels(
        people.reshape(-1, 4).astype(np.int64), sizes, frame, before=before
    )
    assert len(places) == len(chosen) == count
    for (left, top), size in zip(places, sizes, strict=True):
        assert left >= 0
        assert top >= 0
        assert left + size[0] <= width
        assert top + size[1] <= height


def test_a_label_stands_beside_its_person_and_covers_nobody() -> None:
    people = np.array([[100, 50, 140, 150], [150, 50, 190, 150]])
    places, _ = place_labels(people, [(80, 40), (80, 40)], (200, 400))
    labels = [(left, top, left + 80, top + 40) for left, top in places]
    for one in labels:
        for other in (*people.tolist(), *(each for each in labels if each is not one)):
            width = min(one[2], other[2]) - max(one[0], other[0])
            height = min(one[3], other[3]) - max(one[1], other[1])
            assert width <= 0 or height <= 0


def test_labels_stay_on_their_side_while_that_is_nearly_as_good() -> None:
    people = np.array([[100, 50, 140, 150]])
    for side in range(6):
        _, chosen = place_labels(people, [(60, 40)], (300, 300), before=[side])
        assert chosen == [side]


def test_boxes_have_the_colour_of_their_track_and_labels_are_readable() -> None:
    image = np.full((120, 300, 3), 128, np.uint8)
    caption = Caption(4, ("female", "hat"))
    drawn = Overlay().draw(image, np.array([[20, 20, 60, 100]], np.float32), [caption])
    assert tuple(drawn[20, 40]) == colour_of(4) == tuple(drawn[60, 20])
    assert (drawn[60, 40] == 128).all()  # nothing over the person
    panel = label(caption, letters=11)
    shown = drawn[20 : 20 + panel.shape[0], 62 : 62 + panel.shape[1]].astype(int)
    paper = np.median(shown.reshape(-1, 3), axis=0)
    ink = shown.reshape(-1, 3).max(axis=0)

    def light(colour: np.ndarray) -> float:
        return float((0.2126, 0.7152, 0.0722) @ (colour / 255) ** 2.2)

    # the contrast that WCAG 2 asks of text
    assert (light(ink) + 0.05) / (light(paper) + 0.05) >= 4.5


def test_neighbouring_tracks_have_different_colours() -> None:
    colours = np.array([colour_of(track) for track in range(1, 9)], float)
    distance = np.abs(colours[:, None] - colours[None]).sum(axis=-1)
    assert distance[~np.eye(8, dtype=bool)].min() > 60


def test_what_is_said_is_short() -> None:
    schema = load_schema("upar")
    said = {
        "age": "Age-Adult", "gender": "male", "hair length": "Hair-Length-Long",
        "sleeves": "UpperBody-Length-Short", "legs": "long legs", "hat": "Accessory-Hat",
        "upper colour": "UpperBody-Color-Black + UpperBody-Color-Other", "bag": "",
        "lower type": "LowerBody-Type-Trousers&Shorts",
    }  # fmt: skip
    assert phrases(said, schema) == [
        "age adult", "male", "hair long", "sleeves short", "upper black + other",
        "long legs", "lower trousers & shorts", "hat",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["upar", "native46", "pa100k", "peta", "rap2", "market"])
def test_every_schema_can_be_said(name: str) -> None:
    from reid_attr import describe, list_schemas

    if name not in list_schemas():
        name = next(known for known in list_schemas() if known.startswith(name[:3]))
    schema = load_schema(name)
    everything = describe(np.ones((1, len(schema)), bool), schema)[0]
    said = phrases(everything, schema)
    assert len(said) == len(schema.groups)
    assert all(said)
