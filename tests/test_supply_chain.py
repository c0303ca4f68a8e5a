"""What is shipped can be made again, and what it stands on is written down."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SHIPPED = ["ctsync", ".github/actions", "pyproject.toml", "README.md", "LICENSE"]
CI = (ROOT / ".ci/run").read_text()


def wheel_from(folder, umask):
    """Build a wheel from a copy of the source with its own times and modes."""
    for name in SHIPPED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            bytecode = shutil.ignore_patterns("__pycache__")
            shutil.copytree(
                ROOT / name,
                folder / name,
                copy_function=shutil.copyfile,
                ignore=bytecode,
            )
        else:
            shutil.copyfile(ROOT / name, folder / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"],
        cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600"},
        capture_output=True,
        check=True,
        umask=umask,
    )
    (wheel,) = (folder / "out").iterdir()
    return wheel.name, wheel.read_bytes()


def test_a_wheel_is_the_same_bytes_wherever_and_whenever_it_is_built(tmp_path):
    first = wheel_from(tmp_path / "one", umask=0o022)
    for path in (tmp_path / "one").rglob("*"):
        os.utime(path, (0, 0))
    second = wheel_from(tmp_path / "another" / "place", umask=0o077)
    assert first[0] == second[0]
    assert first[1] == second[1]


@pytest.fixture(scope="module")
def bill(tmp_path_factory):
    """The bill of materials of the environment of these tests."""
    file = tmp_path_factory.mktemp("bill") / "sbom.json"
    words = ["environment", sys.executable, "--output-format", "JSON"]
    words += ["--output-reproducible", "--output-file", str(file)]
    subprocess.run([sys.executable, "-m", "cyclonedx_py", *words], check=True)
    return json.loads(file.read_text())


def normal(name):
    """Return a project's name as the packaging standard compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements):
    return {normal(re.match(r"[\w.-]+", each)[0]) for each in requirements}


def test_the_bill_of_materials_lists_every_dependency(bill):
    assert bill["bomFormat"] == "CycloneDX"
    listed = {normal(each["name"]): each["version"] for each in bill["components"]}
    for name in names(PROJECT["project"]["dependencies"]):
        assert listed.get(name) == version(name), name


def test_the_pipeline_of_ctsync_makes_and_checks_one():
    assert "cyclonedx-py environment" in CI
    assert "--output-reproducible" in CI
    assert "pyproject.toml" in CI.partition("cyclonedx-py environment")[2]
