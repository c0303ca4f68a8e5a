"""`channels:` in whole projects: what goes by file is shown, kept back, and honest."""

import json
import re
from pathlib import Path

import pytest

REMOVALS = "channels: {removals: sftp}\n"
TABLE = """\
tables:
  t:
    file: t.csv
    key: {identity: id}
    columns: {plan: Plan, city: {attribute: City, blank: %s}}
"""
BULK = "channels: {bulk: {over: 2, by: sftp}}\n"


def _ways(document):
    return {
        (change["key"]["identity"], op["attribute"]): (op["operator"], op["channel"])
        for change in document["changes"]
        for op in change["operations"]
    }


def test_every_form_of_a_plan_shows_what_goes_by_sftp(desk):
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None, "Plan": "Gold"}})
    assert _ways(desk.plan()) == {
        ("u1", "City"): ("$delete", "sftp"),
        ("u1", "Plan"): ("set", "api"),
    }
    for form in ("text", "markdown", "html"):
        shown = desk.ok("plan", "--format", form).out
        assert "$delete via SFTP" in shown
        assert "set via SFTP" not in shown
    said = desk.ok("plan").out
    assert "1 record in 1 call, about 1 s; 1 profile via SFTP" in said


def test_a_saved_plan_keeps_the_ways_and_shows_the_same(desk):
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None, "Plan": "Gold"}})
    made = desk.json("plan", "--out", "p.plan")
    assert desk.json("show", "p.plan")["changes"] == made["changes"]
    data = Path("p.plan").read_bytes()
    assert b'"sftp"' in data
    Path("p.plan").write_bytes(data.replace(b'"sftp"]', b'"api"]'))
    assert desk.run("show", "p.plan").code == 4


def test_apply_sends_the_part_for_the_api_and_the_state_moves_for_that_alone(desk):
    desk.begun({"u1": {"City": "Pune", "Plan": "Free"}, "u2": {"Plan": "Free"}})
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None, "Plan": "Gold"}, "u2": {"Plan": "Gold"}})
    done = desk.json("apply", "--auto-approve")
    assert done["exit_code"] == 3
    assert done["counts"] == {
        "acknowledged": 1, "rejected": 0, "unknown": 0, "not_sent": 1,
    }  # fmt: skip
    assert (done["retryable"], done["stopped"]) == (False, None)
    assert done["channels"] == {"sftp": {"profiles": 1}}
    assert desk.platform("u1") == {"City": "Pune", "Plan": "Gold"}
    known = desk.json("state", "show", "u1")["entry"]["attributes"]
    assert {each["attribute"]: each["value"] for each in known} == {
        "City": "Pune", "Plan": "Gold",
    }  # fmt: skip
    assert _ways(desk.plan()) == {("u1", "City"): ("$delete", "sftp")}


def test_the_plan_that_was_applied_is_exported_as_far_as_it_is_due(desk):
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None, "Plan": "Gold"}})
    desk.ok("plan", "--out", "p.plan")
    done = desk.json("apply", "p.plan", "--auto-approve", "--first-run")
    assert done["next"] == "ctsync export p.plan --channel sftp --out DIR"
    said = desk.json("export", "p.plan", "--channel", "sftp", "--out", "out")
    assert said["counts"] == {"profiles": 1, "operations": 1}
    assert said["by_api"]["operations"] == []
    again = desk.json("apply", "p.plan", "--auto-approve")
    assert (again["exit_code"], again["calls"]) == (3, 0)


def test_a_plan_for_files_alone_needs_no_passcode_and_sends_nothing(desk, monkeypatch):
    desk.begun({"u1": {"City": "Pune"}})
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None}})
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    before, calls = desk.state(), desk.calls
    done = desk.run("apply", "--auto-approve")
    assert done.code == 3
    assert "What of 1 profile goes via SFTP was not sent" in done.out
    assert (desk.state(), desk.calls) == (before, calls)


