"""A training on a GPU."""

from __future__ import annotations

import pytest
import torch
from lightning.pytorch import Callback

from reid_core.models import load_model
from reid_core.training.fit import train

from ..ranks import run_ranks
from . import halves


class Interrupt(Callback):
    """Ctrl-C in the second epoch."""

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        assert batch.images.device.type == "cuda"
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["auto", "fp32"])
def test_a_gpu_trains_resumes_and_leaves_a_checkpoint_for_every_device(
    people, tiny, tmp_path, precision
):
    recipe = tiny(f"compute.precision={precision}", "optimizer.ema_decay=0.8")
    with pytest.raises(KeyboardInterrupt):
        train(
            recipe, people, out=tmp_path / "out", device="cuda", workers=1, callbacks=[Interrupt()]
        )
    result = train(recipe, people, out=tmp_path / "out", device="cuda", workers=1, resume=True)
    assert result.epochs == 3
    model = load_model(tmp_path / "out", device="cpu")
    images = torch.zeros(2, 3, 32, 16, dtype=torch.uint8)
    with torch.inference_mode():
        assert model(model.preprocessing.normalize(images)).embedding.isfinite().all()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_gpus_learn_together_what_one_does_alone(tmp_path, strategy):
    count = min(2, torch.cuda.device_count())
    run_ranks([halves.__file__, strategy, "cuda", count, tmp_path], ranks=count)
    expected = halves.trained("ddp", "cuda", processes=1)
    for rank in range(count):
        torch.testing.assert_close(
            torch.load(tmp_path / f"{rank}.pt"), expected, rtol=1e-4, atol=1e-5
        )
