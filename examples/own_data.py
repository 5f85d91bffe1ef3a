"""Data of one's own: a table of crops becomes a data set, is checked, divided and loaded."""

import tempfile
from pathlib import Path

import pandas as pd

from reid_data import Records, audit_records, synthesize, train_loader


def crops_of_a_project(folder: Path) -> pd.DataFrame:
    """What an outside project has: pictures somewhere, and a table that says who they show."""
    synthesize(folder, layout="csv", identities=12, test_identities=1, images_per_camera=2)
    table = pd.read_csv(folder / "records.csv")
    return table.loc[table["split"] == "train", ["path", "pid", "camid"]]


def main(folder: Path) -> None:
    table = crops_of_a_project(folder / "crops").assign(split="train")
    table.to_csv(folder / "crops" / "mine.csv", index=False)
    # The same file is a data set on every command line: --data csv --root crops/mine.csv
    mine = Records.from_csv(folder / "crops" / "mine.csv")

    for line in audit_records(mine).summary():
        print(f"{line['question']:<40}{line['found']:>4}")

    # Nobody stands on both sides; the held-out people ask and answer.
    learn, held_out = mine.split_identities(0.25, seed=0)
    validation = held_out.as_query_gallery(seed=0)
    for name, part in (("learn", learn), ("validation", validation)):
        print(f"{name:<12}{len(set(part.pids)):>3} people {len(part):>4} images")

    loader = train_loader(
        learn,
        image_size=(128, 64),
        identities_per_batch=4,
        images_per_identity=2,
        augmentation=None,
        seed=0,
    )
    batch = next(iter(loader))
    print("a batch:", tuple(batch.images.shape), batch.images.dtype, batch.pids.tolist())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
