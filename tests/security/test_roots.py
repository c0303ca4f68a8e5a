"""What the files of a project may be: nothing that its author could not read himself.

Whoever opens a pull request decides on every path below; the machine that plans it
holds secrets that he must not see.
"""

import gzip
import os
import subprocess
import time

import pytest

SECRET = "CANARY-SECRET-55e1"
HEAD = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"
TABLE = "tables:\n  t:\n    file: '%s'\n    key: {identity: id}\n    columns: {a: A}\n"
MEMBERS = "cohorts:\n  c:\n    members: {file: '%s', key: {identity: id}}\n    attributes: {A: x}\n"  # noqa: E501
COMMANDS = ["validate", "plan", "apply --auto-approve --first-run"]


class Place:
    """A checkout on a machine, and what lies beside it."""

    def __init__(self, desk, top):
        self.desk, self.top = desk, top
        self.outside = top.parent / "outside"
        self.outside.mkdir()
        (self.outside / "s.csv").write_text(f"{SECRET},a\n{SECRET},{SECRET}\n")
        (self.outside / "s.yaml").write_text(f"{SECRET}: [{SECRET}\n")
        (top / "people.yaml").unlink()

    def project(self, more, folder="."):
        (self.top / folder).mkdir(parents=True, exist_ok=True)
        (self.top / folder / "ctsync.yaml").write_text(HEAD + more)

    def run(self, command, *words):
        ended = self.desk.run(*command.split(), *words)
        assert ended.crash == ""
        assert SECRET not in ended.said
        return ended


@pytest.fixture
def place(desk):
    return Place(desk, desk.folder)


@pytest.fixture
def checkout(place):
    """The project is a folder of a git work tree."""
    subprocess.run(["git", "init", "-q", place.top], check=True)
    return place


def refused(ended, code="CT015"):
    assert ended.code == 1, ended.said
    assert code in ended.said
    return ended.said


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("section", [TABLE, MEMBERS], ids=["table", "members"])
def test_a_link_to_the_environment_of_the_process_is_not_read(place, section, command):
    """The passcode stands there."""
    (place.top / "x.csv").symlink_to("/proc/self/environ")
    place.project(section % "x.csv")
    assert "lies in /proc" in refused(place.run(command))


@pytest.mark.parametrize(
    "to",
    ["/proc/self/environ", "/proc/self/fd/0", "/dev/stdin", "/dev/zero", "/sys/power/state",  # noqa: E501
     "/dev/fd/0", "/etc/passwd", "../outside/s.csv", "../outside/none.csv"],
)  # fmt: skip
@pytest.mark.parametrize("how", ["link", "name", "folder link", "pattern"])
def test_nothing_outside_is_read_however_it_is_reached(place, to, how):
    target = os.path.normpath(place.top / to)
    folder, name = os.path.split(target)
    if how == "link":
        (place.top / "x.csv").symlink_to(target)
    elif how != "name":
        (place.top / "x").symlink_to(folder)
    words = {"link": "x.csv", "name": target, "folder link": f"x/{name}"}
    place.project(TABLE % words.get(how, "x/*"))
    refused(place.run("validate"))


@pytest.mark.parametrize("pattern", ["../outside/%s", "x/%s", "x/%s*", "**/%s"])
def test_what_lies_outside_cannot_be_guessed(place, pattern):
    """Else a pull request could ask the machine for names, one at a time."""
    (place.top / "x").symlink_to(place.outside)
    said = set()
    for name in ("s.csv", "n.csv"):
        place.project(TABLE % (pattern % name))
        said.add(refused(place.run("validate")).replace(name, "?"))
    assert len(said) == 1
    assert "did you mean" not in said.pop()


@pytest.mark.parametrize("named", ["../outside/s.yaml", "x.yaml", "x", "../outside/no"])
def test_specs_come_from_the_project_too(place, named):
    (place.top / "x.yaml").symlink_to(place.outside / "s.yaml")
    (place.top / "x").symlink_to(place.outside)
    place.project(f"specs: ['{named}']\n")
    refused(place.run("validate"))


def test_a_spec_that_is_met_in_a_folder_may_be_no_way_out(place):
    (place.top / "x.yaml").symlink_to(place.outside / "s.yaml")
    place.project("")
    assert "x.yaml:1:1: error CT015" in refused(place.run("validate"))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_project_file_itself_may_be_no_way_out(place, command):
    (place.top / "ctsync.yaml").unlink()
    (place.top / "ctsync.yaml").symlink_to(place.outside / "s.yaml")
    refused(place.run(command))


@pytest.mark.parametrize("name", [".git/x.csv", ".GIT/x.csv", ".ctsync/sandbox/x.csv"])
@pytest.mark.parametrize("is_linked", [True, False])
def test_what_git_and_ctsync_keep_is_not_read(checkout, name, is_linked):
    path = checkout.top / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"id,a\n{SECRET},x\n")
    (checkout.top / "y.csv").symlink_to(path)
    checkout.project(TABLE % ("y.csv" if is_linked else name))
    refused(checkout.run("validate"))


def test_a_repository_apart_from_its_work_tree_is_not_read_either(place):
    git = place.top / "hidden"
    words = ["git", "init", "-q", "--separate-git-dir", git, place.top]
    subprocess.run(words, check=True)
    (git / "x.csv").write_text(f"id,a\n{SECRET},x\n")
    place.project(TABLE % "hidden/x.csv")
    assert "lies in .git" in refused(place.run("validate"))


