"""Which number format `auto` takes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reid_core.training.loop import precision
from reid_core.training.loop.precision import choose_precision

CPU = torch.device("cpu")
FULL = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=2))
DEPTHWISE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=8))


@pytest.mark.parametrize(
    ("native", "model", "chosen"),
    [(True, FULL, "bf16"), (True, DEPTHWISE, "fp32"), (False, FULL, "fp32")],
)
def test_auto_asks_the_processor_and_the_network(monkeypatch, native, model, chosen):
    monkeypatch.setattr(precision, "_cpu_multiplies_bf16", lambda: native)
    assert choose_precision("auto", device=CPU, model=model) == chosen


@pytest.mark.parametrize("asked", ["bf16", "fp32"])
def test_what_the_recipe_asks_for_is_done(asked):
    assert choose_precision(asked, device=CPU, model=DEPTHWISE) == asked


def test_a_processor_without_probes_computes_in_float32(monkeypatch):
    for probe in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, probe, raising=False)
    assert choose_precision("auto", device=CPU, model=FULL) == "fp32"
