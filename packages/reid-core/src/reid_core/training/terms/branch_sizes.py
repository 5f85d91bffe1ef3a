"""How long the vectors of a model's branches are."""

from __future__ import annotations

import torch

from reid_core.models import ReidModel

__all__ = ["branch_sizes"]


@torch.no_grad()
def branch_sizes(model: ReidModel) -> tuple[int, ...]:
    """D of each branch's embedding, in the order of ``output.branches``; empty without branches.

    Found by describing one black image, or a clip of one, in evaluation mode; the model is left
    as it was.
    """
    training = model.training
    device = next(model.parameters()).device
    shape = (1, 1) if model.takes_clips else (1,)
    images = torch.zeros(*shape, 3, *model.preprocessing.image_size, device=device)
    cameras = torch.full((1,), -1, device=device)
    more = {"camids": cameras} if model.needs_cameras else {}
    output = model.eval()(images, **more)
    model.train(training)
    return tuple(branch.embedding.shape[1] for branch in output.branches)
