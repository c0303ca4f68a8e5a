"""The server for files in whole projects: shown, approved, and looked at."""

import pytest
from sftp_servers import AsyncsshServer

PIN = "SHA256:" + "a" * 43
CANARY = "canary-9e1f"
FORMATS = ["text", "json", "markdown", "html", "github", "gitlab"]


def channels(**said):
    texts = {name: f'"{value}"' for name, value in said.items() if name != "port"}
    words = ", ".join(f"{name}: {text}" for name, text in (said | texts).items())
    return f"channels: {{removals: sftp, sftp: {{{words}}}}}\n"


def digest(desk, **said):
    desk.project(channels(host="sftp.example.com", fingerprint=PIN, **said))
    return desk.json("plan")["digest"]


@pytest.fixture
def people(desk):
    desk.people({"u1": {"City": None, "Plan": "Gold"}})
    return desk


def test_every_form_of_a_plan_says_where_files_go(people):
    people.project(channels(host="sftp.example.com", fingerprint=PIN, folder="in"))
    assert people.plan()["talks_to"]["sftp"].endswith("@sftp.example.com, folder in")
    where = people.plan()["talks_to"]["sftp"]
    for form in ("text", "markdown", "html"):
        assert where in people.ok("plan", "--format", form).out.replace("&#64;", "@")


def test_the_digest_approves_the_server_too(people):
    found = {
        digest(people),
        digest(people, folder="in"),
        digest(people, user="ops"),
        digest(people, folder="in", email="ops@example.com"),
    }
    assert len(found) == 3


def test_a_plan_for_another_server_is_refused(people, monkeypatch):
    monkeypatch.setenv("SFTP_FOLDER", f"{CANARY}-one")
    people.project(channels(host="h", fingerprint=PIN, folder="${SFTP_FOLDER}"))
    people.ok("plan", "--out", "p.plan")
    monkeypatch.setenv("SFTP_FOLDER", f"{CANARY}-two")
    refused = people.run("apply", "p.plan", "--auto-approve", "--first-run")
    assert refused.code == 4
    assert "SFTP server" in refused.err
    assert CANARY not in refused.said


@pytest.mark.parametrize("form", FORMATS)
def test_of_what_variables_gave_only_the_host_is_shown(people, monkeypatch, form):
    said = {"user": "USER_OF", "folder": "FOLDER_OF", "key": "KEY_OF"}
    for name, variable in said.items():
        monkeypatch.setenv(variable, f"/{CANARY}/{name}")
    monkeypatch.setenv("HOST_OF", "127.0.0.1")
    texts = {name: f"${{{variable}}}" for name, variable in said.items()}
    people.project(channels(host="${HOST_OF}", port=1, fingerprint=PIN, **texts))
    for words in ("validate", "plan", "plan --all", "plan --out p.plan", "doctor"):
        ended = people.run(*words.split(), "--format", form)
        assert CANARY not in ended.said


def test_a_plan_needs_no_variable_of_the_server(people):
    people.project(channels(host="${HOST_OF}", fingerprint="${PIN_OF}"))
    assert people.plan()["talks_to"]["sftp"].endswith("@${HOST_OF}")


@pytest.fixture
def server(tmp_path):
    (tmp_path / "server").mkdir()
    server = AsyncsshServer(tmp_path / "server")
    (server.root / "in").mkdir()
    yield server
    server.close()


def doctor(desk, server, folder="in", **other):
    said = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "fingerprint": server.host_key.get_fingerprint(),
        "key": server.root / "client_key",
        "folder": server.root / folder,
    }
    desk.project(channels(**said | other))
    document = desk.json("doctor")
    return next(each for each in document["checks"] if each["check"] == "sftp")


def test_doctor_logs_in_and_looks_for_the_folder(people, server):
    found = doctor(people, server)
    assert (found["status"], found["hint"]) == ("ok", None)
    assert [*(server.root / "in").iterdir()] == []
    found = doctor(people, server, folder="gone")
    assert found["status"] == "error"
    assert "has no folder" in found["message"]
    found = doctor(people, server, fingerprint=PIN)
    assert "host key" in found["message"]


def test_doctor_logs_in_nowhere_offline(people):
    people.project(channels(host="sftp.example.com", fingerprint=PIN))
    checks = people.json("doctor", "--offline")["checks"]
    assert {each["check"]: each["status"] for each in checks}["sftp"] == "skipped"
