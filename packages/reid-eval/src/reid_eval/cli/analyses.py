"""What ``reid-eval test`` can say beyond the figures: how sure, where, how robust, how open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reid_data.console import note, progress
from reid_eval.cli.analysis_options import DegradeSideChoice
from reid_eval.cli.sides import Pass, check_model, open_model

if TYPE_CHECKING:
    import pandas as pd

    from reid_data.records import Records
    from reid_eval.embeddings import Embeddings
    from reid_eval.evaluation import ProtocolResult
    from reid_eval.open_set import OpenSetReport
    from reid_eval.robustness import DegradedResult, Level
    from reid_eval.scoring import Scoring
    from reid_eval.statistics import Interval, Slice

__all__ = ["Analyses", "AnalysisWishes", "Findings", "make_analyses"]


@dataclass(frozen=True, kw_only=True)
class AnalysisWishes:
    """What the command line asks for, as it says it."""

    confidence: float | None = None
    slices: str = ""
    sidecar: Path | None = None
    fewest_identities: int = 10
    degrade: Sequence[str] = ()
    degrade_side: str = "query"
    open_set: bool = False
    held_out: float = 0.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Findings:
    """What the analyses found; each is empty where it was not asked for."""

    intervals: Mapping[str, Mapping[str, Interval]]
    slices: Sequence[Slice]
    robustness: Sequence[DegradedResult]
    open_set: OpenSetReport | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values of what was asked for."""
        found: dict[str, Any] = {
            "intervals": {
                name: {metric: one.to_dict() for metric, one in each.items()}
                for name, each in self.intervals.items()
            },
            "slices": [one.to_dict() for one in self.slices],
            "robustness": [one.to_dict() for one in self.robustness],
            "open_set": self.open_set.to_dict() if self.open_set else None,
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True)
class Analyses:
    """What will be analysed, checked; see `make_analyses`."""

    wishes: AnalysisWishes
    cuts: Sequence[str]
    sidecar: pd.DataFrame | None
    levels: Sequence[Level]

    def run(
        self,
        done: Mapping[str, Embeddings],
        results: Sequence[ProtocolResult],
        *,
        scoring: Scoring,
        ranks: Sequence[int],
        how: Pass,
    ) -> Findings:
        """Analyse; intervals of every protocol, all else of the first."""
        return Findings(
            intervals=self._intervals(results, ranks),
            slices=self._slices(results[0]),
            robustness=self._robustness(done, results[0], scoring, how),
            open_set=self._open_set(done, results[0], how),
        )

    def _intervals(
        self, results: Sequence[ProtocolResult], ranks: Sequence[int]
    ) -> dict[str, dict[str, Interval]]:
        from reid_eval.statistics import confidence_intervals

        found: dict[str, dict[str, Interval]] = {}
        if self.wishes.confidence is None:
            return found
        for result in results:
            trial = result.trials[0]
            pids = trial.queries["pid"].to_numpy()
            if len(result.trials) > 1:
                note(f"no intervals for {result.name}: its trials have a deviation")
            elif len(set(pids[trial.report.evaluated])) < 2:
                note(f"no intervals for {result.name}: its queries are those of one identity")
            else:
                found[result.name] = confidence_intervals(
                    trial.report,
                    pids,
                    ranks=ranks,
                    confidence=self.wishes.confidence,
                    seed=self.wishes.seed,
                )
        return found

    def _slices(self, result: ProtocolResult) -> Sequence[Slice]:
        from reid_eval.statistics import slice_report

        if not self.cuts:
            return ()
        if result.report.ranks is None:
            note(f"no slices for {result.name}: its galleries differ from query to query")
            return ()
        return slice_report(
            result.report,
            result.first.query,
            result.first.gallery,
            self.cuts,
            sidecar=self.sidecar,
            fewest_identities=self.wishes.fewest_identities,
            confidence=self.wishes.confidence or 0.95,
            seed=self.wishes.seed,
        )

    def _robustness(
        self, done: Mapping[str, Embeddings], result: ProtocolResult, scoring: Scoring, how: Pass
    ) -> Sequence[DegradedResult]:
        if not self.levels:
            return ()
        from reid_eval.evaluation import evaluate_protocol
        from reid_eval.robustness import embed_degraded, measure_robustness

        embedder = open_model(how, needed_for="degraded query and gallery")
        check_model(embedder, done, how)
        side_choice = DegradeSideChoice(self.wishes.degrade_side)
        images = sum(
            len(done[name])
            for name in ("query", "gallery")
            if side_choice in (name, DegradeSideChoice.BOTH)
        )
        with progress("degraded", total=images * len(self.levels)) as advance:
            return measure_robustness(
                done["query"],
                done["gallery"],
                self.levels,
                embed_at=lambda side, level: embed_degraded(
                    lambda batch: how.views.embed(embedder, batch),
                    side,
                    level,
                    image_size=embedder.image_size,
                    device=embedder.device,
                    batch_size=how.batch_size,
                    workers=how.workers,
                    advance=advance,
                ),
                evaluate=lambda query, gallery: (
                    evaluate_protocol(query, gallery, result.protocol, scoring=scoring).report
                ),
                side=side_choice.value,
            )

    def _open_set(
        self, done: Mapping[str, Embeddings], result: ProtocolResult, how: Pass
    ) -> OpenSetReport | None:
        if not self.wishes.open_set:
            return None
        from reid_eval.open_set import evaluate_open_set

        protocol = result.report.protocol
        with progress("open set", total=len(done["query"])) as advance:
            return evaluate_open_set(
                done["query"],
                done["gallery"],
                held_out=self.wishes.held_out,
                metric="euclidean" if protocol["metric"] == "euclidean" else "cosine",
                camera_filter="none" if protocol["camera_filter"] == "none" else "cross-camera",
                junk_pids=protocol["junk_pids"],
                device=how.device,
                seed=self.wishes.seed,
                advance=advance,
            )


