"""A copied state is the same state: whatever was planned over it still holds."""

import json
from itertools import count

import pytest
from object_server import BUCKET

from ctsync.cli.app import run
from ctsync.model.profile_key import ProfileKey
from ctsync.sandbox import Sandbox
from ctsync.state import open_store

PROJECT = """\
version: 1
account: {{id: WR8-9K6-7Z5Z, region: in1, endpoint: "{url}"}}
state: ${{STATE}}
catalog: {{Points: {{type: counter}}}}
policy: {{limits: {{update: 100%}}}}
profiles:
"""
PROFILE = (
    '  - {{identity: "{n:04d}", attributes: {{Plan: {plan}, Points: {points}}}}}\n'
)
STORES = ["state.jsonl", "state/", "postgres", "bucket"]


class Homes:
    """Where a test's states are: places that nobody used yet."""

    numbers = count()

    def __init__(self, request):
        self._request, self._known = request, {}

    def at(self, name):
        """Give the location of one of `STORES`, or of another one of its kind."""
        if name not in self._known:
            self._known[name] = self._made(name)
        return self._known[name]

    def _made(self, name):
        kind, number = name.rpartition("again/")[2], next(self.numbers)
        if kind == "postgres":
            server = self._request.getfixturevalue("postgres_server")
            server.run(f"CREATE DATABASE copy{number}")
            return server.url(f"copy{number}")
        if kind == "bucket":
            self._request.getfixturevalue("object_server")
            return f"s3://{BUCKET}/copy/{number}/"
        return name


@pytest.fixture
def homes(request):
    return Homes(request)


@pytest.fixture
def sandbox():
    with Sandbox(passcode="secret") as made:
        yield made


@pytest.fixture
def project(tmp_path, monkeypatch, capsys, sandbox, homes):
    """Runs commands over a project whose state is named by a variable."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "secret")

    def command(state, *words, people=None):
        if people is not None:
            text = PROJECT.format(url=sandbox.url)
            profiles = (PROFILE.format(n=n, **each) for n, each in people.items())
            (tmp_path / "ctsync.yaml").write_text(text + "".join(profiles))
        monkeypatch.setenv("STATE", homes.at(state))
        capsys.readouterr()
        code = run([str(word) for word in words])
        said = capsys.readouterr()
        assert code == 0, said
        return said.out

    return command


def people(plan, points):
    return {n: {"plan": plan, "points": points} for n in range(30)}


def other(state):
    return STORES[(STORES.index(state) + 1) % len(STORES)]


@pytest.mark.parametrize("state", STORES)
def test_a_copy_keeps_digest_serial_and_lineage(project, tmp_path, state, homes):
    apply = ("apply", "--auto-approve")
    project(state, *apply, "--first-run", people=people("Free", 1))
    project(state, *apply, people={**people("Free", 1), 3: {"plan": "A", "points": 7}})
    project(state, "state", "copy", homes.at(other(state)), "--auto-approve")
    project(other(state), "state", "copy", homes.at(f"again/{state}"), "--auto-approve")
    headers = [
        open_store(homes.at(location), folder=tmp_path).read().header
        for location in (state, other(state), f"again/{state}")
    ]
    assert headers[0] == headers[1] == headers[2]
    assert (headers[0].serial, headers[0].entries) == (2, 30)


@pytest.mark.parametrize("state", STORES)
def test_a_plan_made_before_a_copy_is_applied_to_the_copy(
    project, sandbox, tmp_path, state, homes
):
    words = ("apply", "--auto-approve", "--first-run")
    project(state, *words, people=people("Free", 1))
    project(state, "plan", "--out", "p.plan", people=people("Gold", 3))
    project(state, "state", "copy", homes.at(other(state)), "--auto-approve")
    project(other(state), "apply", "p.plan", "--auto-approve")
    attributes = sandbox.platform.profile("identity", "0007").attributes
    assert (attributes["Plan"], attributes["Points"]) == ("Gold", 3)
    snapshot = open_store(homes.at(other(state)), folder=tmp_path).read()
    assert snapshot.header.serial == 2
    (entry,) = snapshot.pick([ProfileKey("identity", "0007")])
    assert entry.attributes["points"].value == 3
    assert (
        "0 to update" in project(other(state), "plan")
        or not json.loads(project(other(state), "plan", "--format", "json"))["changes"]
    )


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_plans_over_any_store_have_the_same_bytes_and_digest(
    project, tmp_path, engine, homes
):
    words = ("apply", "--auto-approve", "--first-run")
    project("state.jsonl", *words, people=people("Free", 1))
    for home in STORES[1:]:
        project("state.jsonl", "state", "copy", homes.at(home), "--auto-approve")
    changed = {**people("Gold", 3), 40: {"plan": "Free", "points": 1}}
    del changed[5]
    plans = []
    for number, state in enumerate(STORES):
        name = f"{number}.plan"
        project(state, "plan", "--out", name, "--engine", engine, people=changed)
        # The head says where the state is, and the end seals that.
        lines = (tmp_path / name).read_text().splitlines()
        _, *changes, foot, _ = lines
        plans.append((changes, json.loads(foot)["foot"]["digest"]))
    assert plans == plans[:1] * len(STORES)


def test_what_is_applied_to_either_store_is_the_same_state(project, tmp_path, homes):
    words = ("apply", "--auto-approve", "--first-run")
    project("state.jsonl", *words, people=people("Free", 1))
    for home in STORES[1:]:
        project("state.jsonl", "state", "copy", homes.at(home), "--auto-approve")
    known = []
    for state in STORES:
        project(state, "import", "spec", "--auto-approve", people=people("Gold", 2))
        snapshot = open_store(homes.at(state), folder=tmp_path).read()
        known.append((snapshot.header, list(snapshot.entries())))
    assert known == known[:1] * len(STORES)


@pytest.mark.parametrize("state", STORES)
def test_one_entry_is_shown_from_either_store(project, state, homes):
    words = ("apply", "--auto-approve", "--first-run")
    project(state, *words, people=people("Free", 1))
    assert "Free" in project(state, "state", "show", "0007")
    assert "Gold" in project(state, "explain", "0007", people=people("Gold", 1))