@pytest.mark.parametrize("name", ["state.jsonl", "state.jsonl.bak.csv", "old.csv.gz"])
def test_a_state_is_not_read_in_use_or_not(place, name):
    data = b'{"account":"A1","format":"ctsync.state/1"}\n{"key":"%b"}\n'
    data %= SECRET.encode()
    is_packed = name.endswith(".gz")
    (place.top / name).write_bytes(gzip.compress(data) if is_packed else data)
    (place.top / f"y{name[name.index('.') :]}").symlink_to(name)
    for file in (name, f"y{name[name.index('.') :]}"):
        place.project(TABLE % file)
        refused(place.run("validate"))


@pytest.mark.parametrize("state", ["kept/", "other.jsonl"])
def test_the_people_of_a_state_do_not_come_into_a_comment(desk, state):
    """The state moves in the same pull request that reads the one before."""
    desk.project(seconds=2)
    text = (desk.folder / "ctsync.yaml").read_text()
    (desk.folder / "ctsync.yaml").write_text(text.replace("state.jsonl", "kept/"))
    assert desk.run("apply", "--auto-approve", "--first-run").code == 0
    text += (TABLE % "kept/ctsync-*.parquet").replace(
        "id}", "id}\n    allow_empty: true"
    )
    (desk.folder / "ctsync.yaml").write_text(text.replace("state.jsonl", state))
    assert "CT015" in refused(desk.run("plan"))


def test_a_saved_plan_is_not_read(desk):
    assert desk.run("plan", "--out", "p.plan").code == 0
    (desk.folder / "p.plan").rename(desk.folder / "p.csv")
    desk.project(TABLE % "p.csv")
    assert "state, journal or plan" in refused(desk.run("plan"))


def test_a_pipe_or_device_does_not_hold_a_run(place):
    os.mkfifo(place.top / "x.csv")
    os.mkfifo(place.top / "y.yaml")
    place.project(TABLE % "x.csv")
    begun = time.monotonic()
    said = refused(place.run("validate"), "CT612")
    assert "y.yaml:1:1: error CT003 cannot be read" in said
    assert time.monotonic() - begun < 30


# --- What a project's own is


def rows(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("id,a\nu1,x\n")


def test_a_project_in_a_work_tree_reads_all_of_it(checkout, monkeypatch):
    rows(checkout.top / "data" / "x.csv")
    checkout.project(TABLE % "../../data/*.csv", "teams/crm")
    (checkout.top / "ctsync.yaml").unlink()
    monkeypatch.chdir(checkout.top / "teams" / "crm")
    assert checkout.run("validate").code == 0


def test_worktrees_are_work_trees(checkout, monkeypatch):
    rows(checkout.top / "data" / "x.csv")
    checkout.project(TABLE % "../data/*.csv", "crm")
    git = ["git", "-C", checkout.top, "-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run([*git, "add", "crm", "data"], check=True)
    subprocess.run([*git, "commit", "-qm", "t"], check=True)
    other = checkout.top.parent / "other"
    subprocess.run([*git, "worktree", "add", "-q", other], check=True)
    monkeypatch.chdir(other / "crm")
    assert checkout.run("validate").code == 0
    (other / "crm" / "ctsync.yaml").write_text(HEAD + TABLE % "../../outside/s.csv")
    refused(checkout.run("validate"))


def test_a_checkout_behind_a_link_is_itself(checkout, monkeypatch):
    rows(checkout.top / "x.csv")
    checkout.project(TABLE % "x.csv")
    link = checkout.top.parent / "link"
    link.symlink_to(checkout.top)
    monkeypatch.chdir(link.parent)
    assert checkout.run("validate", "link").code == 0
    monkeypatch.chdir(link)
    assert checkout.run("validate").code == 0


def test_a_link_in_a_work_tree_does_not_lead_to_another_project(checkout):
    other = checkout.outside / "crm"
    rows(other / "x.csv")
    (other / "ctsync.yaml").write_text(HEAD + TABLE % "x.csv")
    (checkout.top / "crm").symlink_to(other)
    refused(checkout.run("validate", "crm"))


def test_no_folder_is_a_work_tree_because_of_an_empty_name(place):
    (place.top.parent / ".git").mkdir()
    place.project(TABLE % "../outside/s.csv")
    refused(place.run("validate"))


@pytest.mark.parametrize("by", ["option", "variable", "after"])
def test_another_folder_is_allowed_by_hand_alone(place, monkeypatch, by):
    rows(place.outside / "x.csv")
    place.project(TABLE % "../outside/x.csv")
    words = ["plan"]
    if by == "variable":
        monkeypatch.setenv("CTSYNC_DATA_ROOTS", f"{place.top}:{place.outside}")
    elif by == "option":
        words = ["--data-root", str(place.outside), *words]
    else:
        words += ["--data-root", str(place.top), "--data-root", "../outside"]
    assert place.run(*words).code == 0


def test_a_folder_that_is_allowed_has_to_be_there(place):
    place.project("")
    ended = place.run("validate", "--data-root", "nowhere")
    assert ended.code == 64
    assert "nowhere is no folder" in ended.err


def test_no_permission_covers_what_is_never_read(place):
    (place.top / "x.csv").symlink_to("/proc/self/environ")
    place.project(TABLE % "x.csv")
    refused(place.run("validate", "--data-root", "/", "--data-root", "/proc"))
