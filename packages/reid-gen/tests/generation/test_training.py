"""Trainings of seconds: what they leave behind, that they resume exactly, and what they refuse."""

from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from reid_core.models import create_model, save_model
from reid_gen.generation import GanRecipe, PosedImages, find_pairs, load_engine, train_gan
from reid_gen.generation.history import DrawingHistory
from reid_gen.generation.identity import IdentityLoss
from reid_gen.generation.perceptual import PerceptualLoss, vgg19_features


class _Stop(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):  # type: ignore[no-untyped-def]
        if (trainer.current_epoch, batch_idx) == (1, 2):
            raise KeyboardInterrupt


def changed(recipe: GanRecipe, section: str, **values: object) -> GanRecipe:
    part = getattr(recipe.loss, section).model_copy(update=values)
    return recipe.model_copy(update={"loss": recipe.loss.model_copy(update={section: part})})


def test_a_training_leaves_a_generator_logs_and_pictures_and_resumes_exactly(
    recipe: GanRecipe, posed: PosedImages, tmp_path: Path
) -> None:
    whole = train_gan(recipe, posed, out=tmp_path / "whole", device="cpu")
    assert whole.epochs == 3
    assert whole.SSIM is not None
    assert whole.L1 is not None
    assert (tmp_path / "whole" / "grids" / "epoch_0003.png").stat().st_size > 500
    board = EventAccumulator(str(tmp_path / "whole" / "tensorboard")).Reload()
    assert board.Tags()["images"] == ["held-out"]
    assert [event.step for event in board.Images("held-out")] == [1, 2, 3]
    header, *rows = (tmp_path / "whole" / "metrics.csv").read_text().splitlines()
    assert {"loss_l1", "loss_adversarial", "loss_discriminators", "SSIM"} <= set(header.split(","))
    assert len(rows) == 3
    parts = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        train_gan(recipe, posed, out=parts, device="cpu", callbacks=[_Stop()])
    assert train_gan(recipe, posed, out=parts, device="cpu", resume=True).L1 == whole.L1
    ends = [torch.load(tmp_path / run / "training" / "last.ckpt") for run in ("whole", "parts")]
    for part in ("state_dict", "optimizer_states"):
        torch.testing.assert_close(ends[0][part], ends[1][part], rtol=0, atol=0)
    kept = load_file(tmp_path / "whole" / "generator.safetensors")
    assert (kept["last.1.weight"] == ends[0]["state_dict"]["average.module.last.1.weight"]).all()
    assert (kept["last.1.weight"] != ends[0]["state_dict"]["generator.last.1.weight"]).any()
    engines = [load_engine(tmp_path / run) for run in ("whole", "parts")]
    assert engines[0].fingerprint == engines[1].fingerprint
    again = train_gan(recipe, posed, out=parts, device="cpu", resume=True)
    assert again.SSIM == whole.SSIM


def test_other_runs_are_not_resumed(recipe: GanRecipe, posed: PosedImages, tmp_path: Path) -> None:
    short = recipe.model_copy(update={"schedule": recipe.schedule.model_copy(update={"epochs": 1})})
    train_gan(short, posed, out=tmp_path / "run", device="cpu")
    with pytest.raises(ValueError, match="not empty"):
        train_gan(short, posed, out=tmp_path / "run", device="cpu")
    with pytest.raises(ValueError, match="another recipe"):
        train_gan(recipe, posed, out=tmp_path / "run", device="cpu", resume=True)
    with pytest.raises(ValueError, match="seed 0, came 1"):
        train_gan(short, posed, out=tmp_path / "run", device="cpu", resume=True, seed=1)
    pairs = find_pairs(posed, kind="all")
    with pytest.raises(ValueError, match="other images, keypoints or pairs"):
        train_gan(short, posed, out=tmp_path / "run", device="cpu", resume=True, pairs=pairs)
    with pytest.raises(ValueError, match="no run to resume"):
        train_gan(short, posed, out=tmp_path / "none", device="cpu", resume=True)


