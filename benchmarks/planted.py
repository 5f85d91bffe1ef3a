"""Does purifying find the bad images? On made-up people, with corruptions planted.

    python benchmarks/planted.py [--scale small] [--work FOLDER] [--out FILE.json]

Half of a generated set of known people is good; the rest shows somebody else, an impossible pose, a
blur or a collapsed generator's picture (see ``_planted.py``). A re-ID model of other people embeds
it. In turns of identity folds a GCN learns from one third of the people, real and corrupted, and
the rules judge another third, so that nobody is judged by what knows them. Of each rule the table
says how well its scores part good images from bad (AUC), and how many of the kept are good where 90
% of the good are kept; and how far it is ahead of the cosine filter, with the 95 % bootstrap
interval over identities. With ``--work`` what is finished is kept.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from _planted import KINDS, judged
from _report import arguments, machine, save, show
from sklearn.metrics import roc_auc_score

from reid_gen.purifying import list_rules

Values = npt.NDArray[np.float64]

RECALL, RESAMPLES = 0.9, 500


def auc(scores: Values, good: npt.NDArray[np.bool_]) -> float:
    """How often a good image scores above a bad one."""
    return float(roc_auc_score(good, scores))


def precision(scores: Values, good: npt.NDArray[np.bool_]) -> float:
    """Share of good images among the kept, where the best 90 % of the good are kept.

    Images that score as the last of these are kept as well.
    """
    least = np.sort(scores[good])[::-1][int(np.ceil(RECALL * good.sum())) - 1]
    return float(good[scores >= least].mean())


MEASURES = {"AUC": auc, "precision": precision}


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """One row a rule."""
    good = (table["kind"] == KINDS[0]).to_numpy()
    resamples = list(_resampled(table["pid"].to_numpy()))
    cosine = table["cosine"].to_numpy(np.float64)
    rows = []
    for rule in list_rules():
        scores = table[rule].to_numpy(np.float64)
        row: dict[str, Any] = {"rule": rule}
        for name, measure in MEASURES.items():
            row[name] = measure(scores, good)
            gains = [
                measure(scores[drawn], good[drawn]) - measure(cosine[drawn], good[drawn])
                for drawn in resamples
            ]
            low, high = np.percentile(gains, (2.5, 97.5))
            row[f"{name} over cosine"] = row[name] - measure(cosine, good)
            row[f"{name} from"], row[f"{name} to"] = float(low), float(high)
        rows.append(row)
    return rows


def kinds_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """AUC of each rule against one kind of bad images alone."""
    rows = []
    for rule in list_rules():
        row: dict[str, Any] = {"AUC against": rule}
        for kind in KINDS[1:]:
            part = table[table["kind"].isin([KINDS[0], kind])]
            row[kind] = auc(part[rule].to_numpy(np.float64), (part["kind"] == KINDS[0]).to_numpy())
        kept = table[f"{rule} keeps"].to_numpy(bool)
        good = (table["kind"] == KINDS[0]).to_numpy()
        row["kept"] = float(kept.mean())
        row["good of kept"] = float(good[kept].mean()) if kept.any() else None
        row["recall"] = float(kept[good].mean())
        rows.append(row)
    return rows


def _resampled(pids: npt.NDArray[np.int64]) -> Any:
    """Rows of identities drawn with replacement, again and again."""
    rng = np.random.default_rng(0)
    order = np.argsort(pids, kind="stable")
    names, starts, counts = np.unique(pids[order], return_index=True, return_counts=True)
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(names), size=len(names))
        yield np.concatenate([order[starts[n] : starts[n] + counts[n]] for n in drawn])


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--work", type=Path, help="folder that keeps what is finished")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        table = judged(work, options.scale)[1]
    rows, kinds = rows_of(table), kinds_of(table)
    title = f"{len(table):,} images that claim {table['pid'].nunique()} people, half of them good"
    short = [{key: row[key] for key in row} for row in rows]
    show(title, short)
    show("", kinds)
    save(
        options.out,
        {"machine": machine("torch", "timm"), "scale": options.scale, "images": len(table),
         "people": int(table["pid"].nunique()), "rules": rows, "kinds": kinds},
    )  # fmt: skip


if __name__ == "__main__":
    main()
