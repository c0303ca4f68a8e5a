"""The published schemas, held against what the commands really print."""

import contextlib
import copy
import http.server
import io
import json
import threading
import time
from pathlib import Path

import click
import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from sftp_servers import AsyncsshServer

import ctsync.render
from ctsync.cli.app import build_app, run
from ctsync.sandbox import Sandbox

FOLDER = Path(ctsync.render.__file__).parent / "schemas"
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
REGISTRY: Registry = Registry().with_resources(
    (f"{name}.json", DRAFT202012.create_resource(schema))
    for name, schema in SCHEMAS.items()
)
LINES = {"parts", "change", "profile-drift"}  # no command's document
LINES |= {"report", "notice", "error"}
WITHOUT = {
    "completion": "prints a script",
    "sandbox": "serves",
    "schema": "prints a schema",
    "show": "prints the document of plan",
}
SAME_FORM = {"state.forget", "state.doubt", "state.rename", "state.copy", "import"}

PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
notify: {hook}
catalog:
  Points: {{type: counter}}
  Tags: {{type: list}}
  Manager: {{type: string, sensitive: true}}
policy: {{limits: {{opt_in: 5}}}}
environments: {{test: {{policy: {{limits: {{update: 0}}}}}}}}
cohorts:
  vip: {{members: [u1], attributes: {{Tier: VIP, Tags: {{include: [lounge]}}}}}}
"""
BEFORE = {
    "u1": {"Points": 1, "Gender": "M", "Plan": "Free", "City": "Pune"},
    "ann@example.com": {"Points": 1, "Manager": "Bo", "Tags": ["a", "b"]},
    "u3": {"Plan": "Free"},
}
AFTER = {
    "u1": {"Points": 3, "Gender": None, "Plan": "Gold", "MSG-sms": True},
    "ann@example.com": {"Points": 2, "Manager": "Cy", "Tags": ["b"]},
    "u4": {"Since": "2026-01-01", "Tall": 1.5},
}


class QuickTime:
    """A clock that jumps where a run would wait."""

    def __init__(self):
        self.skipped = 0.0

    def time(self):
        return time.time() + self.skipped

    def monotonic(self):
        return time.monotonic() + self.skipped

    def sleep(self, seconds):
        self.skipped += seconds


class Hook(http.server.BaseHTTPRequestHandler):
    """Somebody who wants to know how an apply ended."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        pass


@contextlib.contextmanager
def listening():
    with http.server.HTTPServer(("127.0.0.1", 0), Hook) as server:
        server.told = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


class Desk:
    """A project whose commands are run for their documents."""

    def __init__(self, folder, url, hook):
        self.folder = folder
        self.documents = []
        text = PROJECT.format(url=url, hook=f"http://127.0.0.1:{hook}/")
        (folder / "ctsync.yaml").write_text(text)

    def declare(self, people):
        profiles = [{"identity": n, "attributes": a} for n, a in people.items()]
        text = json.dumps({"profiles": profiles}, indent=1)
        (self.folder / "people.yaml").write_text(text)

    def said(self, code, *words):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            ended = run(["-C", str(self.folder), *words])
        assert ended == code, (words, out.getvalue())
        return out.getvalue()

    def ask(self, code, schema, *words):
        text = self.said(code, *words, "--format", "json")
        self.documents.append((schema, json.loads(text)))

    def fail(self, code, schema, *words):
        """Its document fits the schema of the command, and that of all errors."""
        self.ask(code, "error", *words)
        if schema is not None:
            self.documents.append((schema, self.documents[-1][1]))


def first_run(desk):
    desk.declare(BEFORE)
    desk.ask(0, "plan", "plan")
    desk.ask(0, "explain", "explain", "u1")
    desk.ask(0, "state.list", "state", "list")
    desk.fail(6, "apply", "apply", "--auto-approve")
    desk.fail(64, "state.show", "state", "show", "u1")
    desk.fail(1, "state.copy", "state", "copy", "copy.jsonl", "--auto-approve")
    desk.ask(0, "apply", "apply", "--auto-approve", "--first-run")


