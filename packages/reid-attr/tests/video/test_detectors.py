"""Detectors: boxes from files, networks with the user's weights, ONNX files, OpenCV's HOG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reid_attr.video.detectors import (
    GivenBoxes,
    HogDetector,
    OnnxDetector,
    TorchvisionDetector,
    create_detector,
    list_detectors,
)
from reid_attr.video.detectors.onnx_file import read_output
from reid_attr.video.letterbox import Letterbox
from reid_data.console import MissingExtraError
from reid_data.videos import VideoFrame, VideoInfo

MOT = "1,7,11,21,30,80,1,1,0.4\n1,9,101,21,30,80,1,1,1\n3,7,15,21,30,80,1,1,-1\n2,5,1,1,9,9,0,1,1\n"
CSV = """pid,frame,left,top,width,height,visibility
7,0,10,20,30,80,0.4
9,0,100,20,30,80,1
7,2,14,20,30,80,
"""


def clip(frames: int | None = 3) -> VideoInfo:
    return VideoInfo(height=120, width=160, rate=25.0, frames=frames, codec="h264")


def frame(number: int = 0, level: int = 0) -> VideoFrame:
    return VideoFrame(number, number / 25, np.full((120, 160, 3), level, np.uint8))


@pytest.mark.parametrize(("name", "text"), [("gt.txt", MOT), ("boxes.csv", CSV)])
def test_both_formats_give_the_same_boxes(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    detector = create_detector("boxes", tmp_path / name)
    detector.begin(clip())
    first, second, third = detector.detect([frame(0), frame(1), frame(2)])
    assert first.boxes.tolist() == [[10, 20, 40, 100], [100, 20, 130, 100]]
    assert first.scores == pytest.approx([0.4, 1.0])
    assert first.ids is not None
    assert first.ids.tolist() == [7, 9]
    assert len(second) == 0
    assert third.boxes.tolist() == [[14, 20, 44, 100]]
    assert third.scores.tolist() == [1.0]


def test_boxes_without_ids_and_scores(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("frame,left,top,width,height\n0,1,2,3,4\n")
    detector = GivenBoxes(tmp_path / "a.csv")
    assert not detector.has_ids
    found = detector.detect([frame()])[0]
    assert found.ids is None
    assert found.scores.tolist() == [1.0]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "frame,left,top,width\n0,1,2,3\n", "lacks the column height"),
        ("a.csv", "frame,left,top,width,height\n0,1,x,3,4\n", "line 2: expected a number for top"),
        ("a.csv", "frame,left,top,width,height\n0,1,,3,4\n", "line 2: expected a number for top"),
        ("a.csv", "frame,left,top,width,height\n0.5,1,2,3,4\n", "whole numbers for frame"),
        ("a.csv", "frame,left,top,width,height\n-1,1,2,3,4\n", "frames count from 0"),
        ("a.csv", "frame,left,top,width,height\n", "holds no boxes"),
        ("a.csv", "frame,left,top,width,height,score\n0,1,2,3,4,7\n", "from 0 to 1"),
        ("a.csv", "frame,left,top,width,height,pid\n0,1,2,3,4,5\n0,1,2,3,4,5\n", "id 5 twice"),
        ("a.csv", "", "cannot read boxes"),
        ("a.txt", "1,2,3\n", "line 1: expected frame, id"),
        ("a.txt", "0,1,2,3,4,5\n", "count from 1"),
        ("a.json", "{}", "expected boxes in a .txt file"),
    ],
)
def test_box_files_of_another_form_are_refused(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=reason) as caught:
        GivenBoxes(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_missing_box_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read boxes from .*b\.csv"):
        GivenBoxes(tmp_path / "b.csv")


def test_boxes_of_another_clip_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    detector = GivenBoxes(tmp_path / "a.csv")
    with pytest.raises(ValueError, match=r"boxes in frame 2 .* the clip has 2 frames"):
        detector.begin(clip(2))
    detector.begin(clip(None))
    (tmp_path / "b.csv").write_text("frame,left,top,width,height\n0,1900,20,30,80\n")
    detector = GivenBoxes(tmp_path / "b.csv")
    detector.begin(clip())
    with pytest.raises(ValueError, match=r"1 of the 1 boxes .* outside of the frames of 160 x 120"):
        detector.detect([frame()])


def test_unknown_detectors_name_the_nearest() -> None:
    assert {"boxes", "hog", "onnx", "fasterrcnn_resnet50_fpn"} <= set(list_detectors())
    with pytest.raises(ValueError, match="did you mean 'ssd300_vgg16'"):
        create_detector("ssd300_vgg")


@pytest.mark.parametrize(
    ("name", "needed"),
    [("boxes", "a .txt"), ("onnx", "an .onnx file"), ("ssd300_vgg16", "the file of its weights")],
)
def test_a_detector_without_its_file_says_which(name: str, needed: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} needs {needed}"):
        create_detector(name)


def test_options_that_would_be_ignored_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="hog needs no file"):
        create_detector("hog", tmp_path)
    with pytest.raises(ValueError, match="only onnx has"):
        create_detector("boxes", tmp_path, layout="corners")


@given(
    frame=st.tuples(st.integers(1, 999), st.integers(1, 999)),
    size=st.tuples(st.integers(32, 320), st.integers(32, 320)),
)
def test_letterboxed_frames_fit_and_boxes_come_back(
    frame: tuple[int, int], size: tuple[int, int]
) -> None:
    box = Letterbox(frame, size)
    (top, left), (height, width) = box.corner, box.inner
    assert top >= 0
    assert left >= 0
    assert top + height <= size[0]
    assert left + width <= size[1]
    corners = np.array([[left, top, left + frame[1] * box.scale, top + frame[0] * box.scale]])
    assert box.back(corners)[0] == pytest.approx([0, 0, frame[1], frame[0]], abs=0.01)


def test_a_letterboxed_picture_is_in_its_middle() -> None:
    image = np.full((40, 80, 3), 250, np.uint8)
    made = Letterbox((40, 80), (64, 64)).make(image)
    assert (made[16:48] == 250).all()
    assert (made[:16] == 114).all()
    assert (made[48:] == 114).all()


LAYOUTS = {
    # two people, one found twice, and a bicycle; the second person is unsure
    "corners": [
        [10, 20, 40, 100, 0.9, 0], [100, 20, 130, 100, 0.4, 0],
        [60, 60, 90, 90, 0.9, 1], [100, 20, 130, 100, 0.05, 0],
    ],
    "columns": [
        [25, 60, 30, 80, 0.9, 0], [26, 60, 30, 80, 0.8, 0.1], [115, 60, 30, 80, 0.4, 0.2],
        [75, 75, 30, 30, 0.3, 0.9], [75, 75, 30, 30, 0.05, 0],
    ],
    "objects": [
        [25, 60, 30, 80, 0.9, 1, 0], [26, 60, 30, 80, 0.8, 1, 0], [115, 60, 30, 80, 0.8, 0.5, 0.2],
        [75, 75, 30, 30, 0.9, 0.1, 1], [75, 75, 30, 30, 0.05, 1, 0],
    ],
}  # fmt: skip


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_every_layout_gives_the_same_people(layout: Any) -> None:
    rows = torch.tensor(LAYOUTS[layout])
    output = rows.T if layout == "columns" else rows
    boxes, scores = read_output(output, layout=layout, least_score=0.1)
    assert boxes.tolist() == [[10, 20, 40, 100], [100, 20, 130, 100]]
    assert scores == pytest.approx([0.9, 0.4])


def test_layouts_are_told_by_the_shape() -> None:
    many = torch.rand(84, 2100), torch.rand(2100, 85), torch.rand(300, 6)
    for output, layout in zip(many, ("columns", "objects", "corners"), strict=True):
        guessed = read_output(output, layout=None, least_score=0.1)
        told = read_output(output, layout=layout, least_score=0.1)  # type: ignore[arg-type]
        assert np.array_equal(guessed[0], told[0])


def onnx_file(path: Path, *, batch: int | str = 1, wrong: bool = False) -> Path:
    """A person at (8, 16) to (32, 48) of 64 x 64, as sure as the picture is red."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT

    def constant(name: str, values: Any) -> Any:
        return onnx.numpy_helper.from_array(np.array(values), name)

    nodes = [
        helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Slice", ["means", "zero", "one", "one"], ["red"]),
        helper.make_node("Unsqueeze", ["red", "one"], ["score"]),
        helper.make_node("Mul", ["score", "no"], ["nothing"]),
        helper.make_node("Add", ["nothing", "corners"], ["box"]),
        helper.make_node("Concat", ["box", "score", "nothing"], ["found"], axis=2),
        helper.make_node("Squeeze" if wrong else "Identity", ["found"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("images", kind, [batch, 3, 64, 64])],
        [helper.make_tensor_value_info("output", kind, None)],
        [
            constant("zero", [0]), constant("one", [1]), constant("no", [np.float32(0)]),
            constant("corners", [[np.float32([8, 16, 32, 48])]]),
        ],
    )  # fmt: skip
    graph.node[1].input[:] = ["means", "zero", "one", "one"]
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize("batch", [1, "batch"])
def test_an_onnx_file_sees_letterboxed_frames_from_0_to_1(tmp_path: Path, batch: int | str) -> None:
    detector = OnnxDetector(onnx_file(tmp_path / "d.onnx", batch=batch))
    detector.begin(clip())
    dark, red = frame(0), frame(1)
    red.pixels[..., 0] = 255
    nobody, somebody = detector.detect([dark, red])
    # the frames fill 48 of 64 rows, the rest is grey of 114
    assert len(nobody) == 1  # 0.11 of the grey alone
    assert nobody.scores[0] == pytest.approx(114 / 255 / 4, abs=1e-3)
    assert somebody.scores[0] == pytest.approx(0.75 + 114 / 255 / 4, abs=1e-3)
    assert somebody.boxes[0] == pytest.approx([20, 20, 80, 100], abs=1e-3)
    assert detector.detect([]) == []


def test_what_is_no_onnx_detector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no ONNX file"):
        OnnxDetector(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot be read as an ONNX model"):
        OnnxDetector(tmp_path / "bad.onnx")
    with pytest.raises(ValueError, match="one of corners, columns, objects; came 'yolo'"):
        OnnxDetector(tmp_path / "bad.onnx", layout="yolo")  # type: ignore[arg-type]
    detector = OnnxDetector(onnx_file(tmp_path / "d.onnx", wrong=True))
    with pytest.raises(ValueError, match=r"gives \(6,\) for 1 frames; expected \(B, N, 6\)"):
        detector.detect([frame()])
    with pytest.raises(ValueError, match="layout columns needs 5 numbers"):
        read_output(torch.zeros(3, 9), layout="columns", least_score=0.1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network of torchvision, which finds persons and nothing else."""
    from torchvision.models import get_model  # type: ignore[import-untyped]

    torch.manual_seed(0)
    network = get_model(
        "ssdlite320_mobilenet_v3_large", weights=None, weights_backbone=None, num_classes=2
    )
    path = tmp_path_factory.mktemp("weights") / "ssdlite.pth"
    torch.save(network.state_dict(), path)
    return path


def test_a_network_of_torchvision_runs_with_weights_from_a_file(weights: Path) -> None:
    name = "ssdlite320_mobilenet_v3_large"
    detector = TorchvisionDetector(name, weights, least_score=0.0)
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    frames = [VideoFrame(0, 0.0, noise), VideoFrame(1, 0.04, noise[:, ::-1].copy())]
    found = detector.detect(frames)
    assert [len(each) > 0 for each in found] == [True, True]
    assert all((each.boxes >= 0).all() for each in found)
    assert all((each.boxes <= [160, 120, 160, 120]).all() for each in found)
    alone = detector.detect(frames[:1])[0]
    assert np.allclose(alone.boxes, found[0].boxes, atol=1e-2)
    none = TorchvisionDetector(name, weights, least_score=1.0).detect(frames)
    assert [len(each) for each in none] == [0, 0]


def test_weights_that_are_missing_or_do_not_fit_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is nothing at"):
        create_detector("ssdlite320_mobilenet_v3_large", tmp_path / "none.pth")
    torch.save({"a": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="does not fit ssdlite320_mobilenet_v3_large with 91 or 2"):
        create_detector("ssdlite320_mobilenet_v3_large", tmp_path / "other.pth")


def test_hog_finds_a_drawn_person() -> None:
    pytest.importorskip("cv2")
    image = np.full((220, 300, 3), 235, np.uint8)
    rows, columns = np.mgrid[:220, :300]

    def disc(row: int, column: int, high: int, wide: int) -> None:
        image[((rows - row) / high) ** 2 + ((columns - column) / wide) ** 2 < 1] = 40

    disc(45, 150, 14, 11)
    disc(95, 150, 42, 24)
    disc(160, 139, 48, 11)
    disc(160, 161, 48, 11)
    found = HogDetector(least_score=0.2, enlarge=1.0).detect([VideoFrame(0, 0.0, image)])[0]
    empty = HogDetector(least_score=0.2).detect([frame(level=235)])[0]
    assert len(empty) == 0
    assert len(found) >= 1
    left, top, right, bottom = found.boxes[found.scores.argmax()]
    assert left < 150 < right
    assert top < 95 < bottom
    assert 120 < bottom - top < 220


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("No module named 'cv2'", r"pip install 'reid-attr\[video\]'"),
        ("libGL.so.1: cannot open shared object file", r"library libGL.so.1; .*apt install libgl1"),
    ],
)
def test_without_opencv_hog_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, error: str, hint: str
) -> None:
    import reid_attr.video.detectors.hog as module

    def fail(_name: str) -> None:
        raise ImportError(error)

    monkeypatch.setattr(module, "import_module", fail)
    with pytest.raises(MissingExtraError, match=hint):
        create_detector("hog")