def test_an_import_that_was_made_by_hand_is_learnt_by_refresh(desk):
    desk.begun({"u1": {"City": "Pune", "Plan": "Free"}})
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None, "Plan": "Free"}})
    assert len(_ways(desk.plan())) == 1
    desk.sandbox.platform.edit("identity", "u1", {"City": None})
    desk.ok("refresh", "--auto-approve")
    assert desk.plan()["changes"] == []


def test_a_plan_beyond_the_size_goes_by_file_as_far_as_files_can_say_it(desk):
    desk.project(BULK)
    desk.begun({})
    people = {
        "u1": {"Plan": "Gold", "Points": 5, "MSG-sms": False},
        "u2": {"Plan": "Free", "Tags": ["a"]},
    }
    desk.people(people)
    assert {way for _, way in _ways(desk.plan()).values()} == {"api"}
    desk.people({**people, "u3": {"Plan": "Free"}})
    assert _ways(desk.plan()) == {
        ("u1", "MSG-sms"): ("set", "api"),
        ("u1", "Plan"): ("set", "sftp"),
        ("u1", "Points"): ("set", "api"),
        ("u2", "Plan"): ("set", "sftp"),
        ("u2", "Tags"): ("$add", "sftp"),
        ("u3", "Plan"): ("set", "sftp"),
    }


def test_both_steps_of_a_list_go_one_way(desk):
    desk.begun({f"u{n}": {"Tags": ["a", "b"]} for n in range(3)})
    desk.project(BULK)
    desk.people({f"u{n}": {"Tags": ["b", "c"]} for n in range(3)})
    desk.ok("plan", "--out", "p.plan")
    said = desk.json("export", "p.plan", "--channel", "sftp", "--out", "out")
    assert [file["step"] for file in said["files"]] == [1, 2]
    texts = [Path("out", file["name"]).read_text() for file in said["files"]]
    assert re.findall(r'"(\w)","(\$\w+)"', texts[0]) == [("a", "$remove")] * 3
    assert re.findall(r'"(\w)","(\$\w+)"', texts[1]) == [("c", "$add")] * 3


def test_limits_hold_whatever_the_way(desk):
    desk.begun({f"u{n:02}": {"City": "Pune"} for n in range(20)})
    desk.project(REMOVALS)
    desk.people({f"u{n:02}": {"City": None} for n in range(20)})
    done = desk.json("plan")
    assert done["exit_code"] == 6
    assert {rule["rule"] for rule in done["blocked"]} == {
        "limits.remove", "limits.update",
    }  # fmt: skip


@pytest.mark.parametrize("channels", [REMOVALS, BULK, ""])
def test_engines_agree_on_every_byte(desk, channels):
    desk.begun({})
    blank = "remove" if channels == REMOVALS else "keep"
    desk.project(f"{channels}policy: {{undeclared: remove}}\n{TABLE % blank}")
    rows = "".join(f"u{n:03},p{n % 7},{'' if n % 3 else 'Pune'}\n" for n in range(300))
    desk.write("t.csv", "id,plan,city\n" + rows)
    plans = []
    for engine in ("memory", "duckdb"):
        desk.ok("plan", "--engine", engine, "--out", f"{engine}.plan")
        plans.append(Path(f"{engine}.plan").read_bytes())
    assert plans[0] == plans[1]
    assert (b'"sftp"]' in plans[0]) == bool(channels)


def test_an_environment_may_have_channels_of_its_own(desk):
    desk.project(
        "environments: {night: {channels: {removals: sftp}, state: night.jsonl}}"
    )
    desk.people({"u1": {"City": None}})
    assert desk.run("plan").code == 1
    assert _ways(desk.plan("--env", "night")) == {("u1", "City"): ("$delete", "sftp")}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("{removals: ftp}", "CT101"),
        ("{bulk: {over: 5}}", "CT104"),
        ("{bulk: {over: -1, by: sftp}}", "CT101"),
        ("{bulk: {over: 5, by: api}}", "CT101"),
        ("{sftp: {email: nobody}}", "CT103"),
        ("{removal: sftp}", "CT102"),
        ("{sftp: {host: sftp.example.com}}", "CT810"),
        ("{sftp: {hosts: sftp.example.com}}", "CT102"),
        ("{sftp: {password: hunter2}}", "CT102"),
    ],
)
def test_what_channels_cannot_mean_is_told(desk, words, code):
    desk.project(f"channels: {words}")
    said = desk.json("validate")
    assert said["exit_code"] == 1
    assert set(said["diagnostic_totals"]) == {code}


