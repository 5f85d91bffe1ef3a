"""A model that learnt, on a clip whose people are known: are their attributes right?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reid_attr import load_recognizer
from reid_attr.cli import app
from reid_attr.video.box_files import read_box_file
from reid_attr.video.measuring import compare_tracks
from reid_data.synth import synthesize

RECIPE = {
    "data.image_size": "[64,32]", "data.augmentation.pad": "2", "data.people": r"'_(\d+)\.jpg'",
    "data.validation": "0.1", "model.name": "timm:test_resnet", "schedule.epochs": "6",
    "schedule.warmup_epochs": "1", "optimizer.lr": "3e-3", "optimizer.head_lr": "3e-3",
}  # fmt: skip


def run(*arguments: object) -> None:
    app([*map(str, arguments)], standalone_mode=False)


@pytest.mark.slow
def test_tracks_are_pure_and_their_attributes_right(tmp_path: Path) -> None:
    """Purity of 0.9 and more; attributes far better than saying the same of everybody."""
    synthesize(
        tmp_path / "people", layout="upar", identities=300, test_identities=10, cameras=4,
        images_per_camera=2, height=64, width=32, seed=0,
    )  # fmt: skip
    sets = [word for key, value in RECIPE.items() for word in ("--set", f"{key}={value}")]
    model = tmp_path / "model"
    run("train", "--data", "upar", "--root", tmp_path / "people", "--out", model, *sets)
    synthesize(
        tmp_path / "street", layout="video", identities=20, test_identities=1, cameras=2,
        tracklet_length=250, seed=9,
    )  # fmt: skip
    clip, out = tmp_path / "street" / "camera1.mp4", tmp_path / "seen.mp4"
    run(
        "video", clip, "-o", out, "--model", model, "--detector", "boxes", "--detector-file",
        clip.with_suffix(".csv"), "--stride", 5,
    )  # fmt: skip
    agreement = compare_tracks(
        pd.read_csv(out.with_suffix(".csv")), read_box_file(clip.with_suffix(".csv"))
    )
    assert agreement.purity >= 0.9
    recognizer = load_recognizer(model, device="cpu")
    names = list(recognizer.schema.names)
    truth = pd.read_csv(clip.with_name("attributes.csv")).set_index("pid")[names]
    tracks = [
        track
        for track in json.loads(out.with_suffix(".json").read_text())["tracks"]
        if track["track"] in agreement.people and track["looks"] >= 5
    ]
    assert len(tracks) >= 8
    scores = np.array([[track["probabilities"][name] for name in names] for track in tracks])
    said = recognizer.decide(scores)
    real = truth.loc[[agreement.people[track["track"]] for track in tracks]].to_numpy() == 1
    usual = np.broadcast_to(truth.mean().to_numpy() > 0.5, real.shape)

    def recalls(words: np.ndarray) -> float:
        return float(words[real].mean() + (~words)[~real].mean()) / 2

    accuracy = float((said == real).mean())
    figures = f"purity {agreement.purity:.3f}, accuracy {accuracy:.3f}, recalls {recalls(said):.3f}"
    assert accuracy >= 0.8, figures
    assert recalls(said) >= 0.65, figures
    assert recalls(said) > recalls(usual), figures