def make_analyses(
    wishes: AnalysisWishes, sides: Mapping[str, Records | Embeddings], *, model: str
) -> Analyses:
    """Decide everything before anything is embedded.

    Raises:
        ValueError: something asked for does not exist, lacks what it needs, or contradicts the
            rest.
    """
    from reid_eval.robustness import parse_levels
    from reid_eval.statistics import BUILT_IN_SLICINGS, read_sidecar

    if wishes.confidence is not None and not 0 < wishes.confidence < 1:
        raise ValueError(
            f"--confidence lies between 0 and 1, such as 0.95, got {wishes.confidence}"
        )
    cuts = [cut.strip() for cut in wishes.slices.split(",") if cut.strip()]
    sidecar = None if wishes.sidecar is None else read_sidecar(wishes.sidecar)
    columns = [*sides["query"].table.columns, *(() if sidecar is None else sidecar.columns)]
    for cut in cuts:
        if cut not in BUILT_IN_SLICINGS and cut not in columns:
            raise ValueError(
                f"--slices {cut}: expected {', '.join(BUILT_IN_SLICINGS)} or a column, of "
                f"{', '.join(map(str, columns))}"
            )
    levels = parse_levels(wishes.degrade, seed=wishes.seed)
    if levels and not model:
        raise ValueError("--degrade embeds images again, so it needs --model")
    if wishes.held_out and not wishes.open_set:
        raise ValueError("--held-out is for --open-set; give both")
    if wishes.open_set:
        _check_open(sides, wishes.held_out)
    return Analyses(wishes, cuts, sidecar, levels)


def _check_open(sides: Mapping[str, Records | Embeddings], held_out: float) -> None:
    if not 0 <= held_out < 1:
        raise ValueError(f"--held-out is a share in [0, 1), got {held_out}")
    searched = set(sides["gallery"].pids.tolist())
    if not held_out and all(pid in searched for pid in sides["query"].pids.tolist()):
        raise ValueError(
            "--open-set: every query's identity is in the gallery, so nobody is unknown; add "
            "--held-out 0.5, for example"
        )
