"""A state's server that goes away in the middle of an apply: no counter moves twice."""

import itertools
import json
import os
import signal
import threading
import time

import pytest
from http_proxy import HttpProxy, pass_all
from object_server import BUCKET
from postgres_server import PostgresServer

from ctsync import object_client
from ctsync.cli.app import run
from ctsync.sandbox import Sandbox
from ctsync.state.object_store import store
from ctsync.state.postgres import tenure, view

PEOPLE = 30
PROJECT = """\
version: 1
account: {{id: WR8-9K6-7Z5Z, region: in1, endpoint: "{url}"}}
state: {{url: "${{STATE}}", name: {name}}}
catalog: {{Points: {{type: counter}}}}
upload: {{records_per_call: 1, concurrency: 2, timeout_seconds: 1}}
policy: {{limits: {{update: 100%}}}}
profiles:
"""
PROFILE = (
    '  - {{identity: "{n:04d}", attributes: {{Plan: {plan}, Points: {points}}}}}\n'
)
APPLY = ("apply", "--auto-approve", "--format", "json")
NAMES = itertools.count()

KILLED = """
import sys
from ctsync.cli.app import run
from ctsync.state.object_store import store
store.TERM_SECONDS = 1.5
print("began", flush=True)
run(sys.argv[1:])
"""


class World:
    """A project whose state is on a server, and a platform that answers slowly."""

    def __init__(self, folder, sandbox, capsys):
        self.folder, self.sandbox, self._capsys = folder, sandbox, capsys
        self.name = f"mid-{next(NAMES)}"

    def declare(self, plan, points):
        head = PROJECT.format(url=self.sandbox.url, name=self.name)
        lines = (PROFILE.format(n=n, plan=plan, points=points) for n in range(PEOPLE))
        (self.folder / "ctsync.yaml").write_text(head + "".join(lines))

    def apply(self, *words):
        self._capsys.readouterr()
        code = run([*APPLY, *words])
        said = self._capsys.readouterr()
        return code, json.loads(said.out or "null"), said.err

    def after(self, calls, act):
        """Do something once so many more calls have arrived."""
        until = len(self.sandbox.platform.calls) + calls

        def watch():
            while len(self.sandbox.platform.calls) < until:
                time.sleep(0.005)
            act()

        thread = threading.Thread(target=watch)
        thread.start()
        return thread

    def platform(self):
        found = []
        for n in range(PEOPLE):
            profile = self.sandbox.platform.profile("identity", f"{n:04d}")
            found.append((profile.attributes["Plan"], profile.attributes["Points"]))
        return found


@pytest.fixture
def world(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "secret")
    monkeypatch.setattr(store, "TERM_SECONDS", 1.5)
    monkeypatch.setattr(object_client, "RETRY_SECONDS", 1)
    with Sandbox(passcode="secret", latency_seconds=0.03) as sandbox:
        yield World(tmp_path, sandbox, capsys)


@pytest.fixture
def on_postgres(world, postgres_server, monkeypatch):
    monkeypatch.setenv("STATE", postgres_server.url())
    return world


@pytest.fixture
def on_bucket(world, object_server, monkeypatch):
    proxy = HttpProxy(object_server.port)
    for name, value in object_server.variables(proxy.port).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STATE", f"s3://{BUCKET}/mid/")
    yield world, proxy
    proxy.close()


def finish(world):
    """Apply until all is done; say how often that took."""
    for times in range(1, 4):
        code, document, said = world.apply()
        if code == 0:
            return times
        assert code == 3, (document, said)
    raise AssertionError(said)


def test_connections_that_are_cut_again_and_again(on_postgres, postgres_server):
    world = on_postgres
    world.declare("Free", 10)
    assert world.apply("--first-run")[0] == 0
    for round_number, calls in enumerate((1, 9, 25, 40, 55), start=1):
        plan, points = f"Plan {round_number}", 10 + 7 * round_number
        world.declare(plan, points)
        cut = world.after(calls, postgres_server.cut_connections)
        code, document, said = world.apply()
        cut.join()
        assert code == 0, (document, said)
        assert document["counts"]["acknowledged"] == PEOPLE
        assert world.platform() == [(plan, points)] * PEOPLE
        assert world.apply()[1]["counts"]["acknowledged"] == 0