def test_all_terms_learn_in_half_precision(
    recipe: GanRecipe, posed: PosedImages, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    weights = {f"features.{k}": v for k, v in vgg19_features(3).state_dict().items()}
    torch.save(weights, tmp_path / "vgg.pth")
    model = create_model("timm:test_resnet", image_size=(32, 16), last_stride=2)
    save_model(model, tmp_path / "reid")
    chosen = changed(recipe, "perceptual", weight=1.0, weights=str(tmp_path / "vgg.pth"))
    chosen = changed(chosen, "identity", weight=1.0, model=str(tmp_path / "reid"))
    chosen = changed(chosen, "adversarial", kind="bce")
    schedule = recipe.schedule.model_copy(update={"epochs": 1})
    chosen = chosen.model_copy(update={"precision": "bf16", "schedule": schedule})
    train_gan(chosen, posed, out=tmp_path / "run", device="cpu")
    header, row = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    values = dict(zip(header.split(","), map(float, row.split(",")), strict=True))
    parts = ("l1", "perceptual", "identity", "adversarial")
    assert values["loss"] == pytest.approx(sum(values[f"loss_{p}"] for p in parts), rel=1e-3)
    state = torch.load(tmp_path / "run" / "training" / "last.ckpt")["state_dict"]
    assert not [name for name in state if "perceptual" in name or "identity" in name]


def test_a_re_id_model_of_the_hub_is_fetched(
    posed: PosedImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(create_model("timm:test_resnet", image_size=(32, 16), last_stride=2), tmp_path)
    asked = []

    def fetch(repository: str, **_: object) -> str:
        asked.append(repository)
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    known = IdentityLoss.of_people("hf://someone/reid", posed.records)
    assert set(asked) == {"someone/reid"}
    images = torch.rand(2, 3, 32, 16) * 2 - 1
    same, other = known(images, images, known.pids[:2]), known(images, -images, known.pids[:2])
    assert same < other


def test_perceptual_distance_by_hand_and_its_bad_files(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = vgg19_features(3)
    torch.save({f"features.{k}": v for k, v in network.state_dict().items()}, tmp_path / "w.pth")
    images, targets = torch.rand(2, 2, 3, 16, 8) * 2 - 1
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    ours, theirs = (network((side / 2 + 0.5 - mean) / std) for side in (images, targets))
    found = PerceptualLoss(tmp_path / "w.pth")(images, targets)
    assert found.item() == pytest.approx((ours - theirs).abs().mean().item(), rel=1e-5)
    torch.save({"other": torch.zeros(1)}, tmp_path / "bad.pth")
    with pytest.raises(ValueError, match="no weights of VGG19"):
        PerceptualLoss(tmp_path / "bad.pth")
    with pytest.raises(ValueError, match=r"loss.perceptual.weight=0"):
        PerceptualLoss(tmp_path / "none.pth")


def test_a_canvas_of_another_size_and_too_few_people_are_refused(
    recipe: GanRecipe, posed: PosedImages, tmp_path: Path
) -> None:
    data = recipe.data.model_copy(update={"image_size": (64, 32)})
    with pytest.raises(ValueError, match="posed on"):
        train_gan(recipe.model_copy(update={"data": data}), posed, out=tmp_path / "run")
    alone = posed.take(posed.records.pids == posed.records.pids[0])
    with pytest.raises(ValueError, match="val_identities=0"):
        train_gan(recipe, alone, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_history_hands_out_earlier_rows_and_keeps_rows_together() -> None:
    torch.manual_seed(0)
    history = DrawingHistory(3)
    first = torch.arange(3.0)
    assert history.swap(first, first + 10)[0].tolist() == [0, 1, 2]
    later = torch.arange(3.0, 33.0)
    images, beside = history.swap(later, later + 10)
    assert (beside == images + 10).all()
    assert 5 < int((images != later).sum()) < 25
    history.clear()
    assert history.swap(first, first)[0].tolist() == [0, 1, 2]
    assert DrawingHistory(0).swap(later)[0] is later