def second_run(desk, sandbox):
    desk.declare({**AFTER, "u5": {"phone": "+14155551234", "Email": "no address"}})
    desk.fail(1, "plan", "plan")
    desk.fail(1, "apply", "apply", "--auto-approve")
    desk.ask(0, "explain", "explain", "u1")
    desk.fail(1, "import", "import", "spec", "--auto-approve")
    desk.ask(1, "validate", "validate")
    desk.declare(AFTER)
    desk.ask(0, "validate", "validate")
    desk.ask(0, "plan", "plan", "--out", "p.plan")
    desk.ask(2, "plan", "plan", "--summary", "--detailed-exitcode")
    desk.ask(0, "plan", "plan", "--target", "identity=u*", "--accept", "update=9")
    desk.ask(6, "plan", "plan", "--env", "test")
    desk.ask(0, "plan", "show", "p.plan")
    desk.ask(0, "export", "export", "p.plan", "--channel", "sftp", "--out", "files")
    desk.ask(1, "export", "export", "p.plan", "--channel", "csv", "--out", "files")
    desk.ask(0, "explain", "explain", "u1")
    desk.ask(0, "explain", "explain", "ann@example.com")
    desk.ask(0, "state.show", "state", "show", "ann@example.com")
    *changes, rest = desk.said(0, "plan", "--format", "jsonl").splitlines()
    desk.documents += [("change", json.loads(line)) for line in changes]
    desk.documents.append(("plan", json.loads(rest)))
    desk.ask(0, "apply", "apply", "p.plan", "--dry-run")
    sandbox.script("reject", "lost")
    desk.ask(3, "apply", "apply", "p.plan", "--auto-approve", "--report", "r.jsonl")
    report = (desk.folder / "r.jsonl").read_text().splitlines()
    desk.documents += [("report", json.loads(line)) for line in report]
    desk.ask(0, "state.list", "state", "list")
    desk.ask(0, "state.history", "state", "history", "last")
    desk.ask(0, "state.history", "state", "history")
    desk.ask(0, "plan", "plan", "--revert", "last")
    desk.ask(0, "doctor", "doctor")
    desk.ask(0, "state.show", "state", "show", "u1")


def looks(desk, sandbox):
    desk.ask(0, "explain", "explain", "CT514")
    desk.ask(0, "drift", "drift")
    edit = {"Plan": "Silver", "Tags": ["b", "c"], "City": None, "Manager": "Di"}
    sandbox.platform.edit("identity", "ann@example.com", edit)
    sandbox.platform.edit("identity", "u1", {"MSG-sms": None, "Plan": 7})
    sandbox.platform.forget("identity", "u4")
    desk.ask(2, "drift", "drift", "--detailed-exitcode")
    *profiles, rest = desk.said(0, "drift", "--format", "jsonl").splitlines()
    desk.documents += [("profile-drift", json.loads(line)) for line in profiles]
    desk.documents.append(("drift", json.loads(rest)))
    desk.ask(2, "verify", "verify", "--detailed-exitcode")
    desk.ask(0, "verify", "verify", "--sample", "1")
    desk.fail(64, "verify", "verify", "--sample", "0")
    desk.ask(0, "refresh", "refresh", "--dry-run")
    desk.fail(64, "refresh", "refresh")
    desk.fail(64, "drift", "drift", "nobody")
    sandbox.script_reads("unauthorised")
    desk.fail(1, "drift", "drift")


def corrections(desk):
    desk.ask(0, "state.copy", "state", "copy", "copy.jsonl", "--auto-approve")
    desk.ask(0, "import", "import", "spec", "--dry-run")
    desk.ask(0, "state.doubt", "state", "doubt", "u1", "--auto-approve")
    desk.ask(0, "apply", "apply", "p.plan", "--auto-approve")  # it goes on
    desk.ask(0, "state.rename", "state", "rename", "u1", "u9", "--auto-approve")
    desk.ask(0, "state.forget", "state", "forget", "u9", "--auto-approve")
    desk.ask(0, "init", "init", "crm", "--account-id", "A", "--region", "in1",
             "--ci", "none")  # fmt: skip
    desk.ask(0, "init", "init", "crm")


