"""Attributes: a small network learns what people wear, and finds them by a description."""

import tempfile
from pathlib import Path

from reid_attr import load_recognizer, load_schema
from reid_attr.queries import parse_query
from reid_attr.retrieval import rank_images
from reid_attr.training import load_images, load_recipe, train_attributes
from reid_data import from_images, synthesize


def main(folder: Path) -> None:
    synthesize(
        folder / "people",
        layout="upar",
        identities=60,
        test_identities=10,
        images_per_camera=1,
        height=64,
        width=32,
    )
    schema = load_schema("upar")

    images = load_images("upar", folder / "people", schema=schema, people=r"_(\d+)\.jpg")
    changes = ["data.image_size=[64,32]", "schedule.epochs=3", "schedule.warmup_epochs=0"]
    recipe = load_recipe("small", [*changes, r"data.people='_(\d+)\.jpg'"])
    train_attributes(recipe, images, out=folder / "run", device="cpu")

    recognizer = load_recognizer(folder / "run", device="cpu")
    crops = from_images(folder / "people" / "Market1501", pids="optional")
    probabilities = recognizer.of_records(crops)
    print(crops.paths[0].name, recognizer.describe(probabilities[:1])[0])

    words = "female, upper red, not hat"
    best = rank_images(probabilities, parse_query(words, schema), top_k=3).indices[0]
    print(words, "->", [crops.paths[row].name for row in best])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