@pytest.fixture
def on_own_postgres(world, monkeypatch):
    """A server that a test may end; on a busy machine it is slow to come back."""
    server = PostgresServer()
    for module in (tenure, view):
        monkeypatch.setattr(module, "RECONNECT_SECONDS", 60)
    monkeypatch.setenv("STATE", server.url())
    yield world, server
    server.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_database_that_restarts_is_waited_for(on_own_postgres, how):
    world, server = on_own_postgres
    world.declare("Free", 10)
    assert world.apply("--first-run")[0] == 0
    world.declare("Gold", 17)

    def restart():
        server.stop(how=how)
        server.start()

    restarted = world.after(25, restart)
    code, document, said = world.apply()
    restarted.join()
    assert code == 0, (document, said)
    assert world.platform() == [("Gold", 17)] * PEOPLE
    assert world.apply()[1]["counts"]["acknowledged"] == 0


def test_a_plan_is_refused_where_a_copy_took_over_that_lacks_the_last_commits(
    on_own_postgres,
):
    world, server = on_own_postgres
    world.declare("Free", 10)
    assert world.apply("--first-run")[0] == 0
    copy = server.copy()
    world.declare("Gold", 17)
    assert world.apply()[0] == 0
    world.declare("Gold", 20)
    assert run(["plan", "--out", "later.plan"]) == 0
    server.fail_over(copy)
    calls = len(world.sandbox.platform.calls)
    code, document, _ = world.apply("later.plan")
    assert (code, document["error"]["code"]) == (4, "plan_stale")
    assert len(world.sandbox.platform.calls) == calls
    assert run(["state", "doubt", "--all", "--auto-approve"]) == 0
    assert world.apply()[0] == 0
    assert world.platform() == [("Gold", 20)] * PEOPLE


def test_a_copy_that_takes_over_in_mid_apply_ends_the_run_and_is_noticed_after(
    on_own_postgres, monkeypatch, tmp_path
):
    world, server = on_own_postgres
    monkeypatch.setenv("CTSYNC_HIGH_WATER", str(tmp_path / "apart" / "mark.json"))
    (tmp_path / "apart").mkdir()
    world.declare("Free", 10)
    assert world.apply("--first-run")[0] == 0
    copy = server.copy()
    world.declare("Gold", 17)
    assert world.apply()[0] == 0
    world.declare("Gold", 20)
    moved = world.after(12, lambda: server.fail_over(copy))
    code, document, said = world.apply()
    moved.join()
    assert code == 3, (document, said)
    calls = len(world.sandbox.platform.calls)
    code, document, _ = world.apply()
    assert (code, document["error"]["code"]) == (1, "state_went_back")
    assert len(world.sandbox.platform.calls) == calls
    assert run(["state", "doubt", "--all", "--auto-approve"]) == 0
    assert world.apply()[0] == 0
    assert world.platform() == [("Gold", 20)] * PEOPLE


def test_a_bucket_that_is_busy_or_gone_for_a_while(on_bucket):
    world, proxy = on_bucket
    world.declare("Free", 10)
    assert world.apply("--first-run")[0] == 0
    for round_number, (calls, fate) in enumerate(
        ((1, "busy"), (20, "cut"), (45, "lost")), start=1
    ):
        plan, points = f"Plan {round_number}", 10 + 7 * round_number
        world.declare(plan, points)

        def trouble(fate=fate):
            proxy.fate = lambda method, path: fate

        troubled = world.after(calls, trouble)
        code, document, said = world.apply()
        troubled.join()
        proxy.fate = pass_all
        assert code in {0, 1, 3}, (document, said)
        finish(world)
        assert world.platform() == [(plan, points)] * PEOPLE
        assert world.apply()[1]["counts"]["acknowledged"] == 0


@pytest.mark.parametrize("home", ["on_postgres", "on_bucket"])
def test_a_killed_runner_leaves_no_lock_and_the_next_takes_up(home, request, python):
    found = request.getfixturevalue(home)
    world = found if isinstance(found, World) else found[0]
    world.declare("Free", 10)
    assert world.apply("--first-run")[0] == 0
    for round_number, calls in enumerate((1, 30, 50), start=1):
        plan, points = f"Plan {round_number}", 10 + 7 * round_number
        world.declare(plan, points)
        with python(KILLED, *APPLY) as runner:
            assert runner.stdout.readline() == "began\n"
            kill = world.after(calls, lambda: os.kill(runner.pid, signal.SIGKILL))
            runner.wait(60)
            kill.join()
        finish(world)
        assert world.platform() == [(plan, points)] * PEOPLE