def imports(folder, sandbox, hook):
    """A file is put, and the platform tells of one of its rows."""
    (folder / "in").mkdir(parents=True)
    (folder / "project").mkdir()
    server = AsyncsshServer(folder)
    desk = Desk(folder / "project", sandbox.url, hook.server_port)
    said = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "fingerprint": server.host_key.get_fingerprint(),
        "key": str(folder / "client_key"),
        "folder": str(folder / "in"),
        "email": "ops@example.com",
    }
    with (desk.folder / "ctsync.yaml").open("a") as file:
        file.write("channels: " + json.dumps({"removals": "sftp", "sftp": said}))
    desk.declare({"u8": {"City": None}, "u9": {"City": None}})
    desk.ask(3, "apply", "apply", "--auto-approve", "--first-run")
    desk.ask(0, "plan", "plan")
    desk.ask(0, "explain", "explain", "u8")
    desk.ask(0, "state.show", "state", "show", "u8")
    desk.ask(0, "state.history", "state", "history", "last")
    (data,) = (folder / "in").glob("*.csv")
    header, row, _ = data.read_text().splitlines()
    report = desk.folder / f"{data.stem}-failed.csv"
    report.write_text(f'{header},"reason"\n{row},"no"\n')
    words = ("receipts", report.name, "--all-others-accepted", "--auto-approve")
    desk.ask(3, "receipts", *words)
    desk.fail(1, "receipts", "receipts", "ctsync.yaml", "--dry-run")
    server.close()
    return desk.documents


