"""What every attribute model is to those who train, evaluate or save it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor, nn

from reid_attr.models.head import AttributeHead
from reid_attr.schema import Schema
from reid_core.models.preprocessing import Preprocessing

__all__ = ["AttributeModel", "AttributeOutput", "Body"]


@dataclass(frozen=True, eq=False)
class AttributeOutput:
    """What a model returns, in training and in evaluation alike.

    Attributes:
        logits: (B, K), in the order of the schema's names.
        feature: (B, D) from which the head made them.
    """

    logits: Tensor
    feature: Tensor


class Body(nn.Module):
    """What turns images (B, 3, H, W) in [0, 1] into features (B, D).

    Attributes:
        width: D.
    """

    width: int

    def parts(self) -> dict[str, list[nn.Module]]:
        """Its modules, by the names that fine-tuning knows; together they are all of it."""
        raise NotImplementedError


class AttributeModel(nn.Module):
    """A body and a head: images in [0, 1] to an `AttributeOutput`.

    Each trunk of the body normalises by its own mean and deviation, so ``preprocessing`` only
    brings uint8 images to [0, 1].

    Args:
        body: makes the feature.
        head: makes the logits.
        schema: of the K attributes.
        image_size: height and width in pixels.
        architecture: arguments with which `create_attribute_model` builds it again.
    """

    def __init__(
        self,
        body: Body,
        head: AttributeHead,
        *,
        schema: Schema,
        image_size: tuple[int, int],
        architecture: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.body, self.head, self.schema = body, head, schema
        self.preprocessing = Preprocessing(image_size, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
        self.architecture = dict(architecture)
        self._frozen: tuple[nn.Module, ...] = ()

    def forward(self, images: Tensor) -> AttributeOutput:
        """Recognise the attributes of float images ``(B, 3, H, W)`` in [0, 1].

        Raises:
            ValueError: the images have another size than the model is built for.
        """
        height, width = self.preprocessing.image_size
        if images.shape[1:] != (3, height, width):
            raise ValueError(
                f"expected images (B, 3, {height}, {width}), came {tuple(images.shape)}"
            )
        feature: Tensor = self.body(images)
        return AttributeOutput(self.head(feature), feature)

    def parts(self) -> dict[str, list[nn.Module]]:
        """All modules by what they are: those of the body, ``head`` and ``adapter``."""
        head: list[nn.Module] = [self.head.classifier, self.head.norm]
        adapter = [] if self.head.adapter is None else [self.head.adapter]
        return {**self.body.parts(), "head": head, "adapter": [*adapter]}

    def freeze(self, modules: list[nn.Module]) -> None:
        """Keep these modules as they are, running statistics and dropout included."""
        self._frozen = tuple(modules)
        for module in modules:
            module.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Switch to training mode, but for what is frozen."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self
