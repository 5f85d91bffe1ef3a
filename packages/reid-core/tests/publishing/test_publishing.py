"""Cards, and models that go to the hub and come back: against a hub that is a folder here."""

from __future__ import annotations

import fnmatch
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
import torch
import yaml
from huggingface_hub.errors import RepositoryNotFoundError

from reid_core import create_model, load_model, read_checkpoint, save_model
from reid_core.publishing import push_model, read_figures, refresh_card
from reid_core.training.finetuning import architecture_of
from reid_eval.embedders import load_embedder


class FolderHub:
    """Does with folders what the hub does with repositories."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fetched: list[str] = []

    def create_repo(self, name: str, *, private: bool, exist_ok: bool) -> None:
        (self.root / name).mkdir(parents=True, exist_ok=exist_ok)

    def create_commit(
        self, name: str, operations: Any, *, commit_message: str, revision: str | None
    ) -> Any:
        for each in operations:
            shutil.copy(each.path_or_fileobj, self.root / name / each.path_in_repo)
        return SimpleNamespace(commit_url=f"https://hub/{name}/commit/1")

    def snapshot_download(
        self, name: str, *, revision: str | None, allow_patterns: list[str]
    ) -> str:
        self.fetched.append(f"{name}@{revision}")
        if not (self.root / name).is_dir():
            answer = SimpleNamespace(headers={}, request=None, status_code=404, url="")
            raise RepositoryNotFoundError("no such repository\nsecond line", response=answer)
        here = self.root.parent / "cache" / name
        for file in (self.root / name).rglob("*"):
            below = str(file.relative_to(self.root / name))
            if any(fnmatch.fnmatch(below, pattern) for pattern in allow_patterns):
                (here / below).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, here / below)
        return str(here)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderHub:
    made = FolderHub(tmp_path / "hub")
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: made)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", made.snapshot_download)
    return made


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A checkpoint as a training leaves it."""
    torch.manual_seed(0)
    model = create_model("reid:osnet_x0_25", image_size=(64, 32))
    data = {"name": "market1501", "licence": "research only", "citation": "Zheng 2015"}
    metadata = {
        "data": [{**data, "identities": 751, "images": 12936}],
        "validation": {"best_epoch": 3, "mAP": 0.5, "rank1": 0.625},
    }
    save_model(model, tmp_path / "run", heads={"a": torch.zeros(2)}, metadata=metadata)
    return tmp_path / "run"


def front_matter(card: Path) -> Any:
    return yaml.safe_load(card.read_text().split("---\n")[1])


def test_a_checkpoint_has_a_card_that_hubs_can_read(run: Path) -> None:
    front, text = front_matter(run / "README.md"), (run / "README.md").read_text()
    assert (front["license"], front["library_name"]) == ("other", "reid-core")
    [result] = front["model-index"][0]["results"]
    assert {each["name"]: each["value"] for each in result["metrics"]} == {
        "mAP": 0.5,
        "Rank-1": 0.625,
    }
    assert "market1501, 751 people in 12,936 images; terms: research only; Zheng 2015" in text
    assert "reid:osnet_x0_25" in text
    assert all(f"\n## {part}\n" in text for part in ("Licence", "Intended use", "Limits"))


def test_figures_with_intervals_come_from_reports(run: Path, tmp_path: Path) -> None:
    report = {
        "mAP": 0.83,
        "mINP": 0.5,
        "cmc": [0.91, 0.95],
        "intervals": {"standard": {"mAP": {"value": 0.83, "low": 0.81, "high": 0.85}}},
    }
    (tmp_path / "market-test").mkdir()
    (tmp_path / "market-test" / "report.json").write_text(json.dumps(report))
    named = f"Market-1501={tmp_path / 'market-test'}"
    card = refresh_card(run, title="street", licence="cc-by-nc-4.0", reports=[named])
    text, front = card.read_text(), front_matter(card)
    assert "| Market-1501 | mAP | 0.830 | 0.810 to 0.850 |" in text
    assert "| Market-1501 | Rank-1 | 0.910 | unknown |" in text
    assert front["license"] == "cc-by-nc-4.0"
    assert [each["dataset"]["name"] for each in front["model-index"][0]["results"]] == [
        "people held out of the training",
        "Market-1501",
    ]
    assert read_figures(tmp_path / "market-test")[0].on == "market-test"


def test_a_card_of_ones_own_stays(run: Path) -> None:
    (run / "README.md").write_text("mine")
    save_model(load_model(run), run)
    assert (run / "README.md").read_text() == "mine"
    with pytest.raises(ValueError, match="was written by hand"):
        refresh_card(run)


def test_what_is_pushed_comes_back_the_same(run: Path, hub: FolderHub) -> None:
    (run / "training").mkdir()
    (run / "training" / "last.ckpt").write_bytes(b"state")
    pushed = push_model(run, "lab/street")
    assert pushed.model == "hf://lab/street"
    assert set(pushed.files) == {"README.md", "model.json", "model.safetensors"}
    assert not (hub.root / "lab/street/heads.safetensors").exists()
    expected, found = load_model(run), load_model("hf://lab/street@v1")
    assert hub.fetched[-1].endswith("lab/street@v1")
    for name, tensor in expected.state_dict().items():
        assert torch.equal(tensor, found.state_dict()[name])
    # Options that hold paths fold the two slashes into one.
    assert read_checkpoint(Path("hf://lab/street")).metadata["validation"]["mAP"] == 0.5
    assert architecture_of(Path("hf://lab/street")) == architecture_of(run)
    embedder = load_embedder("hf://lab/street", device="cpu")
    assert embedder.fingerprint == load_embedder(run, device="cpu").fingerprint


def test_a_folder_in_a_repository_and_an_exported_file(
    run: Path, hub: FolderHub, tmp_path: Path
) -> None:
    shutil.copytree(run, hub.root / "lab/many/street")
    assert load_model("hf://lab/many/street").embedding_size == 128
    for name in ("model.onnx", "model.md"):
        (tmp_path / name).write_text(name)
    assert push_model(tmp_path / "model.onnx", "lab/file").files == ("model.onnx", "README.md")
    assert (hub.root / "lab/file/README.md").read_text() == "model.md"


@pytest.mark.parametrize(
    ("source", "name", "said"),
    [
        ("run", "street", "expected a name on the hub as owner/name, came 'street'"),
        ("nothing", "lab/street", "expected a checkpoint folder, or a file ending in .onnx"),
        ("hf://lab/a", "lab/street", "is on the hub already"),
        (".", "lab/street", "is no checkpoint folder"),
    ],
)
def test_what_cannot_be_pushed_is_refused(
    run: Path, hub: FolderHub, monkeypatch: pytest.MonkeyPatch, source: str, name: str, said: str
) -> None:
    monkeypatch.chdir(run.parent)
    with pytest.raises(ValueError, match=said):
        push_model(source, name)
    assert not hub.root.exists()


@pytest.mark.parametrize("source", ["hf://lab/none", "hf://lab"])
def test_what_is_not_on_the_hub_is_one_line(hub: FolderHub, source: str) -> None:
    with pytest.raises(ValueError, match=r"cannot fetch|expected hf://owner/name") as caught:
        load_model(source)
    assert "\n" not in str(caught.value)


def test_a_report_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no report at"):
        read_figures(tmp_path / "none")
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(ValueError, match="is no report of `reid-eval test`"):
        read_figures(tmp_path)
