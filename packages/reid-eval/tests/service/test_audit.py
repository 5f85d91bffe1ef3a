"""The audit log: appended to, private, whole lines even after a crash."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from reid_eval.service.audit import AuditLog


def test_entries_are_appended_one_a_line_and_only_the_owner_may_read(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "audit.jsonl"
    for number in range(3):
        log = AuditLog(path)
        log.append([{"number": number}, {"text": "line\nbreak \ud800"}])
        log.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["number"] for line in lines[::2]] == [0, 1, 2]
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_unfinished_line_is_closed_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"number":0}\n{"numb')
    log = AuditLog(path)
    log.append([{"number": 2}])
    log.close()
    assert path.read_text().splitlines() == ['{"number":0}', '{"numb', '{"number":2}']


def test_a_full_disk_is_an_error_and_the_next_entry_stands_on_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path)
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:5]))
    with pytest.raises(OSError, match="full"):
        log.append([{"number": 1}])
    monkeypatch.undo()
    log.append([{"number": 2}])
    log.close()
    assert path.read_text().splitlines() == ['{"num', '{"number":2}']
