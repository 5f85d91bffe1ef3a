"""``reid-eval test``: how well are people found again?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import (
    BatchSize,
    Device,
    Json,
    LoaderWorkers,
    Seed,
    SkipUnreadable,
    out_option,
)
from reid_eval.cli.analyses import AnalysisWishes, make_analyses
from reid_eval.cli.analysis_options import (
    Confidence,
    Degrade,
    DegradeSide,
    DegradeSideChoice,
    FewestIdentities,
    HeldOut,
    OpenSet,
    Sidecar,
    SlicesOption,
)
from reid_eval.cli.options import (
    AveragePrecisionChoice,
    BackendChoice,
    BackendOption,
    CameraFilterOption,
    Flip,
    FusionChoice,
    FusionOption,
    GalleryFolder,
    MetricChoice,
    MetricOption,
    Model,
    QueryFolder,
    RerankOption,
    RerankSetting,
    SomeData,
    SomeRoot,
    Transitions,
)
from reid_eval.cli.plan import Wishes, make_plan
from reid_eval.cli.results import check_out, show_results, write_results
from reid_eval.cli.sides import Pass
from reid_eval.cli.testset import embed_test_set, open_test_set
from reid_eval.views import Views

__all__ = ["measure_command"]


def measure_command(
    model: Model = "",
    data: SomeData = "",
    root: SomeRoot = None,
    query: QueryFolder = None,
    gallery: GalleryFolder = None,
    out: Annotated[Path | None, out_option("Folder for report.json and report.html.")] = None,
    embeddings: Annotated[
        bool, typer.Option(help="Leave the embeddings in OUT/query and OUT/gallery.")
    ] = True,
    protocol: Annotated[
        str,
        typer.Option(
            "--protocol",
            metavar="NAME[:KEY=VALUE]",
            help="image, none, tracklet, standard, same-clothes, cloth-changing, vehicleid, "
            "cuhk03-classic, reassociation, centroid, or several with commas between. "
            "Default: the data set's own.",
        ),
    ] = "",
    ranks: Annotated[
        str, typer.Option("--ranks", help="The k of the Rank-k to show.")
    ] = "1,5,10,20,50",
    metric: MetricOption = MetricChoice.COSINE,
    camera_filter: CameraFilterOption = None,
    average_precision: Annotated[
        AveragePrecisionChoice,
        typer.Option("--average-precision", help="trapezoid is Market-1501's own definition."),
    ] = AveragePrecisionChoice.MEAN,
    junk: Annotated[
        list[int] | None,
        typer.Option("--junk", help="Identity that does not count; may be repeated. Default: -1."),
    ] = None,
    rerank: RerankOption = "",
    rerank_set: RerankSetting = None,
    transitions: Transitions = None,
    fusion: FusionOption = FusionChoice.JOINT,
    confidence: Confidence = None,
    slices: SlicesOption = "",
    sidecar: Sidecar = None,
    fewest_identities: FewestIdentities = 10,
    degrade: Degrade = None,
    degrade_side: DegradeSide = DegradeSideChoice.QUERY,
    open_set: OpenSet = False,
    held_out: HeldOut = 0.0,
    flip: Flip = False,
    backend: BackendOption = BackendChoice.AUTO,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: LoaderWorkers = "auto",
    seed: Seed = 0,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Print mAP, Rank-1, 5, 10, 20, 50 and mINP; with --out write a report.

    Measures a data set (--data, --root) or two folders (--query, --gallery), each of images or of
    embeddings, by the data set's own protocol or those of --protocol.
    """
    from reid_eval.protocols import parse_protocols

    wanted = parse_protocols(protocol) if protocol else None
    redraws = wanted is not None and all(each.redraws for each in wanted)
    sides = open_test_set(data, root, query, gallery, redraws=redraws)
    check_out(out, embeddings)
    wishes = Wishes(
        metric=metric.value,
        camera_filter=camera_filter and camera_filter.value,
        average_precision=average_precision.value,
        junk=junk,
        rerank=rerank,
        rerank_set=rerank_set or (),
        transitions=transitions,
        fusion=fusion.value,
        device=device,
    )
    plan = make_plan(wanted, wishes, ranks=ranks, data=data, sides=sides)
    more = AnalysisWishes(
        confidence=confidence,
        slices=slices,
        sidecar=sidecar,
        fewest_identities=fewest_identities,
        degrade=degrade or (),
        degrade_side=degrade_side.value,
        open_set=open_set,
        held_out=held_out,
        seed=seed,
    )
    analyses = make_analyses(more, sides, model=model)
    how = Pass(model, device, batch_size, workers, Views(flip=flip), skip_unreadable, backend.value)
    done, speed = embed_test_set(sides, how)
    from reid_eval.evaluation import evaluate_protocol

    results = [
        evaluate_protocol(done["query"], done["gallery"], each, scoring=plan.scoring)
        for each in plan.protocols
    ]
    findings = analyses.run(done, results, scoring=plan.scoring, ranks=plan.ranks, how=how)
    files: dict[str, str] = {}
    if out is not None:
        name = data or f"{query} against {gallery}"
        files = write_results(
            *(out, done, results, findings), plan=plan, name=name, seed=seed, embeddings=embeddings
        )
    show_results(
        results, findings, files, plan=plan, model=model, data=data, speed=speed, as_json=as_json
    )
