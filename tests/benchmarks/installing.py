"""Peers, each in a virtual environment of its own, away from the project."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tables import Setting, built

_VERSIONS = """\
import sys
from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in sys.argv[1:]))
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a peer's commands are, and which versions they have."""

    folder: Path
    versions: str

    def command(self, name: str) -> str:
        """Give the path of one of its commands."""
        return str(self.folder / name)


def install(setting: Setting, *packages: str) -> Peer | None:
    """Give a peer from PyPI, installed once; None where that is not to be had."""
    if not setting.with_peers:
        return None
    folder = setting.data / f"venv-{packages[0]}"
    try:
        built(folder, lambda aside: _install(aside, packages))
        versions = _said(folder / "bin" / "python", "-c", _VERSIONS, *packages)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip()
        sys.stderr.write(f"{packages[0]} is left out: {error}\n{said}\n")
        return None
    return Peer(folder / "bin", versions)


def _install(folder: Path, packages: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = ("-m", "pip", "install", "--quiet", *packages)
    python = str(folder / "bin" / "python")
    subprocess.run([python, *pip], check=True, capture_output=True, text=True)


def installed_terraform(setting: Setting) -> Peer | None:
    """Give Terraform where it is on the path."""
    found = shutil.which("terraform") if setting.with_peers else None
    if found is None:
        return None
    first, *_ = _said(Path(found), "version").splitlines()
    return Peer(Path(found).parent, first)


def _said(command: Path, *words: str) -> str:
    done = subprocess.run(
        [command, *words],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return done.stdout.strip()
