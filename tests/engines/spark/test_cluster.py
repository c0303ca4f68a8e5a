"""On a real cluster a project has the same plan, byte for byte, whatever happens."""

import time

import pytest

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
