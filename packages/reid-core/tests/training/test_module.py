"""The loop against the same training written down plainly."""

from __future__ import annotations

import copy
import warnings
from functools import partial

import pytest
import torch
from torch import nn

from reid_core.training.loop.averaging import Average
from reid_core.training.loop.module import ReidModule
from reid_core.training.terms import Term

from .plain import adam, batches, fit, parts


def test_the_loop_is_a_plain_loop_with_two_optimisers_clipping_and_averaging():
    model, terms = parts()
    reference, heads = copy.deepcopy((model, terms))
    rates = {0: 0.5, 1: 1.0}
    module = ReidModule(
        model,
        terms,
        optimizer=adam,
        seed=0,
        learning_rate_factor=rates.__getitem__,
        start_epochs={"hard": 1},
        clip_norm=0.3,
        average=partial(Average, ema_decay=0.9),
        channels_last=False,
    )
    fit(module, epochs=2)

    weights = [*reference.parameters(), heads["id"].classifier.weight]
    main = torch.optim.Adam(weights, lr=0.01, weight_decay=0.1)
    centers = heads["center"].centers
    average: list[torch.Tensor] = []
    for epoch in range(2):
        main.param_groups[0]["lr"] = 0.01 * rates[epoch]
        for batch in batches():
            output = reference(batch.images.float() / 255)
            gap = output.feature - centers.detach()[batch.labels]
            loss = heads["id"](output, batch) + 0.01 * gap.square().sum() / 6
            if epoch >= 1:
                loss = loss + 0.5 * heads["hard"](output, batch)
            main.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights, 0.3)
            main.step()
            pull = torch.zeros_like(centers).index_add(0, batch.labels, -2 * gap.detach() / 6)
            centers.data -= 0.25 * pull
            now = [weight.detach().clone() for weight in weights]
            mixed = [0.9 * old + 0.1 * new for old, new in zip(average, now, strict=False)]
            average = mixed or now

    trained = [*model.parameters(), terms["id"].classifier.weight]
    torch.testing.assert_close(trained, weights, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(terms["center"].centers, centers, rtol=1e-5, atol=1e-6)
    kept, kept_heads = module.trained
    kept_weights = [*kept.parameters(), kept_heads["id.classifier.weight"]]
    assert kept is not model
    torch.testing.assert_close(
        [weight.detach() for weight in kept_weights], average, rtol=1e-5, atol=1e-6
    )


def test_heads_are_named_by_their_terms():
    model, terms = parts()
    _, heads = ReidModule(model, terms, optimizer=adam, seed=0).trained
    assert set(heads) == {"id.classifier.weight", "center.centers"}


def test_terms_see_float32_when_the_network_computes_in_bfloat16():
    seen = []

    class Curious(Term):
        def forward(self, output, batch):
            seen.append((output.feature.dtype, output.embedding.dtype))
            seen.append((output.feature @ output.feature.T).dtype)
            return output.feature.square().mean()

    model, _ = parts()
    term = Curious(embedding_size=5, num_classes=3)
    fit(ReidModule(model, {"curious": term}, optimizer=adam, seed=0), epochs=1, precision="bf16")
    assert seen[0] == (torch.float32, torch.float32)
    assert seen[1] == torch.float32


def test_randomness_of_an_epoch_comes_from_seed_and_epoch_alone():
    def draws(seed: int, before: int) -> list[float]:
        seen = []

        class Random(Term):
            def forward(self, output, batch):
                seen.append(torch.rand(()).item())
                return output.feature.square().mean()

        model, _ = parts()
        torch.manual_seed(before)
        terms = {"random": Random(embedding_size=5, num_classes=3)}
        fit(ReidModule(model, terms, optimizer=adam, seed=seed), epochs=2)
        return seen

    first = draws(seed=1, before=5)
    assert draws(seed=1, before=6) == first
    assert draws(seed=2, before=5) != first
    assert len(set(first)) == len(first)


def test_a_loss_that_is_no_number_stops_the_training_and_says_what_to_try():
    class Broken(Term):
        def forward(self, output, batch):
            return output.feature.square().mean() * float("nan")

    model, _ = parts()
    terms = {"broken": Broken(embedding_size=5, num_classes=3)}
    with pytest.raises(
        ValueError, match=r"loss became nan in epoch 1, batch 1; try a lower optimizer\.lr"
    ):
        fit(ReidModule(model, terms, optimizer=adam, seed=0), epochs=2)


def test_a_training_leaves_no_trace_and_makes_no_noise(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(11)
    state = torch.get_rng_state()
    switches = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    model, terms = parts()
    torch.set_rng_state(state)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(ReidModule(model, terms, optimizer=adam, seed=0), epochs=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert switches == (
        torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.benchmark,
    )
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())
