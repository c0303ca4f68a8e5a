"""Packages that add a member from one file, as `pip install` would lay them down."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ctsync

ROOT = Path(ctsync.__file__).parents[1]


class Installed:
    """A folder on the path that holds one module and its entry point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, group: str, name: str, constant: str, code: str) -> None:
        (self.folder / f"{name}.py").write_text(code)
        info = self.folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        entry_point = f"[ctsync.{group}]\n{name} = {name}:{constant}\n"
        (info / "entry_points.txt").write_text(entry_point)

    def run(self, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def installed(tmp_path) -> Installed:
    folder = tmp_path / "site"
    folder.mkdir()
    return Installed(folder)
