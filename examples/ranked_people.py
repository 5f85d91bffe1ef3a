"""Draw ranked lists: a query, then whom the model finds, right ones in green.

``python examples/ranked_people.py REPORT OUT.jpg`` takes what ``reid-eval test --out REPORT`` left.
Without arguments it draws the lists of the model in ``colours.py``.
"""

import sys
import tempfile
from pathlib import Path

import torch
from colours import model

from reid_data import load_dataset, synthesize
from reid_eval import Embeddings, embed, search
from reid_eval.plots import plot_ranked_lists

LISTS, ANSWERS = 4, 12


def draw(query: Embeddings, gallery: Embeddings, out: Path) -> None:
    found = search(query, gallery, top_k=ANSWERS, camera_filter="cross-camera")
    # Every few queries one, so that they show several people.
    rows = range(0, len(query.pids), len(query.pids) // LISTS)[:LISTS]
    plot_ranked_lists(found, rows=rows, top_k=ANSWERS).savefig(out, dpi=110)
    print(out)


def main(folder: Path) -> None:
    synthesize(folder / "people", identities=1, test_identities=20, distractors=0)
    people = load_dataset("market1501", folder / "people")
    ours = model(torch.device("cpu"))
    query, gallery = (embed(ours, people.split(side), workers=0) for side in ("query", "gallery"))
    draw(query, gallery, folder / "ranked.png")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        report = Path(sys.argv[1])
        query, gallery = (Embeddings.load(report / side) for side in ("query", "gallery"))
        draw(query, gallery, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as place:
            main(Path(place))
