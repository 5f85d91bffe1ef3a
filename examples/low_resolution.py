"""How much does a model lose when cameras see less? One line a factor."""

import tempfile
from functools import partial
from pathlib import Path

import torch
from colours import model

from reid_data import load_dataset, synthesize
from reid_eval import embed, evaluate
from reid_eval.robustness import embed_degraded, measure_robustness, parse_levels


def main(folder: Path) -> None:
    synthesize(folder / "people", identities=1, test_identities=30, distractors=0)
    people = load_dataset("market1501", folder / "people")
    ours = model(torch.device("cpu"))
    query, gallery = (embed(ours, people.split(side), workers=0) for side in ("query", "gallery"))

    worse = parse_levels(["lowres:2,4,8,16", "motion:12", "noise:0.1"])
    at_level = partial(embed_degraded, ours, image_size=ours.image_size, device=ours.device)
    for result in measure_robustness(query, gallery, worse, embed_at=at_level, evaluate=evaluate):
        level = result.level.name if result.level else "as they are"
        found = result.report.mAP
        print(f"{level:<14}mAP {found:.1%}  {'#' * round(40 * found)}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
