"""Install an opponent from the package index into an environment of its own.

    python benchmarks/opponents/install.py torchreid==0.2.5 [WHAT_IT_IMPORTS==VERSION ...]

prints the interpreter of that environment, which is named after the first requirement. NumPy,
torch and the like are those of the interpreter that runs this, so that opponents are measured on
the same ones; nothing of theirs is installed beside our packages.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".nox" / "opponents"


def main(*requirements: str) -> None:
    folder = FOLDER / requirements[0].replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = (str(python), "-m", "pip", "install", "-q")
        subprocess.run((*pip, "--no-deps", requirements[0]), check=True, stdout=sys.stderr)
        if imports := requirements[1:]:
            subprocess.run((*pip, *imports), check=True, stdout=sys.stderr)
        # Appended to the search path: what the opponent's environment holds itself comes first.
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        beside = folder / "lib" / version / "site-packages" / "beside.pth"
        beside.write_text(sysconfig.get_path("purelib") + "\n")
        (folder / "complete").touch()
    print(python)


if __name__ == "__main__":
    main(*sys.argv[1:])
