"""Files in whole projects: put, waited for, told of, settled."""

import csv
import io
import json
import os
from pathlib import Path

import pytest
from sftp_servers import AsyncsshServer

CANARY = "canary.9e1f@example.com"


class Far:
    """The platform's server, as a project names it."""

    def __init__(self, desk, server):
        self.desk, self.server = desk, server
        self.folder = server.root / "in"
        self.folder.mkdir()

    def project(self, more="", **other):
        said = {
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": self.server.user,
            "fingerprint": self.server.host_key.get_fingerprint(),
            "key": str(self.server.root / "client_key"),
            "folder": str(self.folder),
            "email": "ops@example.com",
        } | other
        words = ", ".join(f"{k}: {json.dumps(v)}" for k, v in said.items() if v)
        channels = f"channels: {{removals: sftp, sftp: {{{words}}}}}\n"
        self.desk.project(channels + more)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    @property
    def data(self):
        (path,) = self.folder.glob("*.csv")
        return path

    def failed(self, *identities, path=None, cell=None):
        """Write the failure file of rows of some profiles."""
        header, *rows = csv.reader(io.StringIO(self.data.read_text()))
        out = Path(path or f"{self.data.stem}-failed.csv")
        with out.open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow([*header, "reason"])
            for row in rows:
                if row[0] in identities:
                    own = row if cell is None else [row[0], cell, *row[2:]]
                    lines.writerow([*own, "no such thing"])
        return out


@pytest.fixture
def far(desk, tmp_path):
    (tmp_path / "server").mkdir()
    server = AsyncsshServer(tmp_path / "server")
    yield Far(desk, server)
    server.close()


def begun(desk, far, more=""):
    """Put a file that removes City from three profiles, all of whom had one."""
    desk.begun({f"u{n}": {"City": "Pune", "Plan": "Free"} for n in range(3)})
    far.project("policy: {limits: {remove: 100%, update: 100%}}\n" + more)
    desk.people({f"u{n}": {"City": None, "Plan": "Free"} for n in range(3)})
    return desk.json("apply", "--auto-approve")


def known(desk, identity="u1"):
    entry = desk.json("state", "show", identity)["entry"]
    return {each["attribute"]: each for each in entry["attributes"]}


def test_apply_puts_a_file_and_its_manifest_and_says_that_it_is_sent(desk, far):
    done = begun(desk, far)
    assert (done["exit_code"], done["counts"]["sent"]) == (3, 3)
    assert done["channels"]["sftp"]["put"] == [far.data.name]
    assert far.names() == [far.data.name, f"{far.data.stem}.manifest"]
    manifest = json.loads((far.folder / f"{far.data.stem}.manifest").read_text())
    assert manifest["clientEmail"] == "ops@example.com"
    assert done["next"] == "ctsync receipts FILE"


def test_every_form_of_a_plan_says_what_is_pending(desk, far):
    begun(desk, far)
    plan = desk.plan()
    assert (plan["changes"], plan["exit_code"]) == ([], 0)
    (pending,) = plan["pending"]
    assert pending["file"] == far.data.name
    assert (pending["operations"], pending["profiles"]) == (3, 3)
    for form in ("text", "markdown", "html"):
        said = desk.ok("plan", "--format", form).out
        assert "3 values left alone" in said
        assert far.data.stem in said
    desk.ok("plan", "--out", "p.plan")
    assert desk.json("show", "p.plan")["pending"] == plan["pending"]


def test_explain_and_the_state_say_what_is_pending(desk, far):
    begun(desk, far)
    assert far.data.name in desk.ok("explain", "u1").out
    told = desk.json("explain", "u1")
    verdict = {each["attribute"]: each for each in told["verdicts"]}["City"]
    assert (verdict["reason"], verdict["file"]) == ("waiting", far.data.name)
    city = known(desk)["City"]
    assert (city["certain"], city["due"]["file"]) == (False, far.data.name)
    assert "a report is due until" in desk.ok("state", "show", "u1").out


def test_nothing_is_put_again_while_a_report_is_due(desk, far):
    begun(desk, far)
    before = far.names()
    again = desk.json("apply", "--auto-approve")
    assert (again["exit_code"], again["counts"]["acknowledged"]) == (0, 0)
    assert far.names() == before


def test_what_is_declared_otherwise_meanwhile_waits_too(desk, far):
    begun(desk, far)
    desk.people({"u1": {"City": "Oslo", "Plan": "Gold"}})
    names = [op["attribute"] for c in desk.plan()["changes"] for op in c["operations"]]
    assert names == ["Plan"]


def test_once_the_wait_is_over_what_is_not_known_is_assigned(desk, far, monkeypatch):
    begun(desk, far, "imports: {wait: 30m}\n")
    header = desk_header(desk)
    (due,) = header.imports
    assert due.wait_seconds == 1800
    monkeypatch.setattr("ctsync.cli.clock._boot", lambda: None)
    monkeypatch.setattr("time.time", lambda: due.until + 1)
    plan = desk.plan()
    assert "pending" not in plan
    operations = [op for change in plan["changes"] for op in change["operations"]]
    assert {(op["operator"], op["prior"]) for op in operations} == {
        ("$delete", "uncertain")
    }


