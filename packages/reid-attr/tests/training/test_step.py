"""One step of the full network on a GPU, and of the small one here: what it takes and how fast."""

from __future__ import annotations

import sys

import pytest
import torch

from reid_attr.profiling import StepCost, step_cost


def test_a_step_of_the_small_network_is_measured() -> None:
    found = step_cost("c2tnet_small", image_size=(64, 32), batch_size=4, device="cpu", steps=2)
    assert isinstance(found, StepCost)
    assert 0.4e6 < found.parameters < 2e6
    assert found.images_per_second > 0
    assert found.loss > 0
    assert found.peak_memory is None  # only known of a GPU
    with pytest.raises(ValueError, match="steps"):
        step_cost("c2tnet_small", image_size=(64, 32), batch_size=4, device="cpu", steps=0)


@pytest.mark.gpu
def test_the_full_network_takes_a_step_of_64_images(
    record_property: pytest.RecordProperty, capsys: pytest.CaptureFixture[str]
) -> None:
    found = step_cost("c2tnet", image_size=(256, 128), batch_size=64, device="cuda", steps=5)
    assert found.parameters == pytest.approx(411.74e6, rel=1e-3)
    assert found.loss < float("inf")
    assert found.peak_memory is not None
    available = torch.cuda.get_device_properties(0).total_memory
    assert found.peak_memory < available
    for name, value in found.to_dict().items():
        record_property(name, value)
    with capsys.disabled():
        gigabytes = found.peak_memory / 2**30
        speed = f"{found.images_per_second:.0f} images/s"
        sys.stdout.write(f"\nc2tnet, batch 64: {gigabytes:.1f} GiB, {speed}\n")
