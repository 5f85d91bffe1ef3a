"""The small C2T-Net learns from scratch what people look like whom it has never seen."""

import re
from pathlib import Path

import pytest

from reid_attr import attribute_report, decide, load_recognizer, load_schema
from reid_attr.training import load_images, load_recipe, train_attributes
from reid_data import synthesize

PEOPLE = r"_(\d+)\.jpg"


@pytest.mark.slow
def test_the_small_network_recognises_people_that_it_has_not_seen(tmp_path: Path) -> None:
    root, schema = tmp_path / "people", load_schema("upar")
    synthesize(
        root,
        layout="upar",
        identities=800,
        test_identities=150,
        cameras=4,
        images_per_camera=1,
        height=128,
        width=64,
    )
    images = load_images("upar", root, schema=schema, people=PEOPLE)
    recipe = load_recipe("small", [f"data.people='{PEOPLE}'", "thresholds=mA"])
    result = train_attributes(recipe, images, out=tmp_path / "run", device="cpu")
    table = root / "phase1" / "test" / "test.csv"
    test = load_images("upar", table, schema=schema, images=root, people=PEOPLE)
    recognizer = load_recognizer(result.folder, device="cpu")
    scores = recognizer.of_records(test.records)
    holds = decide(scores, schema, thresholds=recognizer.thresholds)
    report = attribute_report(test.values, scores, holds, names=schema.names)
    assert report.overall["mA"] >= 0.70
    seen, unseen = (
        {re.search(PEOPLE, path)[1] for path in part.records.table["path"]}  # type: ignore[index]
        for part in (images, test)
    )
    assert not seen & unseen
