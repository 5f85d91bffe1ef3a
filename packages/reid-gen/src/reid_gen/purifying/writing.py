"""A purified set: the kept images with their manifest, and the decisions on all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from reid_data.files import replacing
from reid_gen.manifest import write_manifest

__all__ = ["DECISIONS", "check_new", "match_decisions", "write_purified"]

DECISIONS = "decisions.jsonl"


def check_new(out: Path) -> None:
    """Refuse to write into a folder that holds something.

    Raises:
        ValueError: it does.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} is not an empty folder; choose another --out")


def match_decisions(
    manifest: pd.DataFrame, parts: Sequence[pd.DataFrame], folder: Path
) -> pd.DataFrame:
    """The manifest with each image's decision.

    Args:
        manifest: of the generated set.
        parts: decisions by graph; together they must hold each image once.
        folder: the set's.

    Raises:
        ValueError: an image was judged twice or not at all, or under another claim.
    """
    decisions = pd.concat(parts, ignore_index=True)
    keys = [os.path.realpath(folder / file) for file in manifest["file"]]
    decisions = decisions.assign(path=[os.path.realpath(path) for path in decisions["path"]])
    if decisions["path"].duplicated().any():
        raise ValueError("two graphs hold the same generated images; give each fold's graph once")
    found = decisions.set_index("path").reindex(keys)
    absent = int(found["kept"].isna().sum())
    if absent:
        raise ValueError(
            f"{absent} of {len(keys)} images of {folder} are in no graph; make one of the whole "
            "set, or of every fold, with reid-gen graph --generated"
        )
    if (found["pid"].to_numpy() != manifest["pid"].to_numpy()).any():
        raise ValueError(f"{folder} claims other identities than its graph; make the graph again")
    facts = found.drop(columns="pid").reset_index(drop=True).astype({"kept": bool})
    return pd.concat([manifest.drop(columns=list(facts.columns), errors="ignore"), facts], axis=1)


def write_purified(decided: pd.DataFrame, folder: Path, out: Path, *, rule: str) -> None:
    """Write the decisions, link or copy the kept images, and write their manifest last."""
    with replacing(out / DECISIONS) as temporary:
        rows = json.loads(decided.assign(rule=rule).to_json(orient="records"))
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    kept = decided[decided["kept"]].reset_index(drop=True)
    for file in kept["file"]:
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        _link(folder / file, out / file)
    write_manifest(kept.assign(rule=rule), out)


def _link(source: Path, target: Path) -> None:
    """A second name for the file, or a copy where the file system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
