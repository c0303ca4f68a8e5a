"""`ctsync apply` and the servers that files go to, OpenSSH's own among them."""

import json
import signal

import pytest

LONG = "x" * 300
PEOPLE = [f"u{number:04}" for number in range(1500)]
FILE_BYTES = 500_000  # fewer than the file of all of them has


@pytest.fixture
def project(desk, sftp_server, there):
    """Names the server in the project file, and what else is said of it."""

    def project(**other):
        said = {
            "host": "127.0.0.1",
            "port": sftp_server.port,
            "user": sftp_server.user,
            "fingerprint": sftp_server.host_key.get_fingerprint(),
            "key": str(sftp_server.root / "client_key"),
            "folder": str(there),
            "email": "ops@example.com",
        }
        words = json.dumps(said | other)
        limits = "policy: {limits: {create: 9999, update: 100%}}"
        bulk = "bulk: {over: 9, by: sftp}"
        desk.project(f"channels: {{{bulk}, sftp: {words}}}\n{limits}\n")

    return project


@pytest.fixture
def many(desk, project):
    """Declares so many people that all go in one file."""
    project()
    desk.people({name: {"Plan": LONG} for name in PEOPLE})
    return desk


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def rows(folder):
    (path,) = folder.glob("*.csv")
    return path.read_text().count("\n") - 1


def require_put_once(desk, there):
    """One file lies there with its manifest, whole, and nothing is left to be done."""
    data, manifest = names(there)
    assert manifest == data.replace(".csv", ".manifest")
    assert json.loads((there / manifest).read_text())["fileName"] == data
    assert rows(there) == len(PEOPLE)
    (pending,) = desk.plan()["pending"]
    assert (pending["file"], pending["profiles"]) == (data, len(PEOPLE))
    assert desk.plan()["changes"] == []
    assert not [*(desk.folder / ".ctsync" / "imports").glob("*/*")]


def apply(desk):
    return desk.json("apply", "--auto-approve", "--first-run")


def test_a_file_is_put_and_its_manifest_after_it(many, there):
    done = apply(many)
    assert (done["exit_code"], done["counts"]["sent"]) == (3, len(PEOPLE))
    require_put_once(many, there)


def test_a_cut_in_the_middle_is_mended(many, there, project, way):
    project(port=way.port)
    way.cut_after = FILE_BYTES // 2
    assert apply(many)["counts"]["sent"] == len(PEOPLE)
    assert way.connections > 1
    require_put_once(many, there)


def test_an_apply_that_is_killed_is_gone_on_with(many, there, project, way):
    project(port=way.port)
    way.stall_after = FILE_BYTES // 2
    kill_when_it_stalls(many, way)
    assert [name.endswith(".part") for name in names(there)] == [True]
    way.stall_after = None
    many.run("apply", "--auto-approve")
    require_put_once(many, there)


def kill_when_it_stalls(desk, way):
    with desk.spawn("apply", "--auto-approve", "--first-run") as process:
        try:
            assert way.has_stalled.wait(120)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()


def test_two_signals_end_an_apply_and_the_next_puts_it_all(many, there, project, way):
    project(port=way.port)
    way.stall_after = FILE_BYTES // 2
    with many.spawn("apply", "--auto-approve", "--first-run") as process:
        assert way.has_stalled.wait(120)
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            if "once more" in line:
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in err
    way.stall_after = None
    (half,) = there.iterdir()
    assert half.name.endswith(".part")
    half.unlink()
    many.run("apply", "--auto-approve", *first_run(many))
    require_put_once(many, there)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"fingerprint": "SHA256:" + "a" * 43}, "CT812"),
        ({"folder": "/there/is/no/such/folder"}, "CT814"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_before_any_call(
    many, there, project, wrong, code
):
    project(**wrong)
    many.people({"u1": {"Points": 5}} | {name: {"Plan": "Gold"} for name in PEOPLE})
    done = apply(many)
    assert (done["exit_code"], done["error"]["code"]) == (1, code)
    assert (many.calls, many.state(), names(there)) == (0, b"", [])


def test_a_folder_that_may_not_be_written_to_takes_nothing(
    many, there, project, sftp_server
):
    project(port=sftp_server.read_only_port)
    done = apply(many)
    assert done["counts"]["not_sent"] == len(PEOPLE)
    assert done["counts"].get("sent", 0) == 0
    assert names(there) == []


def first_run(desk):
    return [] if desk.home.has_state() else ["--first-run"]