def desk_header(desk):
    from ctsync.state.jsonl_store import JsonlStore

    return JsonlStore.at("state.jsonl", folder=desk.folder, name=None).read().header


def test_nobody_to_hear_of_an_import_refuses_before_any_call(desk, far):
    far.project(email=None)
    desk.people({"u1": {"City": None, "Plan": "Free"}})
    calls = desk.calls
    done = desk.json("apply", "--auto-approve", "--first-run")
    assert (done["exit_code"], done["error"]["code"]) == (1, "CT807")
    assert (desk.calls, far.names()) == (calls, [])


def test_a_report_takes_back_what_it_names_and_the_rest_stays_due(desk, far):
    begun(desk, far)
    report = far.failed("u1")
    done = desk.json("receipts", report, "--auto-approve")
    assert done["exit_code"] == 3
    (said,) = done["files"]
    assert (said["rows"], said["rejected"], said["due"]) == (1, 1, 2)
    assert done["rejected"] == [{"key": {"identity": "u1"}, "attribute": "City"}]
    city = known(desk)["City"]
    assert (city["value"], city["certain"]) == ("Pune", True)
    assert "due" not in city
    assert known(desk, "u2")["City"]["due"]["file"] == far.data.name
    planned = [c["key"]["identity"] for c in desk.plan()["changes"]]
    assert planned == ["u1"]


def test_all_others_are_acknowledged_only_where_somebody_says_so(desk, far):
    begun(desk, far)
    report = far.failed("u1")
    done = desk.json("receipts", report, "--all-others-accepted", "--auto-approve")
    (said,) = done["files"]
    assert (said["acknowledged"], said["rejected"], said["due"]) == (2, 1, 0)
    city = known(desk, "u2")["City"]
    assert (city["value"], city["certain"], city["owned"]) == (None, True, True)
    plan = desk.plan()
    assert "pending" not in plan
    assert [c["key"]["identity"] for c in plan["changes"]] == ["u1"]


def test_a_folder_without_reports_can_say_that_all_was_accepted(desk, far):
    begun(desk, far)
    Path("reports").mkdir()
    done = desk.json("receipts", "reports", "--all-others-accepted", "--auto-approve")
    assert (done["exit_code"], done["files"][0]["acknowledged"]) == (0, 3)
    plan = desk.plan()
    assert (plan["changes"], "pending" in plan) == ([], False)


def test_silence_is_taken_for_consent_only_with_a_warning(desk, far):
    begun(desk, far)
    Path("reports").mkdir()
    words = ("receipts", "reports", "--all-others-accepted")
    done = desk.json(*words, "--dry-run")
    assert done["diagnostic_totals"] == {"CT824": 1}
    assert f"no report is of {far.data.name}: what it sends (3 values)" in str(done)
    asked = desk.answer("no", *words)
    assert "warning CT824" in asked.out
    assert "3 acknowledged (3 of them though no report came)" in asked.err
    far.failed("u1", path=f"reports/{far.data.stem}-failed.csv")
    told = desk.json(*words, "--dry-run")
    assert (told["diagnostics"], told["files"][0]["acknowledged"]) == ([], 2)


def test_reports_are_judged_before_anybody_is_looked_for(desk, far):
    """Who has the wrong file hears of that, and not of a terminal first."""
    begun(desk, far)
    assert "CT822" in desk.run("receipts", "nowhere.csv", "--format", "json").out
    report = far.failed("u1")
    asked = desk.run("receipts", report)
    assert (asked.code, "no terminal to ask on" in asked.err) == (64, True)
    desk.run("receipts", report, "--auto-approve")
    assert "Nothing to write." in desk.run("receipts", report).out


def test_a_report_that_is_read_again_does_nothing(desk, far):
    begun(desk, far)
    report = far.failed("u1")
    desk.json("receipts", report, "--auto-approve")
    before = desk.state()
    again = desk.json("receipts", report, "--auto-approve")
    assert again["written"] is False
    assert again["files"][0]["read_before"] is True
    assert desk.state() == before


def test_a_dry_run_writes_nothing(desk, far):
    begun(desk, far)
    before = desk.state()
    done = desk.json("receipts", far.failed("u1"), "--dry-run")
    assert (done["files"][0]["rejected"], done["written"]) == (1, False)
    assert desk.state() == before


def test_a_value_that_was_refused_for_a_new_profile_leaves_no_entry(desk, far):
    far.project()
    desk.people({"u9": {"City": None}})
    desk.json("apply", "--auto-approve", "--first-run")
    desk.json("receipts", far.failed("u9"), "--auto-approve")
    assert desk.json("state", "list")["entries"] == []
    again = desk.json("receipts", far.failed("u9"), "--auto-approve")
    assert again["files"][0]["read_before"] is True


