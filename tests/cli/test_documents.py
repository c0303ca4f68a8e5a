"""What every JSON document has, whether its command went well or badly."""

import json

import pytest

COMMON = {"format", "exit_code", "error", "diagnostics", "diagnostic_totals"}
PLAN = COMMON | {
    "digest", "environment", "account", "base", "first_run", "targets", "accepted",
    "blocked", "summary", "changes",
}  # fmt: skip
APPLY = COMMON | {
    "run", "digest", "environment", "dry_run", "counts", "rejected", "unknown",
    "calls", "seconds", "stopped", "retryable", "next",
}  # fmt: skip

WELL = [
    ("plan", ["plan"], PLAN),
    ("plan", ["show", "p.plan"], PLAN),
    ("apply", ["apply", "--auto-approve"], APPLY),
    ("apply", ["apply", "p.plan", "--dry-run"], APPLY),
    ("validate", ["validate"], COMMON),
    ("explain", ["explain", "u1"], COMMON | {"sources", "desired", "records"}),
    ("import", ["import", "spec", "--auto-approve"], COMMON),
    ("state.list", ["state", "list"], COMMON | {"entries"}),
    ("state.show", ["state", "show", "u1"], COMMON | {"entry"}),
    ("state.forget", ["state", "forget", "u1", "--auto-approve"], COMMON),
    ("state.doubt", ["state", "doubt", "--all", "--dry-run"], COMMON),
    ("plan", ["plan", "--revert", "last"], PLAN | {"revert"}),
    ("doctor", ["doctor"], COMMON | {"checks"}),
    ("state.history", ["state", "history"], COMMON | {"runs"}),
    ("state.history", ["state", "history", "last"], COMMON | {"runs", "changes"}),
    ("state.rename", ["state", "rename", "u1", "u9", "--auto-approve"], COMMON),
    ("state.copy", ["state", "copy", "copy.jsonl", "--auto-approve"], COMMON),
]
BADLY = [
    ("plan", ["plan", "--target", "identity=nobody"], 64),
    ("plan", ["plan", "--env", "nowhere"], 64),
    ("plan", ["plan", "--nothing"], 64),
    ("show", ["show", "no.plan"], 4),
    ("apply", ["apply"], 64),
    ("apply", ["apply", "no.plan", "--auto-approve"], 4),
    ("apply", ["apply", "p.plan", "--expect-digest", f"sha256:{'0' * 64}"], 4),
    ("explain", ["explain", "nobody"], 64),
    ("validate", ["validate", "nowhere"], 64),
    ("import", ["import", "spec"], 64),
    ("state.list", ["state", "list", "--target", "file=x"], 64),
    ("state.show", ["state", "show", "nobody"], 64),
    ("state.forget", ["state", "forget", "nobody", "--auto-approve"], 64),
    ("state.doubt", ["state", "doubt"], 64),
    ("state.history", ["state", "history", "nothing"], 64),
    ("state.rename", ["state", "rename", "nobody", "u9", "--auto-approve"], 64),
    ("state.copy", ["state", "copy", "state.jsonl", "--auto-approve"], 1),
]


@pytest.fixture
def begun(desk):
    desk.begun({"u1": {"Plan": "Free", "Points": 1}})
    desk.people({"u1": {"Plan": "Gold", "Points": 3}, "u2": {"Plan": "Free"}})
    desk.ok("plan", "--out", "p.plan")
    return desk


def named(words):
    return str(sorted(words) if isinstance(words, set) else words)[:40]


@pytest.mark.parametrize(("name", "words", "keys"), WELL, ids=named)
def test_a_command_that_goes_well_gives_its_document(begun, name, words, keys):
    document = begun.json(*words)
    assert document["format"] == f"ctsync.{name}/1"
    assert keys <= document.keys()
    assert document["error"] is None
    assert document["exit_code"] == 0


@pytest.mark.parametrize(("name", "words", "code"), BADLY, ids=named)
def test_a_command_that_goes_badly_gives_its_error(begun, name, words, code):
    ended = begun.run(*words, "--format", "json")
    document = ended.document
    assert ended.code == document["exit_code"] == code
    assert document["format"] == f"ctsync.{name}/1"
    assert document.keys() >= COMMON
    assert document["error"].keys() == {"code", "message", "hint"}
    assert ended.err == ""


@pytest.mark.parametrize(
    "words",
    [
        ["plan"],
        ["apply", "--auto-approve"],
        ["validate"],
        ["import", "spec", "--auto-approve"],
    ],
    ids=" ".join,
)
def test_findings_stand_in_the_document_of_every_command_that_meets_them(begun, words):
    begun.people({"u1": {"Plan": "Free", "Gender": "Q"}})
    document = begun.json(*words)
    assert document["exit_code"] == 1
    (finding,) = document["diagnostics"]
    assert document["diagnostic_totals"] == {finding["code"]: 1}
    assert finding.pop("message")
    assert finding.pop("hint")
    assert finding.pop("code")
    assert finding == {
        "severity": "error",
        "file": "people.yaml",
        "line": 7,
        "column": 5,
        "row": None,
        "key": {"identity": "u1"},
        "attribute": "Gender",
    }


