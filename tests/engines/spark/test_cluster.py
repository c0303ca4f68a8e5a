"""On a real cluster a project has the same plan, byte for byte, whatever happens."""

import json
import time

import pytest

from ctsync.state.parquet_store import ParquetStore

pytestmark = pytest.mark.spark


def test_a_cluster_gives_the_same_plan(lab, project, cluster):
    """First of everybody, then of a state in columns from which much differs."""
    variables = cluster.variables()
    first = lab.planned(project, "spark", **variables)
    assert first == lab.planned(project, "duckdb")
    lab.end_of(lab.begin(project, "import", "spec", "--auto-approve"))
    lab.write_tables(project, 3900, shift=1)
    second = lab.planned(project, "spark", **variables)
    assert second == lab.planned(project, "duckdb")
    assert len(second) > len(first) / 2


def test_a_worker_that_is_lost_in_the_middle_changes_nothing(
    lab, project, cluster, tmp_path
):
    cluster.mend()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    words = ("plan", "--engine", "spark", "--out", "spark")
    variables = {**cluster.variables(), "TMPDIR": str(scratch)}
    process = lab.begin(project, *words, **variables)
    until = time.monotonic() + 900
    while len([*scratch.glob("*/found-*")]) < 4:
        assert process.poll() is None, process.communicate()[0].decode()
        assert time.monotonic() < until
        time.sleep(0.02)
    before = len([*scratch.glob("*/found-*")])
    cluster.kill_worker()
    said = lab.end_of(process)
    assert before < 20, "nothing was left to do"
    assert (project / "spark").read_bytes() == lab.planned(project, "duckdb"), said
    assert [*scratch.iterdir()] == []


def test_a_fold_that_loses_a_worker_leaves_the_same_state(lab, sent_to, cluster):
    """Its files are other ones; entries and digest are those of one machine."""
    cluster.mend()
    state, process = sent_to("shared", "spark", **cluster.variables())
    until = time.monotonic() + 900
    while len([*state.glob("ctsync-base-*")]) < 4:
        assert process.poll() is None, process.communicate()[0].decode()
        assert time.monotonic() < until
        time.sleep(0.02)
    before = len([*state.glob("ctsync-base-*")])
    cluster.kill_worker()
    said = lab.end_of(process)
    assert "by itself" not in said
    assert before < 20, "nothing was left to do"
    assert_same(state, *sent_to("alone", "duckdb"), lab)


def test_spark_connect_folds_the_same_state(lab, sent_to):
    local = {"SPARK_REMOTE": "local[2]", "SPARK_LOCAL_IP": "127.0.0.1"}
    state, process = sent_to("shared", "spark", **local)
    assert "by itself" not in lab.end_of(process)
    assert_same(state, *sent_to("alone", "duckdb"), lab)


def assert_same(shared, alone, process, lab):
    lab.end_of(process)
    found, single = (
        json.loads((state / "manifest.json").read_text()) for state in (shared, alone)
    )
    assert (found["digest"], found["entries"]) == (single["digest"], single["entries"])
    assert len(found["base"]) > 20
    assert isinstance(single["base"], dict)
    store = ParquetStore(shared)
    assert len([*store.read().entries()]) == found["entries"]
    store.discard_journal()
    files = {file["name"] for file in found["base"]}
    assert {path.name for path in shared.glob("*.parquet")} == files


def test_spark_connect_gives_the_same_plan(lab, project):
    found = lab.planned(
        project, "spark", SPARK_REMOTE="local[2]", SPARK_LOCAL_IP="127.0.0.1"
    )
    assert found == lab.planned(project, "duckdb")


def test_tables_in_a_bucket_give_the_same_plan(lab, project, object_server, tmp_path):
    """Executors read the copies."""
    import obstore

    store = object_server.store("plain", f"cluster/{tmp_path.name}")
    for path in [*project.glob("people-*"), *project.glob("[vs]*s.*")]:
        obstore.put(store, path.name, path.read_bytes())
    root = f"s3://plain/cluster/{tmp_path.name}"
    text = (project / "ctsync.yaml").read_text()
    (project / "ctsync.yaml").write_text(text.replace("file: ", f"file: {root}/"))
    variables = {"CTSYNC_DATA_ROOTS": root, "SPARK_MASTER": "local[2]"}
    local = {**variables, "SPARK_LOCAL_IP": "127.0.0.1"}
    found = lab.planned(project, "spark", **local)
    assert found == lab.planned(project, "duckdb", **variables)
    assert f"{root}/visits.csv".encode() in found
