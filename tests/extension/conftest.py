"""Packages of one file that add a member, as `pip install` would lay them down."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ctsync

ROOT = Path(ctsync.__file__).parents[1]
PAGE = (ROOT / "specs" / "developing.md").read_text()


def examples():
    """Give the code of the page for developers by the names of its files."""
    blocks = re.findall(r"```python\n# (\w+)\.py, (.*?)\n```", PAGE, re.DOTALL)
    return {name: f"# {code}\n" for name, code in blocks}


def announced(code):
    """Give the entry points that an example says it needs, by group."""
    found = re.findall(r"(ctsync[\w.]+): ([\w-]+ = \w+:\w+)", code)
    groups: dict[str, list[str]] = {}
    for group, point in found:
        groups.setdefault(group, []).append(point)
    return groups


class Site:
    """A folder on the path into which packages are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, code: str, points: dict[str, list[str]]) -> None:
        """Install a package of one module with its entry points."""
        (self.folder / f"{name}.py").write_text(code)
        info = self.folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n"
        )
        sections = (
            "\n".join([f"[{group}]", *lines]) for group, lines in points.items()
        )
        (info / "entry_points.txt").write_text("\n".join(sections) + "\n")

    def add_example(self, name: str) -> None:
        """Install an example of the page, with what it says it announces."""
        code = examples()[name]
        self.add(name, code, announced(code))

    def run(self, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
        """Run a module of Python with what is installed here, and with our package."""
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        environment = {k: v for k, v in os.environ.items() if k != "CI"}
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=cwd,
            env={**environment, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def passes(self, word: str, *files: str) -> None:
        """Run the tests of ours that are about a member, and see that they pass."""
        tried = self.run(
            "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-k", word,
            *files,
        )  # fmt: skip
        assert tried.returncode == 0, tried.stdout[-4_000:] + tried.stderr[-2_000:]
        assert re.search(r"\b[1-9][0-9]* passed", tried.stdout)


@pytest.fixture
def site(tmp_path) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    return Site(folder)


@pytest.fixture
def project(tmp_path):
    """Write a project, and give its folder."""

    def write(text: str, **files: str) -> Path:
        folder = tmp_path / "project"
        folder.mkdir()
        head = "version: 1\naccount: {id: A-1, region: in1}\n"
        (folder / "ctsync.yaml").write_text(head + text)
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_text(content)
        return folder

    return write
