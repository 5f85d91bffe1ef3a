"""Published networks by the names and shapes of their layers, computed without our classes.

Written from descriptions of the projects' checkpoints: a table of names and shapes, and functions
that look weights up by these names.
"""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

Weights = dict[str, Tensor]


def batch_norm(name: str, size: int) -> Weights:
    return {
        f"{name}.weight": torch.rand(size) + 0.5,
        f"{name}.bias": torch.randn(size) * 0.1,
        f"{name}.running_mean": torch.randn(size) * 0.1,
        f"{name}.running_var": torch.rand(size) + 0.5,
        f"{name}.num_batches_tracked": torch.tensor(7),
    }


def instance_norm(name: str, size: int) -> Weights:
    return {f"{name}.weight": torch.rand(size) + 0.5, f"{name}.bias": torch.randn(size) * 0.1}


def conv(name: str, out: int, channels: int, kernel: int) -> Weights:
    weight = torch.randn(out, channels, kernel, kernel) * (2 / (channels * kernel**2)) ** 0.5
    return {f"{name}.weight": weight}


def norm(x: Tensor, w: Weights, name: str) -> Tensor:
    if f"{name}.IN.weight" in w:
        half = len(w[f"{name}.IN.weight"])
        return torch.cat(
            [norm(x[:, :half], w, f"{name}.IN"), norm(x[:, half:], w, f"{name}.BN")], 1
        )
    if f"{name}.running_mean" not in w:
        return F.instance_norm(x, weight=w[f"{name}.weight"], bias=w[f"{name}.bias"])
    mean, var = w[f"{name}.running_mean"], w[f"{name}.running_var"]
    return F.batch_norm(x, mean, var, w[f"{name}.weight"], w[f"{name}.bias"])


