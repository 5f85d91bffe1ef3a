"""Parameters by pattern, accumulated gradients, and averages."""

from __future__ import annotations

import copy
from functools import partial

import pytest
import torch
from lightning.pytorch import Callback
from torch import nn

from reid_core.training.loop.averaging import Average
from reid_core.training.loop.module import ReidModule
from reid_core.training.loop.optimizers import build_optimizer
from reid_core.training.loop.parameters import Freeze, Group
from reid_core.training.loop.trainer import build_trainer, training_environment
from reid_core.training.terms import CrossEntropyTerm
from reid_data import Batch

from .plain import Plain, batches, fit, parts


def sgd(parameters, **options):
    return build_optimizer(parameters, name="sgd", lr=0.1, momentum=0.0, **options)


class WithoutStatistics(Plain):
    """Whose output for an image does not depend on its batch."""

    def __init__(self) -> None:
        super().__init__()
        self.neck = nn.Identity()


def linear(seed: int = 3) -> tuple[Plain, dict[str, CrossEntropyTerm]]:
    torch.manual_seed(seed)
    return WithoutStatistics(), {"id": CrossEntropyTerm(embedding_size=5, num_classes=3)}


def weights(module: ReidModule) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in module.network.parameters()]


def fit_on(module: ReidModule, loaded: list[Batch], *, epochs: int = 1) -> None:
    with training_environment():
        trainer = build_trainer(epochs=epochs, device=torch.device("cpu"))
        trainer.fit(module, torch.utils.data.DataLoader(loaded, batch_size=None))


@pytest.mark.parametrize("clip_norm", [None, 0.05])
def test_accumulated_batches_are_one_large_batch(clip_norm):
    small = batches(4)
    large = [
        Batch(*(torch.cat([getattr(part, name) for part in pair]) for name in names))
        for names in [("images", "pids", "camids", "indices", "labels")]
        for pair in (small[:2], small[2:])
    ]
    first, second = (
        ReidModule(*linear(), optimizer=sgd, seed=0, accumulate=accumulate, clip_norm=clip_norm)
        for accumulate in (2, 1)
    )
    before = weights(first)
    fit_on(first, small)
    fit_on(second, large)
    torch.testing.assert_close(weights(first), weights(second), rtol=1e-5, atol=1e-7)
    assert not torch.equal(before[0], weights(first)[0])


def test_the_last_step_of_an_epoch_is_the_mean_of_the_batches_that_are_left():
    three = batches(3)
    module = ReidModule(*linear(), optimizer=sgd, seed=0, accumulate=2)
    fit_on(module, three)
    other = ReidModule(*linear(), optimizer=sgd, seed=0, accumulate=2)
    fit_on(other, three[:2])
    alone = ReidModule(other.network["model"], other._terms, optimizer=sgd, seed=0)
    fit_on(alone, three[2:])
    torch.testing.assert_close(weights(module), weights(alone), rtol=1e-5, atol=1e-7)


def test_groups_learn_at_their_own_rate_and_the_first_pattern_wins():
    model, terms = linear()
    reference = ReidModule(*copy.deepcopy((model, terms)), optimizer=sgd, seed=0)
    groups = (Group("layer.bias", 0.5), Group("layer.*", 0.1), Group("heads.*", 2.0))
    module = ReidModule(model, terms, optimizer=partial(sgd, groups=groups), seed=0)
    start = weights(module)
    one = batches(1)
    fit_on(module, one)
    fit_on(reference, one)
    names = [name for name, _ in module.network.named_parameters()]
    for name, begin, end, plain in zip(
        names, start, weights(module), weights(reference), strict=True
    ):
        factor = 0.5 if name.endswith("bias") else 0.1 if "layer" in name else 2.0
        torch.testing.assert_close(end - begin, factor * (plain - begin), rtol=1e-4, atol=1e-6)


def test_the_schedule_keeps_the_ratio_of_the_groups():
    model, terms = linear()
    seen = []

    class Watch(Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            seen.append([group["lr"] for group in trainer.optimizers[0].param_groups])

    module = ReidModule(
        model,
        terms,
        optimizer=partial(sgd, groups=(Group("layer.*", 0.1),)),
        seed=0,
        learning_rate_factor={0: 1.0, 1: 0.5}.__getitem__,
    )
    with training_environment():
        trainer = build_trainer(epochs=2, device=torch.device("cpu"), callbacks=[Watch()])
        trainer.fit(module, torch.utils.data.DataLoader(batches(1), batch_size=None))
    assert seen == [pytest.approx([0.1, 0.01]), pytest.approx([0.05, 0.005])]


def test_frozen_parameters_and_statistics_stay_until_their_epoch():
    model, terms = parts()
    states = []

    class Watch(Callback):
        def on_train_epoch_end(self, trainer, pl_module):
            states.append(copy.deepcopy(pl_module.network.state_dict()))

    freezes = (Freeze("layer.weight"), Freeze("neck.*", until=1))
    module = ReidModule(model, terms, optimizer=sgd, seed=0, freezes=freezes)
    states.append(copy.deepcopy(module.network.state_dict()))
    with training_environment():
        trainer = build_trainer(epochs=2, device=torch.device("cpu"), callbacks=[Watch()])
        trainer.fit(module, torch.utils.data.DataLoader(batches(), batch_size=None))
    begin, first, second = states
    for name in ("model.layer.weight",):
        assert torch.equal(begin[name], first[name])
        assert torch.equal(begin[name], second[name])
    for name in ("model.neck.weight", "model.neck.running_mean"):
        assert torch.equal(begin[name], first[name])
        assert not torch.equal(first[name], second[name])
    assert not torch.equal(begin["model.layer.bias"], first["model.layer.bias"])


def test_patterns_that_match_nothing_are_refused_by_name():
    with pytest.raises(ValueError, match=r"optimizer\.freeze: no parameter matches 'layr\.\*'"):
        ReidModule(*linear(), optimizer=sgd, seed=0, freezes=[Freeze("layr.*")])
    module = ReidModule(*linear(), optimizer=partial(sgd, groups=(Group("lay"),)), seed=0)
    with pytest.raises(ValueError, match=r"optimizer\.groups: no parameter matches 'lay'"):
        fit(module, epochs=1)


def test_stochastic_weight_averaging_is_the_mean_over_the_ends_of_epochs():
    ends = []

    class Watch(Callback):
        def on_train_epoch_end(self, trainer, pl_module):
            ends.append({k: v.clone() for k, v in pl_module.network.state_dict().items()})

    module = ReidModule(*parts(), optimizer=sgd, seed=0, average=partial(Average, swa_start=1))
    with training_environment():
        trainer = build_trainer(epochs=4, device=torch.device("cpu"), callbacks=[Watch()])
        trainer.fit(module, torch.utils.data.DataLoader(batches(), batch_size=None))
    kept = module.trained[0].state_dict()
    for name in ("layer.weight", "neck.running_var"):
        expected = torch.stack([end[f"model.{name}"] for end in ends[1:]]).mean(0)
        torch.testing.assert_close(kept[name], expected, rtol=1e-5, atol=1e-7)


def test_before_its_first_epoch_the_mean_is_the_network_itself():
    module = ReidModule(*parts(), optimizer=sgd, seed=0, average=partial(Average, swa_start=5))
    fit(module, epochs=1)
    assert module.trained[0] is module.network["model"]
