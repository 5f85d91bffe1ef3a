from __future__ import annotations

import threading

import pytest

from reid_data.images import UnreadableImagesError, read_image
from reid_data.preprocess.outputs import do_each, new_folder
from reid_data.preprocess.rewriting import encode_image, every_image, rewrite_images


def invert(image, _):
    return 255 - image


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    out = tmp_path / "deep" / "out"

    def interrupted():
        with new_folder(out) as folder:
            (folder / "half.txt").write_text("half")
            assert not out.exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(out.parent.iterdir()) == []
    with new_folder(out) as folder:
        (folder / "whole.txt").write_text("whole")
    assert [path.name for path in out.iterdir()] == ["whole.txt"]


def test_an_empty_folder_may_be_there_but_nothing_is_overwritten(tmp_path):
    with new_folder(tmp_path / "empty") as folder:
        (folder / "a").touch()
    with pytest.raises(ValueError, match="not an empty folder"), new_folder(tmp_path / "empty"):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="not an empty folder"), new_folder(tmp_path / "file"):
        pass


@pytest.mark.parametrize("workers", [0, 3])
def test_results_come_in_order_and_progress_adds_up(workers):
    finished = []
    results = do_each(lambda item: item * item, range(50), workers=workers, advance=finished.append)
    assert results == [item * item for item in range(50)]
    assert sum(finished) == 50


def test_a_failure_ends_the_work_that_has_not_begun():
    begun = []
    gate = threading.Event()

    def work(item):
        begun.append(item)
        if item == 0:
            raise ValueError("first")
        gate.wait(0.01)

    with pytest.raises(ValueError, match="first"):
        do_each(work, range(10_000), workers=2)
    assert len(begun) < 1000


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_set_is_written_again_with_its_side_files(tmp_path, make_records, workers):
    names = ["train/0001/a.png", "train/0002/a.png", "query/b.PNG"]
    records = make_records(tmp_path / "set", names)
    (tmp_path / "set" / "info").mkdir()
    (tmp_path / "set" / "info" / "train.txt").write_text("a list\n")
    (tmp_path / "set" / ".cache").write_text("hidden")
    (tmp_path / "set" / "unlisted.jpg").write_bytes(b"an image that the records leave out")
    done = rewrite_images(records, tmp_path / "new", invert, workers=workers)
    assert (done.images, done.others, done.unreadable) == (3, 1, ())
    written = {p.relative_to(tmp_path / "new").as_posix() for p in (tmp_path / "new").rglob("*.*")}
    assert written == {*names, "info/train.txt"}
    for name in names:
        original = read_image(tmp_path / "set" / name)
        assert (read_image(tmp_path / "new" / name) == 255 - original).all()


def test_unreadable_images_are_all_named_and_nothing_is_left(tmp_path, make_records):
    records = make_records(tmp_path / "set", ["a.png", "b.png", "c.png", "d.png"])
    (tmp_path / "set" / "b.png").write_bytes(b"")
    whole = (tmp_path / "set" / "c.png").read_bytes()
    (tmp_path / "set" / "c.png").write_bytes(whole[: len(whole) // 2])
    calls = []

    def change(image, name):
        calls.append(name)
        return image

    with pytest.raises(UnreadableImagesError) as caught:
        rewrite_images(records, tmp_path / "new", change)
    assert [path.name for path in caught.value.paths] == ["b.png"]
    assert not calls, "an empty file is found before any work"
    (tmp_path / "set" / "b.png").unlink()
    done = rewrite_images(records, tmp_path / "new", change, skip_unreadable=True)
    assert sorted(path.path.name for path in done.unreadable) == ["b.png", "c.png"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.png", "d.png"]
    records = records.take([0, 2, 3])
    with pytest.raises(UnreadableImagesError) as caught:
        rewrite_images(records, tmp_path / "other", change)
    assert [path.name for path in caught.value.paths] == ["c.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "set"]


def test_every_image_is_found_in_any_layout(tmp_path, make_records):
    make_records(tmp_path, ["b/x.png", "a.jpg", "c/d/e.bmp"])
    assert every_image(tmp_path).table["path"].tolist() == ["a.jpg", "b/x.png", "c/d/e.bmp"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="expected images"):
        every_image(tmp_path / "empty")


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".bmp", ".webp"])
def test_pixels_survive_encoding(suffix, tmp_path, make_picture):
    image = make_picture(40, 20)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encode_image(image, suffix))
    worst = abs(read_image(path).astype(int) - image).mean()
    assert worst < 5 if suffix.lower() in (".jpg", ".jpeg") else worst == 0


def test_an_unknown_format_is_refused(make_picture):
    with pytest.raises(ValueError, match=r"\.tif"):
        encode_image(make_picture(4, 4), ".tif")