def resnet_weights(depth: int = 18, *, ibn: bool = False) -> Weights:
    bottleneck, counts = {18: (False, (2, 2, 2, 2)), 50: (True, (3, 4, 6, 3))}[depth]
    w, channels = conv("conv1", 64, 3, 7) | batch_norm("bn1", 64), 64
    for stage, count in enumerate(counts, start=1):
        width = 64 * 2 ** (stage - 1)
        out = width * (4 if bottleneck else 1)
        for block in range(count):
            at = f"layer{stage}.{block}"
            w |= conv(f"{at}.conv1", width, channels, 1 if bottleneck else 3)
            if ibn and stage < 4:
                w |= instance_norm(f"{at}.bn1.IN", width // 2)
                w |= batch_norm(f"{at}.bn1.BN", width // 2)
            else:
                w |= batch_norm(f"{at}.bn1", width)
            w |= conv(f"{at}.conv2", width, width, 3) | batch_norm(f"{at}.bn2", width)
            if bottleneck:
                w |= conv(f"{at}.conv3", out, width, 1) | batch_norm(f"{at}.bn3", out)
            if block == 0 and (stage > 1 or bottleneck):
                w |= conv(f"{at}.downsample.0", out, channels, 1)
                w |= batch_norm(f"{at}.downsample.1", out)
            channels = out
    return w


def resnet_map(
    w: Weights,
    x: Tensor,
    *,
    last_stride: int,
    stem_relu: bool = True,
    ceil: bool = False,
    behind: Callable[[str, Tensor], Tensor] = lambda _, x: x,
) -> Tensor:
    x = norm(F.conv2d(x, w["conv1.weight"], stride=2, padding=3), w, "bn1")
    x = x.relu() if stem_relu else x
    x = F.max_pool2d(x, 3, 2, padding=0 if ceil else 1, ceil_mode=ceil)
    blocks = list(
        dict.fromkeys(
            k.rsplit(".conv1", 1)[0] for k in w if k.startswith("layer") and ".conv1" in k
        )
    )
    for at in blocks:
        stage, block = int(at[5]), int(at.split(".")[1])
        stride = (1, 2, 2, last_stride)[stage - 1] if block == 0 else 1
        bottleneck = f"{at}.conv3.weight" in w
        strides = (1, stride) if bottleneck else (stride, 1)
        padding = 0 if bottleneck else 1
        y = F.conv2d(x, w[f"{at}.conv1.weight"], stride=strides[0], padding=padding)
        y = norm(y, w, f"{at}.bn1").relu()
        y = norm(F.conv2d(y, w[f"{at}.conv2.weight"], stride=strides[1], padding=1), w, f"{at}.bn2")
        if bottleneck:
            y = norm(F.conv2d(y.relu(), w[f"{at}.conv3.weight"]), w, f"{at}.bn3")
        if f"{at}.downsample.0.weight" in w:
            x = F.conv2d(x, w[f"{at}.downsample.0.weight"], stride=stride)
            x = norm(x, w, f"{at}.downsample.1")
        x = behind(at, (x + y).relu())
    return x


def _light(w: Weights, at: str, size: int) -> None:
    w |= conv(f"{at}.conv1", size, size, 1) | conv(f"{at}.conv2", size, 1, 3)
    w |= batch_norm(f"{at}.bn", size)


def _streams(ain: bool) -> list[list[str]]:
    if ain:
        return [[f"conv2.{t}.layers.{i}" for i in range(t + 1)] for t in range(4)]
    return [
        ["conv2a"],
        *([f"conv2{s}.{i}" for i in range(n)] for s, n in zip("bcd", (2, 3, 4), strict=True)),
    ]


def osnet_weights(variant: str = "", widths: tuple[int, ...] = (16, 64, 96, 128)) -> Weights:
    ain = variant == "ain"
    w = conv("conv1.conv", widths[0], 3, 7)
    w |= (instance_norm if variant else batch_norm)("conv1.bn", widths[0])
    inside = {"2.0", "2.1", "3.1", "4.0"} if ain else set()
    behind = {"2.0", "2.1"} if variant == "ibn" else set()
    for stage in (2, 3, 4):
        channels, out = widths[stage - 2], widths[stage - 1]
        for block in range(2):
            at, inner, key = f"conv{stage}.{block}", out // 4, f"{stage}.{block}"
            w |= conv(f"{at}.conv1.conv", inner, channels, 1) | batch_norm(f"{at}.conv1.bn", inner)
            for stream in _streams(ain):
                for layer in stream:
                    _light(w, f"{at}.{layer}", inner)
            w |= conv(f"{at}.gate.fc1", inner // 16, inner, 1) | conv(
                f"{at}.gate.fc2", inner, inner // 16, 1
            )
            w |= {
                f"{at}.gate.fc1.bias": torch.randn(inner // 16),
                f"{at}.gate.fc2.bias": torch.randn(inner),
            }
            w |= conv(f"{at}.conv3.conv", out, inner, 1)
            w |= {} if key in inside else batch_norm(f"{at}.conv3.bn", out)
            if block == 0:
                w |= conv(f"{at}.downsample.conv", out, channels, 1)
                w |= batch_norm(f"{at}.downsample.bn", out)
            w |= instance_norm(f"{at}.IN", out) if key in inside | behind else {}
            channels = out
        if stage < 4:
            at = f"pool{stage}.0" if ain else f"conv{stage}.2.0"
            w |= conv(f"{at}.conv", out, out, 1) | batch_norm(f"{at}.bn", out)
    return w | conv("conv5.conv", out, out, 1) | batch_norm("conv5.bn", out)


def osnet_map(w: Weights, x: Tensor) -> Tensor:
    ain = "pool2.0.conv.weight" in w

    def unit(x: Tensor, at: str, **how: int) -> Tensor:
        return norm(F.conv2d(x, w[f"{at}.conv.weight"], **how), w, f"{at}.bn")

    x = F.max_pool2d(unit(x, "conv1", stride=2, padding=3).relu(), 3, 2, 1)
    for stage in (2, 3, 4):
        for block in range(2):
            at = f"conv{stage}.{block}"
            reduced, total = unit(x, f"{at}.conv1").relu(), 0
            for stream in _streams(ain):
                y = reduced
                for layer in stream:
                    name = f"{at}.{layer}"
                    y = F.conv2d(y, w[f"{name}.conv1.weight"])
                    y = F.conv2d(y, w[f"{name}.conv2.weight"], padding=1, groups=y.shape[1])
                    y = norm(y, w, f"{name}.bn").relu()
                gate = y.mean(dim=(2, 3), keepdim=True)
                gate = F.conv2d(gate, w[f"{at}.gate.fc1.weight"], w[f"{at}.gate.fc1.bias"]).relu()
                gate = F.conv2d(gate, w[f"{at}.gate.fc2.weight"], w[f"{at}.gate.fc2.bias"])
                total = total + y * gate.sigmoid()
            if f"{at}.conv3.bn.weight" in w:
                y = unit(total, f"{at}.conv3")
            else:
                y = norm(F.conv2d(total, w[f"{at}.conv3.conv.weight"]), w, f"{at}.IN")
            x = y + (unit(x, f"{at}.downsample") if f"{at}.downsample.conv.weight" in w else x)
            if f"{at}.IN.weight" in w and f"{at}.conv3.bn.weight" in w:
                x = norm(x, w, f"{at}.IN")
            x = x.relu()
        if stage < 4:
            x = F.avg_pool2d(unit(x, f"pool{stage}.0" if ain else f"conv{stage}.2.0").relu(), 2)
    return unit(x, "conv5").relu()


@pytest.fixture(scope="session")
def published() -> SimpleNamespace:
    return SimpleNamespace(
        batch_norm=batch_norm,
        norm=norm,
        conv=conv,
        resnet_weights=resnet_weights,
        resnet_map=resnet_map,
        osnet_weights=osnet_weights,
        osnet_map=osnet_map,
    )