def test_totals_count_what_text_and_documents_leave_out(desk):
    desk.crowd(1200, phone="+14155551234", Email="asha@example.com")
    document = desk.json("validate")
    assert document["diagnostic_totals"] == {"CT303": 1200, "CT632": 1}
    assert len(document["diagnostics"]) == 1000 + 1
    text = desk.run("validate").out
    assert text.count("CT303") == 20 + 1 + 1  # and what explains it
    assert "1,180 more CT303" in text
    assert "1,200 errors" in text


def test_json_lines_are_the_changes_and_then_the_rest_of_the_document(begun):
    whole = begun.json("plan")
    ended = begun.run("plan", "--format", "jsonl")
    *changes, rest = [json.loads(line) for line in ended.out.splitlines()]
    assert changes == whole.pop("changes")
    assert rest == whole


def test_a_plan_and_its_file_show_the_same_document(begun):
    plan = begun.ok("plan", "--format", "json").out
    assert begun.ok("show", "p.plan", "--format", "json").out == plan
    text = begun.ok("plan").out
    assert begun.ok("show", "p.plan").out == text


def test_the_shortened_example_of_a_plan_is_what_a_plan_holds(begun):
    document = begun.json("plan")
    header = json.loads(begun.state().splitlines()[0])
    assert document["account"] == {
        "id": "TEST-1",
        "region": "in1",
        "endpoint": begun.sandbox.url,
    }
    assert document["base"] == {"lineage": header["lineage"], "serial": 1}
    assert document["summary"] == {
        "profiles": {
            "entries": 1,
            "create": 1,
            "update": 1,
            "release": 0,
            "remove": 0,
            "undeclared": 0,
            "unchanged": 0,
            "skipped": 0,
        },
        "operations": {
            "set": 2,
            "$add": 0,
            "$remove": 0,
            "$incr": 1,
            "$decr": 0,
            "$delete": 0,
        },
        "flows": [],
        "opt_in": 0,
        "once_held": 0,
        "records": 3,
        "calls": 2,
        "channels": {"sftp": {"profiles": 0, "operations": 0}},
    }
    update, create = document["changes"]
    assert update["key"] == {"identity": "u1"}
    assert update["action"] == "update"
    assert update["origins"] == [{"file": "people.yaml", "line": 3, "row": None}]
    assert update["released"] == []
    points = next(o for o in update["operations"] if o["attribute"] == "Points")
    expected = {
        "attribute": "Points",
        "operator": "$incr",
        "operand": 2,
        "prior": "known",
        "before": 1,
        "after": 3,
        "step": 1,
        "certain": True,
        "sensitive": False,
    }
    assert {name: points[name] for name in expected} == expected
    assert (create["action"], create["operations"][0]["prior"]) == ("create", "unknown")


def test_an_apply_counts_each_profile_once_by_its_worst_record(desk):
    desk.begun({f"u{n}": {"Points": 1} for n in range(4)})
    desk.people({f"u{n}": {"Points": 2, "Plan": "Free"} for n in range(4)})
    desk.sandbox.script("reject")
    ended = desk.json("apply", "--auto-approve")
    assert ended["exit_code"] == 3
    assert ended["counts"] == {
        "acknowledged": 3,
        "rejected": 1,
        "unknown": 0,
        "not_sent": 0,
    }
    (rejected,) = ended["rejected"]
    assert rejected.keys() == {"key", "code", "error", "origins"}
    assert rejected["code"] == 516


def test_a_report_lists_every_profile_and_is_private(desk):
    desk.begun({f"u{n}": {"Points": 1} for n in range(3)})
    desk.people({f"u{n}": {"Points": 2} for n in range(3)})
    desk.sandbox.script("lost")
    assert desk.apply("--report", "r.jsonl").code == 3
    report = desk.folder / "r.jsonl"
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [line["key"] for line in lines] == [{"identity": f"u{n}"} for n in range(3)]
    assert {line["outcome"] for line in lines} == {"unknown"}
    names = {"key", "origins", "outcome", "code", "error", "hint"}
    assert all(line.keys() == names for line in lines)
    assert lines[0]["hint"] == "Plan again: what is not known is assigned."
    assert report.stat().st_mode & 0o777 == 0o600


def test_documents_go_to_stdout_and_talk_to_stderr(begun):
    for words in (["plan"], ["state", "list"], ["explain", "u1"], ["validate"]):
        ended = begun.ok(*words)
        assert ended.out
        assert ended.err == ""
    ended = begun.answer("yes", "apply", "--format", "json")
    assert ended.document["exit_code"] == 0
    assert "Only 'yes'" in ended.err


def test_an_apply_gives_a_page_with_the_exit_code_of_the_text(desk):
    desk.people({"u1": {"Plan": "Gold"}, "u2": {"Plan": "Free"}})
    desk.sandbox.script("lost", "lost", "lost", "lost", "lost")
    ended = desk.run("apply", "--auto-approve", "--first-run", "--format", "html")
    assert ended.code == 3
    assert ended.out.startswith("<!doctype html>")
    assert "Apply: 0 acknowledged, 0 rejected, 2 unknown, 0 not sent" in ended.out
    assert ended.out.endswith("</html>\n")
