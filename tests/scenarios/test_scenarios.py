"""Each folder here is a spec as it was, as it is, and all that follows from it.

`before.yaml` and then `between.yaml`, where they are there, are brought to the
simulated platform first; then `spec.yaml` is planned and applied. `between.faults`
names what the calls of that apply meet, and so on. The rest is golden: the state
before, the plan as text, document and comment, the calls that left, and the state
after. A plan in another form (`plan.html`, `plan.summary.txt`, ...) is held where its
file is: an empty one is a beginning. `pytest --update-golden` writes it all anew.
"""

import json
import re
import shutil
import time
from pathlib import Path
from uuid import UUID

import pytest

import ctsync.sandbox
from ctsync.cli.app import run
from ctsync.plan.document.plan_file import open_plan
from ctsync.render.renderers import renderer_names

HERE = Path(__file__).parent
SCENARIOS = sorted(path.parent.name for path in HERE.glob("*/spec.yaml"))
FORMS = {
    "plan.json": "json",
    "plan.md": "markdown",
    "plan.html": "html",
    "plan.jsonl": "jsonl",
    "plan.github.txt": "github",
    "plan.gitlab.json": "gitlab",
}
EVERYWHERE = (
    "state.jsonl",
    "plan.txt",
    "plan.json",
    "plan.md",
    "requests.jsonl",
    "state.after.jsonl",
)
_TOLD = ("Content-Type", "X-CleverTap-Account-Id")
# The page's own style and script are files to review by themselves.
_ASSETS = (
    (re.compile(r"<style>.*?</style>", re.DOTALL), "<style>(page.css)</style>"),
    (re.compile(r"<script>.*?</script>", re.DOTALL), "<script>(page.js)</script>"),
    (re.compile(r"'sha256-[^']+'"), "'(hash)'"),
)
SUMMARIES = {"plan.summary.txt": "text", "plan.summary.md": "markdown"}
_DRAWN = {
    "digest": "(digest)",
    "lines_sha256": "(lines)",
    "seal": "(seal)",
    "tool_version": "(version)",
    "unanswered": "(when)",
}


class Stage:
    """A project on which a scenario is played."""

    def __init__(self, script, folder, capsys, monkeypatch):
        self.script = script
        self.folder = folder
        self.capsys = capsys
        self.faults = ()
        self.calls = []
        self.violations = []
        shutil.copy(script / "ctsync.yaml", folder)
        self._drawn = 0
        self._skipped = 0.0
        monkeypatch.setattr("ctsync.cli.send_plan.uuid", self)
        for room in ("clock", "send_plan"):
            monkeypatch.setattr(f"ctsync.cli.{room}.time", self)
        monkeypatch.setattr(ctsync.sandbox, "Sandbox", self._sandbox())

    def uuid4(self):
        """Draw the next id: the first is a run, the second the lineage."""
        self._drawn += 1
        return UUID(int=self._drawn)

    def time(self):
        return time.time() + self._skipped

    def monotonic(self):
        return time.monotonic() + self._skipped

    def sleep(self, seconds):
        self._skipped += seconds

    def _sandbox(self):
        stage = self

        class Watched(ctsync.sandbox.Sandbox):
            def __enter__(self):
                self.script(*stage.faults)
                return super().__enter__()

            def __exit__(self, *args):
                super().__exit__(*args)
                stage.calls.extend(self.platform.calls)
                stage.violations.extend(self.platform.violations)

        return Watched

    def play(self, name, *, code):
        """Apply a spec against the faults that were planned for it."""
        self.enter(name)
        self.calls.clear()
        file = self.script / f"{Path(name).stem}.faults"
        self.faults = tuple(file.read_text().split()) if file.exists() else ()
        assert self.run("apply", "--auto-approve")[0] == code
        self.faults = ()

    def enter(self, name):
        shutil.copy(self.script / name, self.folder / "spec.yaml")

    def run(self, *words):
        self.capsys.readouterr()
        code = run([*words, "--sandbox"])
        return code, self.capsys.readouterr().out

    def state(self):
        path = self.folder / ".ctsync" / "sandbox" / "state.jsonl"
        if not path.exists():
            return ""
        return "".join(map(_told_entry, path.read_text().splitlines()))

    def requests(self):
        return "".join(map(_told_call, self.calls))


