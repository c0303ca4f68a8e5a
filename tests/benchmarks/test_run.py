"""The benchmarks run; how fast is for people to read, not for a test to judge."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("run.py")
OWN = "help small inline apply overlap render fold journal reads import"
NAMES = tuple(OWN.split())
OTHERS = "octodns terraform csv join growth search decide hand exports homes doors load"
PEERS = tuple(OTHERS.split())


def run(*words):
    return subprocess.run(
        [sys.executable, RUN, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs_at_a_small_size_and_writes_its_table(name, tmp_path):
    file = tmp_path / "tables.md"
    done = run(name, "--rounds", "1", "--profiles", "20", "--markdown", file)
    assert (done.stderr, done.returncode) == ("", 0)
    assert file.read_text().startswith("### ")


@pytest.mark.parametrize("name", PEERS)
def test_a_comparison_runs_where_no_peer_is_installed(name, tmp_path):
    """Also with data that is kept where no project is."""
    file = tmp_path / "tables.md"
    words = ("--rounds", "1", "--sizes", "20", "--without-peers", "--markdown", file)
    done = run(name, *words, "--data", tmp_path / "data")
    assert (done.stderr, done.returncode) == ("", 0)
    assert "| 20 |" in file.read_text()


@pytest.mark.openssh
def test_a_put_is_measured_beside_that_of_openssh():
    words = [sys.executable, RUN.with_name("putting.py"), "1", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "ctsync",
        "sftp",
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    done = run("join", "--rounds", "1", "--sizes", "200", "--data", folder)
    assert (done.stderr, done.returncode) == ("", 0)
    return folder


def test_what_is_slow_to_make_is_kept_for_another_run(data):
    kept = {path: path.stat().st_mtime_ns for path in data.glob("*/before.*")}
    run("join", "--rounds", "1", "--sizes", "200", "--data", data)
    assert kept
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_state_made_for_a_benchmark_is_what_import_spec_writes(data):
    (filled,) = data.glob("*-known")
    imported = data / "imported"
    imported.mkdir()
    for name in ("ctsync.yaml", "table.yaml"):
        text = (filled / name).read_text()
        (imported / name).write_text(text.replace("after.", "before."))
    words = [sys.executable, "-m", "ctsync", "import", "spec", "--auto-approve"]
    root = {"PYTHONPATH": str(RUN.parents[2]), "CTSYNC_DATA_ROOTS": str(data)}
    subprocess.run(words, cwd=imported, env=root, check=True)
    assert entries(imported) == entries(filled)


def entries(folder):
    manifest = json.loads((folder / "state" / "manifest.json").read_text())
    return manifest["base"]["sha256"], manifest["digest"]


def test_an_unknown_benchmark_is_refused_with_those_there_are():
    done = run("speed")
    assert done.returncode == 64
    said = done.stderr.partition("there are ")[2].split(", ")
    assert {*NAMES, *PEERS, "cluster"} <= {*said}
