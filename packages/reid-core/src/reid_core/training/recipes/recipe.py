"""What a recipe says: typed sections, every key with its default, unknown keys refused."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, SerializeAsAny, model_validator

from reid_core.training.data.streams import Sees
from reid_core.training.recipes.sections import (
    CheckpointsSection,
    ComputeSection,
    DataSection,
    EvaluationSection,
    LoggingSection,
    OptimizerSection,
    ScheduleSection,
    Section,
)

__all__ = ["ModelSection", "Recipe", "TermSection"]


class ModelSection(Section):
    """The network; further keys are the arguments of `reid_core.create_model`.

    Attributes:
        name: backbone with its library, such as ``timm:resnet50``; a plain name means timm.
    """

    name: str = "timm:resnet50"


class TermSection(Section):
    """One named part of the loss; each registered term adds its own options to these.

    Attributes:
        term: registered name; left out, the key under which the section stands.
        weight: factor of this part in the sum.
        start_epoch: first epoch (from 0) in which it counts.
        gather: with several processes, whether the term compares the rows of all of them; none:
            as the term wants.
        data: with two data sets, whose batches it sees; with ``both`` it is called on the batches
            of each, and the identities of the second come behind those of the first.
    """

    term: str
    weight: Annotated[float, Field(gt=0)] = 1.0
    start_epoch: Annotated[int, Field(ge=0)] = 0
    gather: bool | None = None
    data: Sees = "both"


class Recipe(Section):
    """One way to train a network; a recipe never names a data set or a path to one.

    Attributes:
        description: one line for `reid-core recipes`.
        plugins: modules and ``.py`` files to import first, which register what the recipe names;
            `load_recipe` does so, and gives files by their whole path.
        model: `load_recipe` gives it the keys of `reid_core.create_model`.
        loss: terms by name; `load_recipe` gives every one the type of its registered class.
    """

    description: str = ""
    plugins: tuple[str, ...] = ()
    data: DataSection = DataSection()
    model: SerializeAsAny[ModelSection] = ModelSection()
    loss: dict[str, SerializeAsAny[TermSection]]
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection()
    evaluation: EvaluationSection = EvaluationSection()
    compute: ComputeSection = ComputeSection()
    checkpoints: CheckpointsSection = CheckpointsSection()
    logging: LoggingSection = LoggingSection()

    @property
    def clusters(self) -> bool:
        """Whether the labels of the first data set are those of a clustering, new in each epoch."""
        labels = self.data.pseudo_labels
        return labels is not None and labels.file is None

    @property
    def same_people(self) -> bool:
        """Whether there is a second data set, of the people of the first."""
        return self.data.second is not None and self.data.second.same_people

    @model_validator(mode="after")
    def _has_a_loss(self) -> Self:
        if not self.loss:
            raise ValueError("loss names no term, so there is nothing to learn from")
        if all(term.start_epoch for term in self.loss.values()):
            raise ValueError("loss has no term from the first epoch on; set one's start_epoch to 0")
        return self