def test_the_schema_for_editors_lets_null_stand_where_it_removes(desk):
    def types(name):
        schema = json.loads(desk.ok("schema", "spec").out)
        entry = schema["properties"]["profiles"]["items"]
        return json.dumps(entry["properties"]["attributes"]["properties"][name])

    assert '"null"' not in types("Points")
    desk.project(REMOVALS)
    assert '"null"' in types("Points")


def test_explain_says_which_way_each_record_goes(desk):
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None, "Plan": "Gold"}})
    records = desk.json("explain", "u1")["records"]
    assert [(each["channel"], each["record"]["profileData"]) for each in records] == [
        ("api", {"Plan": "Gold"}),
        ("sftp", {"City": {"$delete": 1}}),
    ]


def test_a_revert_takes_away_by_file_what_the_api_cannot(desk):
    desk.begun({"u1": {"City": "Pune"}})
    desk.sandbox.platform.edit("identity", "u1", {"City": None})
    desk.ok("refresh", "--auto-approve")
    assert desk.apply().code == 0  # it was known to be absent, and is there again
    without = desk.json("plan", "--revert", "last")
    assert (without["changes"], without["diagnostic_totals"]) == ([], {"CT408": 1})
    desk.project(REMOVALS)
    done = desk.json("plan", "--revert", "last")
    assert _ways(done) == {("u1", "City"): ("$delete", "sftp")}


def test_of_a_large_plan_from_a_file_the_part_for_the_api_is_sent(desk):
    desk.project(BULK)
    people = {f"u{n}": {"Plan": "Gold", "Points": n} for n in range(3)}
    desk.people(people)
    desk.ok("plan", "--out", "p.plan")
    done = desk.json("apply", "p.plan", "--auto-approve", "--first-run")
    assert (done["exit_code"], done["channels"]) == (3, {"sftp": {"profiles": 3}})
    assert done["counts"]["not_sent"] == 3
    assert [desk.platform(name) for name in people] == [
        {"Points": each["Points"]} for each in people.values()
    ]
    assert {*_ways(desk.plan())} == {(f"u{n}", "Plan") for n in range(3)}


def test_what_an_import_took_is_written_into_the_state_without_sending(desk):
    desk.begun({"u1": {"City": "Pune", "Plan": "Free"}})
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None, "Plan": "Gold"}})
    calls = desk.calls
    desk.ok("import", "spec", "--auto-approve")
    assert desk.plan()["changes"] == []
    assert desk.calls == calls


def test_the_next_command_of_a_plan_is_the_one_that_does_something(desk):
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None}})
    saved = desk.ok("plan", "--out", "p.plan").err
    assert "Next: ctsync export p.plan --channel sftp --out DIR\n" in saved
    desk.people({"u1": {"City": None, "Plan": "Gold"}})
    saved = desk.ok("plan", "--out", "p.plan").err
    assert "Next: ctsync apply p.plan\n" in saved


def test_pages_say_how_many_go_by_file(desk):
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None}, "u2": {"City": None, "Team": None}})
    for form in ("text", "markdown"):
        assert "2 profiles via SFTP" in desk.ok("plan", "--format", form).out
    assert "profiles, in files" in desk.ok("plan", "--format", "html").out


def test_the_prompt_says_what_apply_does_not_send(desk):
    desk.begun({"u1": {"City": "Pune"}})
    desk.project(REMOVALS)
    desk.people({"u1": {"City": None, "Plan": "Gold"}})
    asked = desk.answer("no", "apply")
    assert "1 profile via SFTP: that part is not sent" in asked.err