def _line(data):
    return json.dumps(data, sort_keys=True, ensure_ascii=False) + "\n"


def _told_entry(line):
    """Give a line of a state without what no reader can check."""
    data = {name: _DRAWN.get(name, value) for name, value in json.loads(line).items()}
    if data.get("last_plan"):
        data["last_plan"]["checksum"] = "(checksum)"
    if "fingerprint" in data:
        data["fingerprint"] = "(fingerprint)"
    return _line(data)


def _told_call(call):
    headers = {name: call.headers[name] for name in _TOLD}
    told = {"target": call.target, "headers": headers, "passcode": call.passcode_sent}
    if call.fault is not None:
        told["fault"] = call.fault
    return _line({**told, "body": json.loads(call.body)})


@pytest.fixture
def stage(request, tmp_path, capsys, monkeypatch):
    for name in ("CI", "CTSYNC_ENV", "CLEVERTAP_PASSCODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Stage(HERE / request.param, tmp_path, capsys, monkeypatch)


def _play(stage):
    """Give what the golden files should hold."""
    for name in ("before", "between"):
        if _has(stage, f"{name}.yaml"):
            stage.play(f"{name}.yaml", code=3 if _has(stage, f"{name}.faults") else 0)
    found = {"state.jsonl": stage.state()}
    stage.enter("spec.yaml")
    code, found["plan.txt"] = stage.run("plan", "--all")
    for name in _forms(stage):
        found[name] = _plan_as(FORMS[name], stage, code=code)
    for name in filter(lambda name: _has(stage, name), SUMMARIES):
        found[name] = _plan_as(SUMMARIES[name], stage, "--summary", code=code)
    stage.run("plan", "--out", "today.plan")
    open_plan(stage.folder / "today.plan").close()
    stage.play("spec.yaml", code=3 if _has(stage, "spec.faults") else code)
    found["requests.jsonl"] = stage.requests()
    found["state.after.jsonl"] = stage.state()
    return code, found


def _forms(stage):
    return [name for name in FORMS if name in EVERYWHERE or _has(stage, name)]


def _plan_as(form, stage, *words, code):
    """Give the plan in a form, without what is the same in every plan."""
    found, text = stage.run("plan", "--format", form, *words)
    assert found == code
    for pattern, told in _ASSETS if form == "html" else ():
        text = pattern.sub(told, text)
    return text


def _has(stage, name):
    return (stage.script / name).exists()


@pytest.mark.parametrize("stage", SCENARIOS, indirect=True)
def test_a_scenario_comes_to_what_is_written_down(stage, request):
    code, found = _play(stage)
    if request.config.getoption("--update-golden"):
        for name, text in found.items():
            (stage.script / name).write_text(text)
    for name, text in found.items():
        assert text == (stage.script / name).read_text(), name
    assert stage.violations == []
    if code == 0:
        _assert_settled(stage)


def _assert_settled(stage):
    """After at most one more apply the next plan has nothing to do."""
    if _has(stage, "spec.faults"):
        assert stage.run("apply", "--auto-approve")[0] == 0
    assert stage.run("plan", "--detailed-exitcode")[0] == 0
    assert stage.violations == []


def test_there_are_scenarios():
    assert len(SCENARIOS) >= 15


def test_some_scenario_shows_its_plan_in_each_form():
    assert {"text", *FORMS.values()} == {*renderer_names()}
    for name in (*FORMS, *SUMMARIES):
        assert [*HERE.glob(f"*/{name}")], name
