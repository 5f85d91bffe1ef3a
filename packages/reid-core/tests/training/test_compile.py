"""`compute.compile`: the same network, translated."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from reid_core.models import load_model

from .test_fit import rows, run


@pytest.mark.slow
def test_a_compiled_training_is_the_same_training(people, tiny, tmp_path, monkeypatch):
    asked: list[dict[str, Any]] = []
    compile_ = nn.Module.compile

    def quickly(self: nn.Module, **options: Any) -> None:
        asked.append(options)
        # Traced and run as it is, for no compiler is wanted in a test.
        compile_(self, backend="eager", **options)

    monkeypatch.setattr(nn.Module, "compile", quickly)
    overrides = ("schedule.epochs=1", "optimizer.ema_decay=0.9")
    run(tiny(*overrides), people, tmp_path / "plain")
    assert asked == []
    run(tiny(*overrides, "compute.compile=true"), people, tmp_path / "compiled")
    assert asked == [{"dynamic": False}]
    plain, compiled = (load_model(tmp_path / name).state_dict() for name in ("plain", "compiled"))
    assert list(plain) == list(compiled)
    for name, value in plain.items():
        torch.testing.assert_close(compiled[name], value, rtol=1e-4, atol=1e-5)
    losses = [float(rows(tmp_path / name)[0]["loss"]) for name in ("plain", "compiled")]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    torch._dynamo.reset()
