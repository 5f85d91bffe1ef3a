"""A generated set of made-up people of which one knows what is wrong with each image.

Half of the images are as a good generator would draw them: their person in a pose of another
moment, drawn by the renderer. The others show somebody else, a body that nobody can have, a blur,
or the picture that a collapsed generator always draws. All are softened by shares of their own, as
drawings are, so that softness alone tells nothing.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from _made_up_people import World, open_world
from torch import Tensor
from torch.nn.functional import avg_pool2d

from reid_core.training import RunFolder, load_recipe, train
from reid_data import Records, load_dataset
from reid_data.files import replacing
from reid_data.synth import Shot
from reid_eval import load_embedder
from reid_gen.manifest import read_manifest, write_manifest
from reid_gen.purifying import (
    GcnTraining,
    GraphFolder,
    Hops,
    TrainedGCN,
    corrupt,
    list_rules,
    load_gcn,
    load_graph,
    purify,
    save_gcn,
    save_graph,
    train_gcn,
)
from reid_gen.purifying.making import make_graph

__all__ = ["KINDS", "NETWORK", "judged"]

KINDS = ("good", "wrong identity", "wrong pose", "blur", "collapse")
_CORRUPTIONS = {"wrong pose": "pose", "blur": "blur", "collapse": "collapse"}
FOLDS = 3
PEOPLE, STRANGERS, TESTED, EPOCHS = 450, 600, 100, 15
NETWORK = (
    "data.image_size=[64, 32]",
    "data.augmentation={flip: 0.5, pad: 3, erase: 0.0}",
    "model={name: timm:test_resnet, last_stride: 1}",
    "loss={cross_entropy: {smoothing: 0.1}, triplet: {margin: 0.3}}",
    "optimizer={lr: 5e-3}",
    "schedule={kind: cosine, warmup_epochs: 1}",
    "evaluation.val_identities=0",
    "logging.tensorboard=false",
)
"""Overrides of a recipe: a network that learns small pictures in a minute on a core."""
HOPS = Hops(near=20, far=5, edges=5)
LESSONS = GcnTraining(epochs=4, learning_rate=0.02, decay=0.5, widths=(256, 256, 128, 128))


def plant(world: World, known: int, folder: Path, *, of_each: int, seed: int = 0) -> pd.DataFrame:
    """Draw ``of_each`` images of each bad kind, and as many good ones, of the ``known`` people.

    Returns:
        The manifest, with a column ``kind``.
    """
    if (folder / "manifest.jsonl").is_file():
        return read_manifest(folder)
    rng = np.random.default_rng(seed)
    kinds = [KINDS[0]] * (of_each * (len(KINDS) - 1)) + list(KINDS[1:]) * of_each
    people = list(range(1, known + 1))
    claims = np.repeat(people, len(kinds))
    order = np.concatenate([rng.permutation(len(kinds)) for _ in people])
    table = pd.DataFrame({"pid": claims, "kind": np.array(kinds)[order]})
    # Somebody else who is known too.
    others = np.array(people)[(np.searchsorted(people, claims) + rng.integers(
        1, len(people), len(claims))) % len(people)]  # fmt: skip
    shown = np.where(table["kind"] == "wrong identity", others, claims)
    table["camid"] = rng.integers(1, len(world.studio.cameras) + 1, len(claims))
    images = torch.stack(
        [
            _photograph(world, pid, camid, row)
            for row, (pid, camid) in enumerate(zip(shown, table["camid"], strict=True))
        ]
    )
    generator = torch.Generator().manual_seed(seed)
    for kind, corruption in _CORRUPTIONS.items():
        rows = torch.from_numpy((table["kind"] == kind).to_numpy().nonzero()[0])
        for part in torch.split(rows, 64):
            images[part] = corrupt(images[part], corruption, generator=generator)
    images = _softened(images, generator)
    folder.mkdir(parents=True, exist_ok=True)
    table.insert(0, "file", [f"{row:05d}.png" for row in range(len(table))])
    for name, image in zip(table["file"], images.permute(0, 2, 3, 1).numpy(), strict=True):
        cv2.imwrite(str(folder / name), image[..., ::-1])
    write_manifest(table, folder)
    return table


def judged(work: Path, scale: float) -> tuple[Records, pd.DataFrame]:
    """Real images of the known people, and every generated one as the rules judge it.

    Everything is made in ``work``, and what is there already is not made again.

    Returns:
        Training images of the known people with the test images of others; and a row an image of
        ``work/fakes``: ``file``, ``pid`` (claimed), ``kind``, and by each rule a column of its name
        with the score and ``RULE keeps``.
    """
    known = max(60, round(PEOPLE * scale))
    work.mkdir(parents=True, exist_ok=True)
    world = open_world(
        work / "people",
        identities=known + max(120, round(STRANGERS * scale)),
        test_identities=max(20, round(TESTED * scale)),
        cameras=3,
        images_per_camera=2,
        height=64,
        width=32,
        seed=5,
    )
    everyone = load_dataset("market1501", world.root)
    training = (everyone.table["split"] == "train").to_numpy()
    real = everyone.take(~training | (everyone.pids <= known))
    manifest = plant(world, known, work / "fakes", of_each=1)
    strangers = everyone.take(training & (everyone.pids > known))
    kept = work / "judged.csv"
    if kept.is_file():
        return real, pd.read_csv(kept)
    model, parts = _extractor(strangers, work / "reid"), []
    for fold in range(FOLDS):
        graph, gcn = _of_fold(model, real.split("train"), work, fold)
        part = pd.DataFrame()
        for rule in list_rules():
            found = purify(graph, rule=rule, gcn=gcn)
            part[["path", "pid"]] = found[["path", "pid"]]
            part[rule], part[f"{rule} keeps"] = found["score"], found["kept"]
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table["file"] = [Path(path).name for path in table.pop("path")]
    table = table.merge(manifest[["file", "kind"]], on="file", validate="one_to_one")
    with replacing(kept) as temporary:
        table.to_csv(temporary, index=False)
    return real, table


def _extractor(strangers: Records, folder: Path) -> Path:
    """A re-ID model of people who are neither judged nor teach a GCN."""
    recipe = load_recipe("baseline", [*NETWORK, f"schedule.epochs={EPOCHS}"])
    begun = RunFolder(folder).begun
    train(recipe, strangers, out=folder, device="cpu", workers=0, resume=begun)
    return folder


def _of_fold(model: Path, real: Records, work: Path, fold: int) -> tuple[GraphFolder, TrainedGCN]:
    """Graph and GCN of one fold, made as the verbs make them."""
    name = f"{fold + 1}/{FOLDS}"
    graph, gcn = work / f"graph_{fold}", work / f"gcn_{fold}"
    if not (graph / "graph.json").is_file():
        found = make_graph(
            load_embedder(model, device="cpu"),
            real,
            generated=load_dataset("csv", work / "fakes" / "records.csv"),
            fold=name,
            neighbours=HOPS.needs,
            plant=0.5,
        )
        save_graph(found, graph)
    found = load_graph(graph)
    if not (gcn / "gcn.json").is_file():
        network, losses = train_gcn(found.graph, found.lessons, hops=HOPS, settings=LESSONS)
        pids = found.graph.pids[found.lessons]
        facts = {"fingerprint": found.fingerprint, "fold": name, "losses": losses}
        facts["pids"] = sorted(set(pids[pids >= 0].tolist()))
        save_gcn(TrainedGCN(network, HOPS, facts), gcn)
    return found, load_gcn(gcn)


def _photograph(world: World, pid: int, camid: int, number: int) -> Tensor:
    """A person as a camera of the data set sees it at another moment, (3, H, W)."""
    # Behind the running numbers and frames of the data set itself.
    shot = Shot("train", int(pid), int(camid), index=1000 + number, frame=100_000 + 40 * number)
    return torch.from_numpy(world.studio.draw(shot).image.copy()).permute(2, 0, 1)


def _softened(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image mixed with a blurred one, by a share of its own."""
    pixels = images.float()
    smooth = avg_pool2d(pixels, 3, 1, padding=1, count_include_pad=False)
    share = torch.rand(len(images), 1, 1, 1, generator=generator)
    return (pixels + share * (smooth - pixels)).round().to(torch.uint8)
