"""Boxes of a detector in a video: embed what they show, and ask who is seen again later."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from colours import model

from reid_data import synthesize
from reid_data.videos import read_video
from reid_eval import Embeddings, embed_boxes, evaluate_protocol, make_protocol

CORNERS = ["left", "top", "right", "bottom"]


def people_of(video: Path, *, every: int) -> Embeddings:
    """Embeddings of the boxes in every so many frames."""
    boxes = pd.read_csv(video.with_suffix(".csv"))
    boxes["right"], boxes["bottom"] = boxes.left + boxes.width, boxes.top + boxes.height
    numbers = sorted({int(frame) for frame in boxes.frame if frame % every == 0})
    seen = {number: boxes[boxes.frame == number] for number in numbers}
    embedder, features = model(torch.device("cpu")), []
    for number, frame in enumerate(read_video(video)):
        if number in seen:
            features.append(embed_boxes(embedder, frame, seen[number][CORNERS]))
    table = pd.concat([seen[number] for number in numbers])[["pid", "frame"]]
    names = [f"{frame:05d}_{pid}" for pid, frame in table.itertuples(index=False)]
    return Embeddings(np.concatenate(features), table.assign(path=names, camid=1), video.parent)


def main(folder: Path) -> None:
    synthesize(folder / "street", layout="video", identities=6, cameras=2, tracklet_length=80)
    people = people_of(folder / "street" / "camera1.mp4", every=5)
    print(f"{len(people.pids)} boxes of {len(set(people.pids))} people")
    for gap in (5, 20, 40):
        again = make_protocol("reassociation", gap=gap)
        report = evaluate_protocol(people, people, again).report
        print(f"known again {gap} frames later: Rank-1 {report.rank(1):.0%} of {report.valid}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
