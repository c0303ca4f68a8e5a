"""What a variable gives goes where it is meant to go, and is shown nowhere.

Whoever opens a pull request names variables of a machine whose values he must not see.
"""

import json

import pytest

CANARY = "canary-5b7e"
TABLE = "tables: {t: {file: '%s', key: {identity: id}, columns: {a: Plan}}}"
COMMANDS = [
    "validate", "plan", "plan --all", "plan --out p.plan", "show p.plan --all",
    "explain u1", "state list", "state show u1", "state history",
    "import spec --dry-run", "state doubt u1 --dry-run", "plan -vv",
    "apply --auto-approve",
]  # fmt: skip
FORMATS = ["text", "json", "jsonl", "markdown", "html", "github", "gitlab"]
PROJECT = """\
version: 1
account: {id: "${CANARY_ID}", region: in1, endpoint: "${CANARY_URL}"}
state: ${CANARY_DIR}/state.jsonl
profiles: [{identity: u1, attributes: {Plan: %s}}]
tables: {t: {file: "${CANARY_DIR}/*.csv", key: {identity: id}, columns: {a: Tier}}}
"""


@pytest.fixture
def project(desk, listen, monkeypatch):
    """A project in which variables give all that they can give."""
    (desk.folder / "people.yaml").unlink()
    folder = desk.folder / f"{CANARY}-folder"
    folder.mkdir()
    (folder / "people.csv").write_text("id,a\nu2,Gold\n")
    taken = b'{"status":"success","processed":1,"unprocessed":[]}'
    said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(taken), taken)
    listener = listen(lambda connection: connection.sendall(said))
    monkeypatch.setenv("CANARY_ID", f"{CANARY}-id")
    monkeypatch.setenv("CANARY_URL", f"{listener.url}/{CANARY}")
    monkeypatch.setenv("CANARY_DIR", folder.name)
    desk.write("ctsync.yaml", PROJECT % "Free")
    return desk


def check(ended):
    assert ended.crash == ""
    found = ended.said.find(CANARY)
    assert found < 0, ended.said[max(found - 80, 0) : found + 80]
    return ended


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_output_shows_what_a_variable_gave(project, format_name):
    check(project.run("plan", "--out", "p.plan"))
    assert check(project.apply()).code in {0, 3}
    project.write("ctsync.yaml", PROJECT % "Gold")
    codes = [
        check(project.run(*words.split(), "--format", format_name)).code
        for words in COMMANDS
    ]
    assert 0 in codes


WRONG = {
    "another account": ("CANARY_ID", f"{CANARY}-other"),
    "another endpoint": ("CANARY_URL", f"http://127.0.0.1:1/{CANARY}"),
    "no endpoint": ("CANARY_URL", f"ftp://{CANARY}"),
    "an endpoint with a user": ("CANARY_URL", f"https://{CANARY}:{CANARY}@h/"),
    "no folder": ("CANARY_DIR", f"{CANARY}-none"),
    "a folder outside": ("CANARY_DIR", f"/{CANARY}"),
    "a pattern": ("CANARY_DIR", f"{CANARY}*[{CANARY}"),
    "a file": ("CANARY_DIR", f"{CANARY}-folder/people.csv"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("format_name", ["text", "json", "github"])
def test_no_error_shows_what_a_variable_gave(project, monkeypatch, wrong, format_name):
    assert check(project.apply()).code in {0, 3}
    assert project.run("plan", "--out", "p.plan").code == 0
    name, value = WRONG[wrong]
    monkeypatch.setenv(name, value)
    project.write("ctsync.yaml", PROJECT % "Gold")
    codes = [
        check(project.run(*words.split(), "--format", format_name)).code
        for words in [*COMMANDS, "apply p.plan --auto-approve"]
    ]
    assert {*codes} - {0, 64}


def test_rows_are_named_by_the_variable_that_gave_their_file(project):
    document = json.loads(project.run("plan", "--format", "json").out)
    files = {c["origins"][0]["file"] for c in document["changes"]}
    assert files == {"ctsync.yaml", "${CANARY_DIR}/people.csv"}
    assert document["account"]["id"] == "${CANARY_ID}"
    assert document["account"]["endpoint"].startswith("http://127.0.0.1:")


PLACES = {
    "account id": "account: {id: '${CLEVERTAP_PASSCODE}', region: in1}\nstate: s.jsonl",
    "region": "account: {id: A, region: '${CLEVERTAP_PASSCODE}'}\nstate: s.jsonl",
    "endpoint": "account: {id: A, region: in1, endpoint: 'https://x/${CLEVERTAP_PASSCODE}'}\nstate: s.jsonl",  # noqa: E501
    "state": "account: {id: A, region: in1}\nstate: '${CLEVERTAP_PASSCODE}.jsonl'",
    "state url": "account: {id: A, region: in1}\nstate: {url: '${CLEVERTAP_PASSCODE}', name: x}",  # noqa: E501
    "notify": "account: {id: A, region: in1}\nstate: s.jsonl\nnotify: '${CLEVERTAP_PASSCODE}'",  # noqa: E501
    "file": "account: {id: A, region: in1}\nstate: s.jsonl\n"
    + TABLE % "${CLEVERTAP_PASSCODE}.csv",
    "plan key": "account: {id: A, region: in1}\nstate: s.jsonl\n"
    + TABLE % "${CTSYNC_PLAN_KEY}.csv",
    "another's": "account: {id: A, region: in1, passcode: '${MINE}'}\nstate: '${MINE}.jsonl'",  # noqa: E501
    "an environment's": "account: {id: A, region: in1}\nstate: s.jsonl\n"
    "environments: {e: {account: {passcode: '${E_PASS}'}, state: e.jsonl}}\n"
    + TABLE
    % "${E_PASS}.csv",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", ["validate", "apply --auto-approve --first-run"])
def test_the_passcode_is_named_in_its_place_alone(desk, monkeypatch, place, words):
    for name in ("MINE", "E_PASS", "CTSYNC_PLAN_KEY", "CLEVERTAP_PASSCODE"):
        monkeypatch.setenv(name, CANARY)
    desk.write("ctsync.yaml", f"version: 1\n{PLACES[place]}\n")
    ended = check(desk.run(*words.split()))
    assert ended.code == 1
    assert "CT113" in ended.said


def test_a_webhook_is_not_told_a_variable_by_the_way(desk, listen, monkeypatch):
    hook = listen(lambda _: None)
    monkeypatch.setenv("TOKEN", CANARY)
    desk.project(f"notify: {hook.url}/?p=${{TOKEN}}")
    ended = desk.apply()
    assert ended.code == 1
    assert "CT113 a variable is a part of `notify`" in ended.said
    assert hook.heard == []
