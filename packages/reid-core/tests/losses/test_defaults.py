"""What a loss does when nothing is said: what its paper says, as a function and as a module."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from reid_core import losses

PUBLISHED: dict[str, dict[str, Any]] = {
    "all_triplets_loss": {"margin": 0.3},
    "arcface_logits": {"margin": 0.5, "scale": 64.0},
    "batch_hard_triplet_loss": {"margin": 0.3},
    "centroid_triplet_loss": {"margin": 0.5, "form": "paper"},
    "circle_logits": {"margin": 0.25, "scale": 128.0},
    "circle_loss": {"margin": 0.25, "scale": 128.0},
    "clothes_adversarial_loss": {"epsilon": 0.1},
    "cluster_contrast_loss": {"temperature": 0.05},
    "cosface_logits": {"margin": 0.35, "scale": 64.0},
    "label_smoothed_cross_entropy_loss": {"smoothing": 0.1},
    "lcn_loss": {"tolerance": 0.005},
    "lsr_loss": {"margin": 0.05},
    "multi_similarity_loss": {"alpha": 2.0, "beta": 50.0, "base": 1.0, "epsilon": 0.1},
    "octuplet_loss": {"margin": 0.5, "parts": ("hhh", "hll", "lhh", "lll"), "own_twin": False},
    "osm_caa_loss": {"alpha": 1.2, "sigma": 0.8, "balance": 0.5},
    "smooth_ap_loss": {"temperature": 0.01},
    "supervised_contrastive_loss": {"temperature": 0.1},
}
FUNCTIONS = sorted(name for name in losses.__all__ if re.search(r"_(loss|logits)$", name))


def defaults(callable_: Any) -> dict[str, Any]:
    parameters = inspect.signature(callable_).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}


def module_of(function: str) -> Any | None:
    """``circle_loss`` is `CircleLoss` as a module, ``circle_logits`` is `CircleHead`."""
    plain = function.replace("_", "").replace("logits", "head")
    return next((getattr(losses, name) for name in losses.__all__ if name.lower() == plain), None)


@pytest.mark.parametrize("function", sorted(PUBLISHED))
def test_defaults_are_the_published_values(function: str) -> None:
    found = defaults(getattr(losses, function))
    assert {key: found[key] for key in PUBLISHED[function]} == PUBLISHED[function]


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if module_of(name)])
def test_a_module_has_the_defaults_of_its_function(function: str) -> None:
    assert defaults(module_of(function)) == defaults(getattr(losses, function))