def refusals(desk):
    desk.fail(64, "init", "init", "other", "--region", "nowhere")
    desk.fail(64, "state.forget", "state", "forget", "nobody", "--auto-approve")
    desk.fail(64, "state.doubt", "state", "doubt")
    desk.fail(64, "state.history", "state", "history", "nothing")
    desk.fail(64, "state.list", "state", "list", "--target", "file=x")
    desk.fail(64, "plan", "plan", "--nothing")
    desk.fail(64, "explain", "explain", "nobody")
    desk.fail(64, "validate", "validate", "nowhere")
    desk.fail(64, None, "nonsense")
    desk.fail(4, None, "show", "no.plan")
    desk.fail(4, "apply", "apply", "p.plan", "--auto-approve")


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """What commands printed, each with the name of its schema."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch, listening() as hook:
        for name in ("CI", "CTSYNC_ENV"):
            patch.delenv(name, raising=False)
        patch.setenv("CLEVERTAP_PASSCODE", "sandbox")
        for room in ("clock", "read_platform", "send_plan"):
            patch.setattr(f"ctsync.cli.{room}.time", QuickTime())
        with Sandbox(account_id="TEST-1", slow_seconds=0.2) as sandbox:
            desk = Desk(folder, sandbox.url, hook.server_port)
            first_run(desk)
            second_run(desk, sandbox)
            looks(desk, sandbox)
            corrections(desk)
            refusals(desk)
            more = imports(tmp_path_factory.mktemp("imports"), sandbox, hook)
        desk.declare({**AFTER, "u5": {"Plan": "Free"}})
        desk.ask(1, "apply", "apply", "--auto-approve")  # nobody is there any more
        patch.setenv("CLEVERTAP_PASSCODE", "")
        desk.fail(1, "apply", "apply", "--auto-approve")
    told = (("notice", each) for each in hook.told)
    return [*desk.documents, *more, *told]


@pytest.fixture(scope="module")
def richest(documents):
    """The longest document of each schema."""
    by_length = sorted(documents, key=lambda each: len(json.dumps(each[1])))
    return {
        schema: document
        for schema, document in by_length
        if document.get("error") is None or schema == "error"
    }


def validator(name):
    root = {"$ref": f"{name}.json"}
    return jsonschema.Draft202012Validator(root, registry=REGISTRY)


def leaves(value, path=()):
    """Paths to everything that holds nothing more, each sort of path once."""
    found = {}
    for key, inner in _children(value):
        for leaf in leaves(inner, (*path, key)) or [(*path, key)]:
            found.setdefault(tuple(k for k in leaf if isinstance(k, str)), leaf)
    return list(found.values())


def _children(value):
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def replaced(document, path, value):
    broken = copy.deepcopy(document)
    inner = broken
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return broken


def grown(value):
    """Give a document as a later version might print it: with more keys."""
    if isinstance(value, list):
        return [grown(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {k: v if k == "diagnostic_totals" else grown(v) for k, v in value.items()}
    return inner | {"later": 1}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_one_of_2020_12_and_says_what_it_is_of(name):
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]


def test_what_is_printed_fits(documents):
    for schema, document in documents:
        errors = [error.message for error in validator(schema).iter_errors(document)]
        assert errors == [], (schema, document.get("format"))


def test_every_schema_is_met_by_a_document(richest):
    assert richest.keys() == SCHEMAS.keys() - {"parts"}


def test_every_outcome_was_met(documents):
    codes = {document.get("exit_code") for _, document in documents}
    assert codes >= {0, 1, 2, 3, 4, 6, 64}
    outcomes = {d["outcome"] for schema, d in documents if schema == "report"}
    assert outcomes >= {"rejected", "unknown"}


@pytest.mark.parametrize("name", sorted(SCHEMAS.keys() - {"parts"}))
def test_a_value_of_another_shape_is_refused_wherever_it_stands(name, richest):
    judge = validator(name)
    document = richest[name]
    paths = leaves(document)
    assert paths
    accepted = [
        path
        for path in paths
        if judge.is_valid(replaced(document, path, [["nothing of ours"]]))
    ]
    assert accepted == []


@pytest.mark.parametrize("name", sorted(SCHEMAS.keys() - {"parts"}))
def test_a_document_that_lacks_a_key_is_refused(name, richest):
    document = richest[name]
    optional = {"changes", "entries", "excludes", "partial", "revert", "sandbox"}
    optional |= {"verified", "kind", "since", "sent", "put", "pending", "due", "file"}
    optional |= {"profiles"} if name == "drift" else set()
    kept = [
        key
        for key in document.keys() - optional
        if validator(name).is_valid({k: v for k, v in document.items() if k != key})
    ]
    assert kept == []


def test_a_document_of_another_command_is_refused(richest):
    for name in SCHEMAS.keys() - LINES - SAME_FORM:
        for other, document in richest.items():
            if other == "error" and document["format"] == f"ctsync.{name}/1":
                continue  # it is of this command, which may end so
            assert validator(name).is_valid(document) == (name == other), (name, other)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("plan", ("format",), "ctsync.plan/2"),
        ("plan", ("exit_code",), 7),
        ("plan", ("digest",), "sha256:1234"),
        ("plan", ("changes", 0, "action"), "delete"),
        ("plan", ("changes", 0, "key"), {"masked": True}),
        ("plan", ("changes", 0, "operations", 0, "operator"), "$set"),
        ("plan", ("changes", 0, "operations", 0, "step"), 0),
        ("plan", ("summary", "calls"), -1),
        ("apply", ("counts", "not_sent"), None),
        ("apply", ("stopped",), "tired"),
        ("report", ("outcome",), "applied"),
        ("error", ("exit_code",), 0),
        ("error", ("error",), None),
    ],
)
def test_a_document_that_says_what_none_may_say_is_refused(name, path, value, richest):
    assert validator(name).is_valid(richest[name])
    assert not validator(name).is_valid(replaced(richest[name], path, value))


def test_keys_may_be_added(documents):
    for schema, document in documents:
        assert validator(schema).is_valid(grown(document)), schema


def test_every_command_that_prints_a_document_has_its_schema():
    def names(command, path=()):
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                yield from names(child, (*path, name))
        else:
            yield ".".join(path)

    assert {*names(build_app())} - {*WITHOUT} == SCHEMAS.keys() - LINES


SCENARIOS = Path(__file__).parents[1] / "scenarios"
GOLDEN = sorted(SCENARIOS.glob("*/plan.json*"))


def _name(path):
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", GOLDEN, ids=_name)
def test_every_golden_plan_is_as_its_schema_says(path):
    if path.suffix == ".json":
        validator("plan").validate(json.loads(path.read_text()))
        return
    *changes, document = map(json.loads, path.read_text().splitlines())
    validator("plan").validate(document)
    for change in changes:
        validator("change").validate(change)


def test_there_are_golden_plans_to_hold_to_it():
    assert len(GOLDEN) > 15
