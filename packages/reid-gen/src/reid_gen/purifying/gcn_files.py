"""A trained link network on disk: ``gcn.safetensors`` and ``gcn.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from reid_data.console import one_line
from reid_data.files import replacing
from reid_gen.purifying.gcn import LinkGCN
from reid_gen.purifying.subgraphs import Hops

__all__ = ["TrainedGCN", "load_gcn", "save_gcn"]

_WEIGHTS, _INFO, _FORMAT = "gcn.safetensors", "gcn.json", "reid-gen link gcn"


@dataclass(frozen=True, eq=False)
class TrainedGCN:
    """A network and what it was trained for.

    Attributes:
        model: in evaluation mode.
        hops: size of its subgraphs.
        facts: about its training: embedding fingerprint, fold, losses.
    """

    model: LinkGCN
    hops: Hops
    facts: Mapping[str, Any]


def save_gcn(trained: TrainedGCN, folder: Path | str) -> Path:
    """Write the folder; each file appears whole or not at all, the description last."""
    target = Path(folder)
    info = {
        "format": _FORMAT,
        "dimension": trained.model.dimension,
        "widths": trained.model.widths,
        "hops": asdict(trained.hops),
        "facts": dict(trained.facts),
    }
    with replacing(target / _WEIGHTS) as temporary:
        save_file(trained.model.state_dict(), temporary)
    with replacing(target / _INFO) as temporary:
        temporary.write_text(json.dumps(info, indent=2) + "\n")
    return target


def load_gcn(folder: Path | str, *, device: torch.device | str = "cpu") -> TrainedGCN:
    """Read the folder back.

    Raises:
        ValueError: it is no such folder, or its files do not belong together.
    """
    source = Path(folder)
    try:
        info = json.loads((source / _INFO).read_text())
        if info.get("format") != _FORMAT:
            raise ValueError(f"its format is not {_FORMAT!r}")
        model = LinkGCN(int(info["dimension"]), widths=tuple(info["widths"]))
        hops = Hops(**info["hops"])
        model.load_state_dict(load_file(source / _WEIGHTS))
    except FileNotFoundError as error:
        lacks = f"{source} holds no trained GCN; reid-gen train-gcn --out {source} makes one"
        raise ValueError(lacks) from error
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
        SafetensorError,
    ) as error:
        raise ValueError(f"{source} is damaged, train it again: {one_line(error)}") from error
    return TrainedGCN(model.to(device).eval(), hops, info["facts"])
