"""Names go as they were announced: a warning for one minor release, then an error here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from reid_data.deprecation import deprecated, gone_in

from .deprecations import overdue

SOURCE = """
from reid_data.deprecation import deprecated

class Gallery:
    @deprecated(since="0.3.0", instead="Gallery.open", package="reid-eval")
    def load(self): ...
"""


def test_nothing_stays_longer_than_announced(package: str) -> None:
    module = import_module(f"reid_{package}")
    assert list(overdue(Path(str(module.__file__)).parent, module.__version__)) == []


@pytest.mark.parametrize(
    ("version", "found"), [("0.3.0", 0), ("0.3.9", 0), ("0.4.0", 1), ("0.10.0", 1), ("1.0.0", 1)]
)
def test_a_name_is_overdue_once_its_version_has_come(
    tmp_path: Path, version: str, found: int
) -> None:
    (tmp_path / "gallery.py").write_text(SOURCE)
    told = list(overdue(tmp_path, version))
    assert len(told) == found
    assert all("gallery.py:6: load should be gone since 0.4.0" in line for line in told)


def test_a_call_warns_where_it_stands_and_does_what_it_did() -> None:
    @deprecated(since="1.2.0", instead="reid_core.create_model(name)", package="reid-core")
    def build(name: str, *, size: int = 2) -> str:
        """Build it."""
        return name * size

    said = r"build is deprecated since reid-core 1\.2\.0 and goes in 1\.3\.0; use reid_core\.crea"
    with pytest.warns(DeprecationWarning, match=said) as caught:
        assert build("a", size=3) == "aaa"
    assert caught[0].filename == __file__
    assert (build.__name__, build.__doc__) == ("build", "Build it.")


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match="three numbers"):
        gone_in("0.3")
