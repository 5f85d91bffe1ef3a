"""Looking at a network without computing anything must not change it."""

import pytest
import torch
from torch import Tensor, nn

from reid_core.backbones import Backbone
from reid_core.backbones.probe import drop_idle, probe


class Odd(Backbone):
    """One module under two names, one weight in two modules, and parts that take no part."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.first = self.second = nn.Conv2d(4, 4, 1)
        self.third = nn.Conv2d(4, 4, 1)
        self.third.weight = self.first.weight
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Sequential(nn.Conv2d(4, 9, 1), nn.BatchNorm2d(9))
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: Tensor) -> Tensor:
        features = self.third(self.second(self.first(self.stem(images))))
        return self.norm(features) * self.scale.detach()


def test_it_sees_what_comes_out_and_what_shrinks() -> None:
    seen = probe(Odd(), (8, 6))
    assert (seen.num_features, seen.map_size) == (4, (4, 3))
    steps = {(step.name, step.channels, step.before, step.after) for step in seen.strided}
    assert ("stem", 3, (8, 6), (4, 3)) in steps


def test_it_leaves_weights_statistics_and_mode_alone() -> None:
    network = Odd().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    probe(network, (8, 6))
    assert network.training
    assert network.first is network.second
    assert network.third.weight is network.first.weight
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_what_takes_no_part_goes_or_is_frozen() -> None:
    network = Odd()
    drop_idle(network, probe(network, (8, 6)))
    assert isinstance(network.head, nn.Identity)
    frozen = [name for name, value in network.named_parameters() if not value.requires_grad]
    assert frozen == ["scale"]


def test_what_returns_no_map_is_refused() -> None:
    class Flat(Odd):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images).mean(dim=(2, 3))

    with pytest.raises(ValueError, match=r"expected a feature map \(3, C, H', W'\).*\(3, 4\)"):
        probe(Flat(), (8, 6))
