"""One of several processes that share a gallery; run by test_sharding.py.

    python sharded_process.py RANK COUNT STORE FOLDER

reads what to evaluate from the folder's cases.pt and writes what came of it to RANK.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from reid_eval.metrics import retrieval_metrics


def evaluate(case: dict[str, Any], rank: int) -> Any:
    own = {name: parts[rank] for name, parts in case["parts"].items()}
    try:
        return retrieval_metrics(**case["common"], **own, process_group=dist.group.WORLD).to_dict()
    except ValueError as error:
        return str(error)


def main(rank: int, count: int, store: Path, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{store}", rank=rank, world_size=count)
    cases = torch.load(folder / "cases.pt", weights_only=False)
    results = [evaluate(case, rank) for case in cases]
    (folder / f"{rank}.json").write_text(json.dumps(results))
    dist.barrier()  # nobody hangs up while another still listens
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
