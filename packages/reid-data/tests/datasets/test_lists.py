"""Lists of files in text: what is forgiven, and what is refused by its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid_data.datasets.listing import find_home, read_lines
from reid_data.datasets.name_lists import read_name_list


def test_blank_lines_and_spaces_are_forgiven(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xef\xbb\xbfa.jpg  7\t3 \r\n\r\n   \n b.jpg -1 0\n\n")
    assert read_name_list(path, ("who", "where")) == (["a.jpg", "b.jpg"], [[7, -1], [3, 0]])


def test_other_separators_and_further_columns(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("a.jpg, 7, whatever\nb.jpg,8\n")
    assert read_name_list(path, ("who",), separator=",", extra=True) == (
        ["a.jpg", "b.jpg"],
        [[7, 8]],
    )
    with pytest.raises(ValueError, match=r"list.txt, line 1: expected a file name and who, came"):
        read_name_list(path, ("who",), separator=",")


@pytest.mark.parametrize(
    "content", ["a.jpg\n", "a.jpg x\n", "a.jpg 1 2\n", "a.jpg 1.5\n", "a.jpg ٣"]
)
def test_other_lines_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"\nfirst.jpg 1\n{content}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"list.txt, line 3: expected a file name and who"):
        read_name_list(path, ("who",))


def test_missing_empty_and_binary_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a list in text at .*missing.txt"):
        read_name_list(tmp_path / "missing.txt", ("who",))
    (tmp_path / "empty.txt").write_text("\n\n")
    with pytest.raises(ValueError, match=r"empty.txt is empty; expected lines"):
        read_name_list(tmp_path / "empty.txt", ("who",))
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match=r"expected a list in text"):
        list(read_lines(tmp_path / "binary.txt"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_content_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    try:
        names, (numbers,) = read_name_list(path, ("who",))
    except ValueError as error:
        assert "list.txt" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert len(names) == len(numbers) > 0
        assert all(-(10**18) < number < 10**18 for number in numbers)


def test_a_home_is_the_root_or_below_it(tmp_path: Path) -> None:
    (tmp_path / "Alias" / "train").mkdir(parents=True)
    assert find_home(tmp_path, ["train"], aliases=["Alias"]) == tmp_path / "Alias"
    assert find_home(tmp_path / "Alias", ["train"], aliases=["Alias"]) == tmp_path / "Alias"
    with pytest.raises(
        ValueError,
        match=r"expected train, list.txt in .*Alias; missing: list.txt; found there: train/",
    ):
        find_home(tmp_path, ["train", "list.txt"], aliases=["Alias"])
