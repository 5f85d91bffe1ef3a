"""A gallery in a few lines: add people day by day, ask with filters, forget them again."""

import tempfile
from pathlib import Path

import torch
from colours import model

from reid_data import load_dataset, synthesize
from reid_eval import Filter, Gallery, embed


def main(folder: Path) -> None:
    synthesize(folder / "people", identities=1, test_identities=20, cameras=4, distractors=0)
    people = load_dataset("market1501", folder / "people")
    crops = embed(model(torch.device("cpu")), people.split("gallery"), workers=0)
    asked = embed(model(torch.device("cpu")), people.split("query"), workers=0)

    size = crops.features.shape[1]
    with Gallery.create(folder / "gallery", dimension=size, model=crops.meta) as gallery:
        ids = gallery.add(crops)
        print(f"{len(ids)} crops of {len(set(crops.pids))} people")

        hits = gallery.search(asked.features[0], 5, where=Filter(cameras=[2, 3]))
        print(f"\nwho looks like person {asked.pids[0]}, in cameras 2 and 3?")
        print(hits.to_frame()[["pid", "camid", "score"]].to_string(index=False))

        once = gallery.search(asked.features[0], 5, group_by="pid")
        print("\neverybody once:", once.to_frame()["pid"].tolist())

        gone = gallery.delete(pid=int(asked.pids[0]))
        print(f"\n{gone} crops forgotten, {gallery.count()} left")
    # Another process opens it to read, while one writes.
    with Gallery.open(folder / "gallery") as gallery:
        print("still there:", gallery.count())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
