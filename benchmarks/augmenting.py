"""Does training on generated images help, and purified ones more than as many random ones?

    python benchmarks/augmenting.py [--scale small] [--seeds 3] [--work FOLDER] [--out FILE.json]

The made-up people and the generated set of ``planted.py``, half of whose images are bad. The GCN's
rule ``link`` purifies it; the cosine filter is given as many images to keep, those of the highest
scores. On half of the people a small network is trained: on the real images alone, and with all
generated images, with as many random ones as were purified, with the cosine's and with the purified
ones, each with several seeds. It is asked for people whom it never saw. With ``--work`` what is
finished is kept.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _planted import KINDS, NETWORK, judged
from _report import arguments, machine, save, show

from reid_data import Records
from reid_gen.augmenting import GeneratedSets, Mixing, Tested, compare_arms, table_of_arms
from reid_gen.manifest import as_records

EPOCHS, BATCH = 12, 8


def sets_of(table: pd.DataFrame, folder: Path) -> tuple[GeneratedSets, dict[str, float]]:
    """The generated sets of the arms, and the share of good images in each."""
    kept = table["link keeps"].to_numpy(bool)
    nearest = np.zeros(len(table), bool)
    nearest[np.argsort(-table["cosine"].to_numpy(), kind="stable")[: kept.sum()]] = True
    good = (table["kind"] == KINDS[0]).to_numpy()

    def of(rows: Any) -> Records:
        return as_records(table[rows].reset_index(drop=True), folder)

    everything = np.ones(len(table), bool)
    shares = {"all": everything, "random": everything, "cosine": nearest, "purified": kept}
    sets = GeneratedSets(of(everything), of(kept), of(nearest))
    return sets, {arm: float(good[rows].mean()) for arm, rows in shares.items()}


def verdict(tested: list[Tested]) -> dict[str, Any]:
    """Purified against random, seed by seed."""
    maps = {(one.arm, one.seed): one.mAP for one in tested}
    gains = [maps["purified", seed] - maps["random", seed] for arm, seed in maps if arm == "random"]
    mean = statistics.mean(gains)
    spread = statistics.stdev(gains) if len(gains) > 1 else None
    return {
        "claim": "purified is no worse than random of the same size",
        "difference of mAP": mean,
        "deviation": spread,
        "holds": str(mean >= 0),
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each arm")
    parser.add_argument("--work", type=Path, help="folder that keeps what is finished")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        real, table = judged(work, options.scale)
        # As many as a few minutes a training allow.
        known = np.unique(real.split("train").pids)
        some = known[: len(known) // 2]
        real = real.take(~np.isin(real.pids, known[len(some) :]))
        table = table[table["pid"].isin(some)].reset_index(drop=True)
        sets, good = sets_of(table, work / "fakes")
        tested = compare_arms(
            ["baseline"],
            real,
            sets,
            out=work / "arms",
            mixing=Mixing(),
            overrides=[
                *NETWORK,
                f"schedule.epochs={EPOCHS}",
                f"data.identities_per_batch={BATCH}",
            ],
            seeds=range(options.seeds),
            device="cpu",
        )
    rows = [{"good of generated": good.get(row["arm"], "")} | row for row in table_of_arms(tested)]
    found = verdict(tested)
    show(f"{len(real.split('train')):,} real images, tested on others", rows)
    show("", [found])
    save(
        options.out,
        {
            "machine": machine("torch", "timm", "lightning"),
            "scale": options.scale,
            "mixing": asdict(Mixing()),
            "arms": rows,
            "runs": [asdict(one) for one in tested],
            "verdict": found,
        },
    )


if __name__ == "__main__":
    main()
