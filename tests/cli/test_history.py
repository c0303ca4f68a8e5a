"""Every apply leaves a record of who did what, and what was known before."""

import json
import stat

import pytest

from ctsync.cli.git_commit import commit_of
from ctsync.cli.states.state_history import changes_in, find_run, run_of

ID = "a" * 40


@pytest.fixture
def twice(desk, monkeypatch):
    """A project that was applied twice: u1 is changed, u2 loses a list value."""
    return applied_twice(desk, monkeypatch)


@pytest.fixture
def housed_twice(housed, monkeypatch):
    """The same, with the state in each home there is."""
    return applied_twice(housed, monkeypatch)


def applied_twice(desk, monkeypatch):
    for name in ("GITHUB_SHA", "CI_COMMIT_SHA", "CI_JOB_URL", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    desk.begun({"u1": {"Plan": "Free", "Points": 1}, "u2": {"Tags": ["a", "b"]}})
    desk.people({"u1": {"Plan": "Gold", "Points": 5}, "u2": {"Tags": ["b", "c"]}})
    monkeypatch.setenv("CI_JOB_URL", "https://ci.example/7")
    monkeypatch.setenv("CI_COMMIT_SHA", ID)
    assert desk.apply().code == 0
    return desk


def history(desk, *words):
    return desk.json("state", "history", *words)


def store_of(desk):
    return desk.home.open()


def test_runs_are_listed_the_last_one_first_with_who_and_what_came_of_it(housed_twice):
    twice = housed_twice
    last, first = history(twice)["runs"]
    assert last["who"]["pipeline"] == "https://ci.example/7"
    assert (last["who"]["commit"], first["who"]["commit"]) == (ID, None)
    assert last["who"]["user"]
    assert last["counts"] == {
        "acknowledged": 2, "rejected": 0, "unknown": 0, "not_sent": 0,
    }  # fmt: skip
    assert (first["base"]["serial"], last["base"]["serial"]) == (0, 1)
    assert (last["calls"], last["stopped"]) == (3, None)
    assert last["seconds"] >= 0
    text = twice.ok("state", "history").out
    assert text.index(last["run"]) < text.index(first["run"])
    assert "2 runs kept" in text


def test_a_run_shows_what_it_changed(housed_twice):
    twice = housed_twice
    ended = history(twice, "last")
    changed = {
        (change["key"]["identity"], op["attribute"], op["operator"]): (
            op["operand"], op["before"], op["after"], op["outcome"],
        )
        for change in ended["changes"]
        for op in change["operations"]
    }  # fmt: skip
    assert changed == {
        ("u1", "Plan", "set"): ("Gold", "Free", "Gold", "acknowledged"),
        ("u1", "Points", "$incr"): (4, 1, 5, "acknowledged"),
        ("u2", "Tags", "$remove"): (["a"], ["a", "b"], ["b"], "acknowledged"),
        ("u2", "Tags", "$add"): (["c"], ["b"], ["b", "c"], "acknowledged"),
    }
    text = twice.ok("state", "history", ended["runs"][0]["run"][:8]).out
    assert '"Free" -> "Gold"' in text


def test_the_history_comes_in_lines_too(housed_twice):
    twice = housed_twice
    *runs, document = map(json.loads, twice.ok(
        "state", "history", "--format", "jsonl").out.splitlines())  # fmt: skip
    whole = history(twice)
    assert runs == whole.pop("runs")
    assert document == whole
    *changes, document = map(json.loads, twice.ok(
        "state", "history", "last", "--format", "jsonl").out.splitlines())  # fmt: skip
    whole = history(twice, "last")
    assert changes == whole.pop("changes")
    assert document == whole


@pytest.mark.parametrize("word", ["nothing", ""])
def test_a_run_that_is_not_kept_is_usage(twice, word):
    assert twice.run("state", "history", word).code == 64


def test_without_a_run_there_is_nothing_to_say(desk):
    assert history(desk)["runs"] == []
    assert "No run" in desk.ok("state", "history").out
    assert desk.run("state", "history", "last").code == 64


def test_an_apply_that_did_nothing_is_no_run(housed_twice):
    twice = housed_twice
    assert twice.apply().code == 0
    assert len(history(twice)["runs"]) == 2
    assert twice.run("apply", "--dry-run").code == 0
    assert len(history(twice)["runs"]) == 2


@pytest.mark.parametrize("kept", [0, 1])
def test_as_many_runs_are_kept_as_the_project_says(housed, kept):
    desk = housed
    desk.project(f"history: {{runs: {kept}}}")
    for plan in ("Free", "Gold"):
        desk.people({"u1": {"Plan": plan}})
        assert desk.apply().code == 0
    assert len(history(desk)["runs"]) == kept


def test_what_was_rejected_or_lost_is_told(desk):
    desk.people({f"u{n}": {"Plan": "Free"} for n in range(4)})
    desk.sandbox.script("reject", *["lost"] * 9)
    desk.project("upload: {records_per_call: 2, concurrency: 1}")
    ended = desk.apply()
    assert ended.code == 3
    (run,) = history(desk)["runs"]
    assert run["counts"]["rejected"] > 0
    assert run["counts"]["unknown"] > 0
    assert sum(run["counts"].values()) == 4
    outcomes = {
        op["outcome"]
        for change in history(desk, "last")["changes"]
        for op in change["operations"]
    }
    assert "unknown" in outcomes
    assert "outcome unknown: Plan" in desk.ok("state", "history", "last").out


def test_counts_are_those_of_the_apply(desk):
    desk.crowd(30, Points=3, Tags=["a"])
    desk.project("upload: {records_per_call: 5}")
    desk.sandbox.script("reject", "none", "code555", "dropped", "miscount", "html")
    counts = desk.json("apply", "--auto-approve", "--first-run")["counts"]
    (run,) = history(desk)["runs"]
    assert run["counts"] == counts
    assert len([n for n in counts.values() if n]) > 2


def test_sensitive_values_and_identities_are_masked(desk):
    desk.begun({"ann@example.com": {"Email": "a@example.com", "City": "Rome"}})
    desk.write("more.yaml", "catalog: {City: {type: string, sensitive: true}}")
    for form in ("text", "json", "jsonl"):
        said = desk.ok("state", "history", "last", "--format", form).said
        assert "@example.com" not in said
        assert "Rome" not in said
    assert "Rome" in desk.ok("state", "history", "last", "--reveal").out


def test_what_is_kept_is_for_its_owner_alone(twice):
    folder = twice.folder / "state.jsonl.runs"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_copy_has_the_history_too(housed_twice):
    twice = housed_twice
    twice.ok("state", "copy", "kept/", "--auto-approve")
    file = twice.folder / "ctsync.yaml"
    before = history(twice)["runs"], history(twice, "last")["changes"]
    file.write_text(file.read_text().replace(twice.home.words, "kept/"))
    assert (history(twice)["runs"], history(twice, "last")["changes"]) == before


def test_a_record_says_what_was_known_before(housed_twice):
    twice = housed_twice
    record = find_run(store_of(twice), "last")
    changes = {change.key.id: change for change in changes_in(record)}
    counts = run_of(record).counts
    assert sum(counts.values()) == counts["acknowledged"] > 0
    assert changes["u1"].known["points"].value == 1
    assert changes["u2"].known["tags"].present == ("a", "b")


def test_a_damaged_history_is_named_and_stops_no_apply(twice):
    folder = twice.folder / "state.jsonl.runs"
    for path in folder.iterdir():
        path.write_bytes(b"nonsense")
    ended = twice.run("state", "history")
    assert (ended.code, ended.out) == (1, "")
    assert "damaged" in ended.err
    twice.people({"u1": {"Plan": "Free", "Points": 5}, "u2": {"Tags": ["b", "c"]}})
    assert twice.apply().code == 0


@pytest.fixture
def checkout(tmp_path):
    git = tmp_path / "top" / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    return git


def test_the_commit_is_that_of_the_branch_that_is_checked_out(checkout):
    inside = checkout.parent / "crm"
    assert commit_of(inside, {}) is None
    (checkout / "packed-refs").write_text(f"# pack-refs\n{'b' * 40} refs/heads/main\n")
    assert commit_of(inside, {"GITHUB_SHA": ID}) == "b" * 40
    (checkout / "refs/heads/main").write_text(f"{ID}\n")
    assert commit_of(inside, {}) == ID


def test_a_detached_head_is_a_commit(checkout):
    (checkout / "HEAD").write_text(f"{ID}\n")
    assert commit_of(checkout.parent, {}) == ID


def test_a_linked_work_tree_has_a_commit_of_its_own(checkout, tmp_path):
    linked, own = tmp_path / "linked", checkout / "worktrees/linked"
    linked.mkdir()
    own.mkdir(parents=True)
    (linked / ".git").write_text(f"gitdir: {own}\n")
    (own / "HEAD").write_text("ref: refs/heads/side\n")
    (own / "commondir").write_text("../..\n")
    (checkout / "refs/heads/side").write_text(f"{ID}\n")
    assert commit_of(linked, {}) == ID


@pytest.mark.parametrize("said", ["", "main", "a" * 39, "${SHA}"])
def test_without_a_checkout_the_pipeline_says_the_commit(tmp_path, said):
    assert commit_of(tmp_path, {"CI_COMMIT_SHA": said}) is None
    assert commit_of(tmp_path, {"GITHUB_SHA": said, "CI_COMMIT_SHA": ID}) == ID
