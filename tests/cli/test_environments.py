"""One project, several environments: which is meant, and what it may change."""

import json

import pytest

STAGED = """\
environments:
  stage: {{state: stage.jsonl, account: {{id: TEST-1, region: eu1, endpoint: "{url}"}}}}
  loose: {{policy: {{limits: {{create: 0}}}}}}
"""


@pytest.fixture
def staged(desk):
    desk.project(STAGED.format(url=desk.sandbox.url))
    desk.people({"u1": {"Plan": "Free"}})
    return desk


def test_an_environment_is_laid_over_the_rest(staged):
    assert staged.plan()["account"]["region"] == "in1"
    plan = staged.plan("--env", "stage")
    assert plan["environment"] == "stage"
    assert plan["account"] == {
        "id": "TEST-1",
        "region": "eu1",
        "endpoint": staged.sandbox.url,
    }
    assert staged.run("plan", "--env", "loose").code == 6


def test_the_variable_chooses_an_environment_and_the_option_wins(staged, monkeypatch):
    monkeypatch.setenv("CTSYNC_ENV", "stage")
    assert staged.plan()["environment"] == "stage"
    assert staged.plan("--env", "loose")["environment"] == "loose"
    monkeypatch.setenv("CTSYNC_ENV", "nowhere")
    assert staged.run("plan").code == 64
    monkeypatch.setenv("CTSYNC_ENV", "")
    assert staged.plan()["environment"] is None


def test_an_unknown_environment_names_the_nearest(staged):
    ended = staged.run("plan", "--env", "stag")
    assert ended.code == 64
    assert 'did you mean "stage"?' in ended.err


def test_each_environment_has_a_state_of_its_own(staged):
    staged.ok("apply", "--env", "stage", "--auto-approve", "--first-run")
    assert staged.plan()["first_run"] is True
    assert staged.plan("--env", "stage")["changes"] == []
    header = json.loads((staged.folder / "stage.jsonl").read_text().splitlines()[0])
    assert header["account"]["region"] == "eu1"


def test_an_incomplete_base_asks_for_an_environment_and_lists_them(desk):
    account = f'{{id: TEST-1, region: in1, endpoint: "{desk.sandbox.url}"}}'
    desk.write(
        "ctsync.yaml",
        f"""\
        version: 1
        environments:
          prod: {{account: {account}, state: prod.jsonl}}
          stage: {{account: {account}, state: stage.jsonl}}
        """,
    )
    desk.people({"u1": {"Plan": "Free"}})
    for words in (["plan"], ["apply", "--auto-approve"], ["state", "list"]):
        ended = desk.run(*words)
        assert ended.code == 64
        assert "prod, stage" in ended.err
    assert desk.run("validate").code == 0
    assert desk.run("plan", "--env", "prod").code == 0
    # The sandbox does without account and state.
    assert desk.run("plan", "--sandbox").code in {0, 1}


def test_an_environment_that_changes_the_account_sets_the_state(desk):
    desk.project("environments: {bad: {account: {region: us1}}}")
    desk.people({"u1": {"Plan": "Free"}})
    for words in (["plan", "--env", "bad"], ["validate"]):
        ended = desk.run(*words)
        assert ended.code == 1
        assert "CT107" in ended.said


def test_validate_without_an_environment_checks_all(desk):
    desk.project("""\
        environments:
          strict: {policy: {unknown_attributes: error}}
        """)
    desk.people({"u1": {"Plan": "Free"}})
    assert desk.run("plan").code == 0
    document = desk.json("validate")
    assert document["exit_code"] == 1
    assert document["diagnostic_totals"] == {"CT313": 1}
    assert desk.run("validate", "--env", "strict").code == 1


def test_a_finding_that_all_environments_share_is_said_once(staged):
    staged.people({"u1": {"Gender": "Q"}})
    document = staged.json("validate")
    assert list(document["diagnostic_totals"].values()) == [1]


def test_null_takes_away_and_lists_replace(desk):
    desk.project("""\
        specs: [people.yaml, more]
        environments:
          few: {specs: [people.yaml], timezone: null}
        timezone: Asia/Kolkata
        """)
    desk.people({"u1": {"Plan": "Free"}})
    desk.write(
        "more/x.yaml", 'profiles: [{identity: "u2", attributes: {On: 2026-01-01}}]'
    )
    assert len(desk.plan()["changes"]) == 2
    assert len(desk.plan("--env", "few")["changes"]) == 1


def test_variables_are_read_where_they_are_first_used(desk, monkeypatch):
    file = desk.folder / "ctsync.yaml"
    file.write_text(file.read_text().replace("id: TEST-1", 'id: "${ACCOUNT}"'))
    desk.people({"u1": {"Plan": "Free"}})
    assert desk.run("validate").code == 0
    ended = desk.run("plan")
    assert ended.code == 1
    assert "ACCOUNT" in ended.err
    assert "ctsync.yaml:2" in ended.err
    monkeypatch.setenv("ACCOUNT", "TEST-1")
    assert desk.plan()["account"]["id"] == "${ACCOUNT}"  # as it is written
    assert desk.apply().code == 0


@pytest.mark.parametrize("location", ["mysql://ada:CANARY@db/crm", "CANARY.json"])
def test_a_state_that_a_variable_gives_is_refused_unseen(desk, monkeypatch, location):
    text = "version: 1\naccount: {id: A, region: in1}\nstate: ${WHERE}\nspecs: p.yaml\n"
    desk.write("ctsync.yaml", text)
    desk.write("p.yaml", "profiles: []\n")
    monkeypatch.setenv("WHERE", location)
    ended = desk.run("plan")
    assert ended.code == 1
    assert "CT112" in ended.err
    assert "CANARY" not in ended.err
