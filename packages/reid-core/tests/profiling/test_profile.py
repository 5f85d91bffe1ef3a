"""What a network costs."""

from __future__ import annotations

import json
import mmap
from pathlib import Path

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from reid_core import create_model, save_model
from reid_core.cli import app
from reid_core.profiling import count_cost, measure_speed, open_network, profile_network
from reid_core.profiling.speed import resident

SIZE = (64, 32)
NAME = "timm:resnet10t"


def test_operations_are_those_of_every_convolution_counted_by_hand() -> None:
    network = open_network(NAME, image_size=SIZE).network
    expected = 0

    def count(module: nn.Conv2d, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        nonlocal expected
        each = module.weight[0].numel()  # multiplications of one output number
        expected += 2 * each * output.numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        network(torch.zeros(1, 3, *SIZE, dtype=torch.uint8))
    by_hand = expected
    *parts, whole = count_cost(network)
    assert whole.part == "all"
    assert whole.flops == by_hand
    assert whole.parameters == sum(w.numel() for w in network.model.parameters())
    assert sum(part.parameters for part in parts) == whole.parameters
    assert next(part for part in parts if part.part == "backbone").flops == by_hand


def test_operations_of_attention_are_counted_too() -> None:
    network = open_network("timm:test_vit", image_size=SIZE).network
    *_, whole = count_cost(network)
    linear = sum(m.weight.numel() for m in network.modules() if isinstance(m, nn.Linear))
    assert whole.flops > 2 * linear * (64 // 16) * (32 // 16)


def test_speed_is_measured_for_every_batch_size() -> None:
    found = measure_speed(
        lambda: open_network(NAME, image_size=SIZE), batch_sizes=[4, 1], seconds=0.05
    )
    assert [speed.batch_size for speed in found] == [1, 4]
    for speed in found:
        assert speed.backend == "torch"
        assert speed.precision == "fp32"
        assert speed.images_per_second == pytest.approx(1e3 * speed.batch_size / speed.milliseconds)
        assert speed.memory is None or speed.memory >= 0


def test_resident_memory_follows_what_is_held() -> None:
    before = resident()
    if before is None:
        assert not Path("/proc/self/status").is_file()
        return
    # Of the system, not of the heap, which may have kept what earlier tests gave back.
    with mmap.mmap(-1, 64 * 2**20) as held:
        held.write(b"1" * len(held))
        after, peak = resident(), resident(peak=True)
    assert after is not None
    assert peak is not None
    assert after - before > 50
    assert peak >= after


@pytest.mark.slow
def test_a_checkpoint_is_profiled_in_a_process_of_its_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_model(create_model(NAME, image_size=SIZE), tmp_path)
    arguments = ["profile", "--model", str(tmp_path), "--backend", "torch", "--device", "cpu"]
    options = ["--batch-size", "2", "--seconds", "0.05", "--json"]
    result = CliRunner().invoke(app, [*arguments, *options])
    assert result.exit_code == 0, result.exception
    found = json.loads(result.stdout)
    assert found["name"] == NAME
    assert found["image_size"] == list(SIZE)
    [speed] = found["speeds"]
    assert (speed["backend"], speed["batch_size"]) == ("torch", 2)
    assert speed["images_per_second"] > 0
    assert found["complaints"] == {}
    assert found["parts"][-1]["part"] == "all"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "timm:resnt50"], "resnet50"),
        (["--model", NAME, "--image-size", "64"], "HEIGHTxWIDTH"),
        (["--model", NAME, "--image-size", "0x32"], "HEIGHTxWIDTH"),
        (["--model", NAME, "--backend", "tensorrt"], "cannot run on cpu; here: torch"),
        (["--model", NAME, "--device", "cuda:99"], "device"),
        (["--model", "."], "no checkpoint"),
    ],
)
def test_bad_input_is_refused(
    options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    device = [] if "--device" in options else ["--device", "cpu"]
    result = CliRunner().invoke(app, ["profile", *options, *device])
    assert isinstance(result.exception, ValueError)
    assert message in str(result.exception)


def test_what_cannot_be_is_refused_in_python_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="batch sizes must be 1 or more"):
        profile_network(NAME, batch_sizes=[0], device="cpu")
    with pytest.raises(ValueError, match="image size of its own"):
        open_network(str(tmp_path), image_size=SIZE)
    with pytest.raises(ValueError, match="no checkpoint folder runs/none: unknown model"):
        open_network("runs/none")
