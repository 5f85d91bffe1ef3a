"""The sections of a recipe about changed copies that the loader adds to a batch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reid_data.preprocess import Mixture, Recolouring, parse_mixture
from reid_data.preprocess.recolour import COLOURS, LAST_COLOURS

__all__ = ["DegradeSection", "RecolourSection"]

_Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RecolourSection(_Section):
    """Every image once more in other clothes, see `reid_data.preprocess.RecolouredTwins`.

    Attributes:
        palette: ``nine`` colours, or the ``six`` of them that are published for LaST.
        strength: share of the new colour.
        full: probability of colouring the arms, and the legs, too.
    """

    palette: Literal["nine", "six"] = "nine"
    strength: _Share = 0.7
    full: _Share = 0.0

    @property
    def recolouring(self) -> Recolouring:
        """How to recolour."""
        colours = COLOURS if self.palette == "nine" else LAST_COLOURS
        return Recolouring(tuple(colours.values()), strength=self.strength, full=self.full)


class DegradeSection(_Section):
    """Every image once more in low quality, see `reid_data.preprocess.DegradedTwins`.

    Attributes:
        mixture: a name, or weights such as ``pixelation=0.5,motion=0.5``, see
            `reid_data.preprocess.parse_mixture`.
    """

    mixture: str = "all"

    @field_validator("mixture")
    @classmethod
    def _is_one(cls, text: str) -> str:
        parse_mixture(text)
        return text

    @property
    def parsed(self) -> Mixture:
        """How often which damage happens."""
        return parse_mixture(self.mixture)
