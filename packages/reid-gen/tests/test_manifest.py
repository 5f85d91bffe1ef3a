from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reid_gen.manifest import read_manifest, write_manifest


def test_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    row = {"file": "a.png", "pid": np.int64(3), "camid": 2, "donor": None, "seed": 7}
    write_manifest(pd.DataFrame([row]), tmp_path)
    assert '"pid": 3, "camid": 2, "donor": null' in (tmp_path / "manifest.jsonl").read_text()
    assert read_manifest(tmp_path)["pid"].tolist() == [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("{", "line 1: not JSON"),
        ('{"file": "a.png"}', "expected an object with file and pid"),
        ('{"file": "a.png", "pid": "1"}', "whole number"),
        ('{"file": "a.png", "pid": 1}\n{"file": "a.png", "pid": 1}', "twice"),
        ('{"file": "b.png", "pid": 1}', "not there"),
    ],
)
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "manifest.jsonl").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_manifest(tmp_path)