def test_reports_of_others_are_refused_and_nothing_is_written(desk, far):
    begun(desk, far)
    before = desk.state()
    strange = far.failed("u1", path="ctsync-sftp-000000000000-00000000-1-00001.csv")
    for report, code in (
        (strange, "CT821"),
        (far.failed("u1", cell="Oslo"), "CT823"),
        ("nowhere.csv", "CT822"),  # named like none, but first of all not there
    ):
        done = desk.json("receipts", report, "--auto-approve")
        assert (done["exit_code"], done["error"]["code"]) == (1, code)
    assert desk.state() == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"identity,Town\n",
        b"\xff\xfe",
        b'"identity","City","City.operation","reason"\n"u1"\n',
        b'"identity","City","City.operation","reason"\n'
        + b'"u1","","$delete","x"\n' * 9,
        b'"' + b"x" * 100_000,
    ],
)
def test_a_damaged_report_is_refused_as_a_whole(desk, far, data):
    begun(desk, far)
    before = desk.state()
    report = Path(f"{far.data.stem}-failed.csv")
    report.write_bytes(data)
    done = desk.json("receipts", report, "--auto-approve")
    assert (done["exit_code"], done["error"]["code"]) == (1, "CT822")
    assert desk.state() == before


def test_a_pipe_is_no_report(desk, far):
    begun(desk, far)
    os.mkfifo(f"{far.data.stem}-failed.csv")
    done = desk.json("receipts", f"{far.data.stem}-failed.csv", "--auto-approve")
    assert done["error"]["code"] == "CT822"


def test_a_webhook_that_says_all_failed_takes_all_back(desk, far):
    begun(desk, far)
    said = {"fileName": far.data.name, "status": "fail", "error": "no data file"}
    Path("body.json").write_text(json.dumps(said))
    done = desk.json("receipts", "body.json", "--auto-approve")
    assert done["files"][0]["rejected"] == 3
    plan = desk.plan()
    assert len(plan["changes"]) == 3
    assert "pending" not in plan


def test_personal_data_of_a_report_is_shown_nowhere(desk, far):
    desk.begun({CANARY: {"City": "Pune"}, "u2": {"City": "Pune"}})
    far.project("policy: {limits: {remove: 100%, update: 100%}}\n")
    desk.people({CANARY: {"City": None}, "u2": {"City": None}})
    desk.run("apply", "--auto-approve")
    report = far.failed(CANARY)
    for form in ("text", "json"):
        ended = desk.run("receipts", report, "--dry-run", "--format", form)
        assert CANARY not in ended.said
        assert "no such thing" not in ended.said


def test_the_history_and_its_undoing_know_what_was_sent(desk, far):
    done = begun(desk, far)
    (run, *_) = desk.json("state", "history")["runs"]
    assert run["counts"]["sent"] == 3
    plan = desk.json("plan", "--revert", done["run"])
    assert plan["changes"] == []
    assert any("may still tell" in each["message"] for each in plan["diagnostics"])
    Path("reports").mkdir()
    desk.json("receipts", "reports", "--all-others-accepted", "--auto-approve")
    back = desk.json("plan", "--revert", done["run"])
    values = {op["after"] for c in back["changes"] for op in c["operations"]}
    assert (len(back["changes"]), values) == (3, {"Pune"})


def test_a_refresh_settles_what_has_come_and_lets_the_rest_wait(desk, far):
    """What still shows the value before may be imported later."""
    begun(desk, far)
    desk.sandbox.platform.edit("identity", "u1", {"City": None})
    drift = desk.json("drift")
    assert drift["drift"] is False
    assert drift["diagnostic_totals"] == {"CT709": 1}
    assert desk.json("refresh", "--auto-approve")["profiles"] == 1
    city = known(desk)["City"]
    assert (city["value"], city["certain"], "due" in city) == (None, True, False)
    assert known(desk, "u2")["City"]["due"]["file"] == far.data.name
    plan = desk.plan()
    assert (plan["changes"], plan["pending"][0]["operations"]) == ([], 2)


def test_a_profile_that_an_import_is_to_make_is_not_gone(desk, far):
    far.project("policy: {limits: {create: 10}}\n")
    desk.people({"u9": {"City": None}})
    desk.run("apply", "--auto-approve", "--first-run")
    desk.json("refresh", "--auto-approve")
    assert desk.json("state", "show", "u9")["entry"]["gone"] is False
    assert desk.plan()["changes"] == []


def test_a_doubt_ends_the_wait(desk, far):
    begun(desk, far)
    desk.ok("state", "doubt", "u1", "--auto-approve")
    plan = desk.plan()
    assert [c["key"]["identity"] for c in plan["changes"]] == ["u1"]
    assert plan["pending"][0]["operations"] == 2


def test_who_applies_elsewhere_lets_wait_what_lies_here(desk, far, monkeypatch):
    """A plan that names another server is refused, and one without puts nothing."""
    begun(desk, far)
    desk.project("channels: {removals: sftp}\n")
    assert desk.plan()["pending"][0]["operations"] == 3
    assert desk.json("apply", "--auto-approve")["exit_code"] == 0
