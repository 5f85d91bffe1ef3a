"""Features that another program saved: measured, with intervals, and compared with better ones."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_eval import Embeddings, confidence_intervals, evaluate
from reid_eval.statistics import QueryResults, compare

PEOPLE, IMAGES, SIZE = 60, 4, 128


def saved_by_others(folder: Path, *, noise: float) -> None:
    """Files as other projects leave them: features.npy, and a CSV with a line a row."""
    rng = np.random.default_rng(0)
    pids = np.repeat(np.arange(PEOPLE), IMAGES)
    features = rng.normal(size=(PEOPLE, SIZE))[pids] + noise * rng.normal(size=(len(pids), SIZE))
    folder.mkdir()
    np.save(folder / "features.npy", features.astype(np.float32))
    camids = np.tile(np.arange(IMAGES), PEOPLE)
    pd.DataFrame({"pid": pids, "camid": camids}).to_csv(folder / "rows.csv", index=False)


def side(folder: Path, rows: NDArray[np.bool_]) -> Embeddings:
    """Some of the rows as embeddings."""
    table = pd.read_csv(folder / "rows.csv")
    table["path"] = [f"{row:05d}.jpg" for row in range(len(table))]
    features = np.load(folder / "features.npy", mmap_mode="r")
    return Embeddings(features[rows], table[rows].reset_index(drop=True), folder)


def main(folder: Path) -> None:
    results = {}
    for name, noise in (("ours", 2.5), ("theirs", 2.7)):
        saved_by_others(folder / name, noise=noise)
        asks = np.arange(PEOPLE * IMAGES) % IMAGES == 0
        query, gallery = side(folder / name, asks), side(folder / name, ~asks)
        report = evaluate(query, gallery)
        sure = confidence_intervals(report, query.pids)["mAP"]
        print(f"{name:<8}mAP {sure.value:.1%}, between {sure.low:.1%} and {sure.high:.1%}")
        results[name] = QueryResults.of(report, query)
    change = compare(results["theirs"], results["ours"], resamples=2000).changes[0]
    print(f"ours is better by {change.difference.value:.1%}, p = {change.p_value:.4f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
