"""What a shell completes, asked of the shells themselves."""

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHELLS = ("bash", "zsh", "fish")
ID = "identity=118955"
LOYALTY = ["attribute=Loyalty Level", "attribute=Loyalty Points"]


@pytest.fixture
def path(tmp_path):
    """A PATH on which `ctsync` is this one."""
    program = tmp_path / "bin" / "ctsync"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ctsync "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
catalog:
  Loyalty Points: {type: counter}
  Loyalty Level: {type: string}
  $(touch hacked): {type: string}
tables:
  loyalty: {file: rows.csv, key: {identity: id}, columns: {Town: City}}
environments:
  staging: {account: {id: TEST-2}, state: staging.jsonl}
  prod: {account: {id: TEST-3}, state: prod.jsonl}
"""
PEOPLE = """\
profiles:
  - {identity: "1189549", attributes: {Plan: Gold}}
  - {identity: jack@example.com, attributes: {Plan: Gold}}
  - {identity: "+14155551234", attributes: {Plan: Gold}}
  - {objectId: 25b08803c1af, subscriptions: {email: {Football: true}}}
cohorts:
  vip: {members: ["1189550", {GPID: "77"}], attributes: {Tier: VIP}, leave: {Was: VIP}}
  veterans: {members: ["1189551"], attributes: {Tier: Old}}
"""


@pytest.fixture
def project(tmp_path):
    """A folder with a project, two saved plans and a folder."""
    folder = tmp_path / "project"
    (folder / "people").mkdir(parents=True)
    (folder / "ctsync.yaml").write_text(PROJECT)
    (folder / "people" / "all.yaml").write_text(PEOPLE)
    (folder / "monday.plan").touch()
    (folder / "notes.txt").touch()
    return folder


@pytest.fixture
def asked(path, project):
    """Give what a shell is answered for the text before its cursor."""

    def ask(typed, shell="zsh"):
        done = subprocess.run(
            ["ctsync"],
            env={
                **os.environ,
                "PATH": path,
                "PYTHONPATH": str(ROOT),
                "COMP_LINE": typed,
                "_CTSYNC_COMPLETE": f"{shell}_complete",
            },
            cwd=project,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        offers = done.stdout.splitlines()[::2]
        return [line.partition(",")[2] for line in offers if line]

    return ask


@pytest.fixture
def bash(path, project):
    """Type into a real bash, press Tab, and give the line as it is then."""
    with RealBash(project, path) as shell:
        yield shell.complete


class RealBash:
    """An interactive bash with its completions loaded, on a terminal of its own.

    Control-X has it print the line, so that nothing has to be read off a screen.
    """

    SETUP = (
        "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; "
        'bind -x \'"\\C-x": printf "\\n<%s>\\n" "$READLINE_LINE"\'; '
        'eval "$(ctsync completion bash)"; printf "%s\\n" "is"_ready\n'
    )

    def __init__(self, folder, path):
        self._folder = folder
        self._env = {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "TERM": "dumb",
            "HOME": str(folder),
            "COLUMNS": "200",
            "LANG": "C.UTF-8",
        }

    def __enter__(self):
        leader, follower = pty.openpty()
        self._leader = leader
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            cwd=self._folder,
            env=self._env,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
        )
        os.close(follower)
        os.write(leader, self.SETUP.encode())
        self._read_until("is_ready")
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._leader)

    def complete(self, typed):
        os.write(self._leader, f"{typed}\t\x18".encode())
        said = self._read_until(">\r\n", after="\n<")
        os.write(self._leader, b"\x15")  # the line is given up
        return said

    def _read_until(self, end, after=""):
        """Read until `end` stands after `after`; give what stands between them."""
        said = ""
        while end not in said.partition(after)[2] if after else end not in said:
            ready, _, _ = select.select([self._leader], [], [], 30)
            assert ready, said
            said += os.read(self._leader, 65536).decode()
        return said.partition(after)[2].partition(end)[0] if after else said


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ctsync va", ["validate"]),
        ("ctsync state for", ["forget"]),
        ("ctsync completion ", ["bash", "zsh", "fish"]),
        ("ctsync plan --det", ["--detailed-exitcode"]),
        ("ctsync plan --format ht", ["html"]),
        ("ctsync plan --env ", ["staging", "prod"]),
        ("ctsync --env st", ["staging"]),
        ("ctsync plan --target c", ["cohort="]),
        ("ctsync plan --target cohort=", ["cohort=veterans", "cohort=vip"]),
        ("ctsync plan --target=cohort=vi", ["--target=cohort=vip"]),
        ("ctsync plan --exclude table=", ["table=loyalty"]),
        ("ctsync show x --target file=", ["file=people/all.yaml", "file=rows.csv"]),
        ("ctsync plan --target action=re", ["action=release"]),
        ("ctsync plan --target attribute=Loy", LOYALTY),
        (
            "ctsync plan --target identity=118955",
            ["identity=1189550", "identity=1189551"],
        ),
        ("ctsync plan --target GPID=", ["GPID=77"]),
        ("ctsync apply --accept op", ["opt_in="]),
        ("ctsync apply --accept re", ["remove=", "reveal="]),
        ("ctsync init --region ", ["eu1", "in1", "sg1", "us1", "aps3", "mec1"]),
        ("ctsync state forget --attribute W", ["Was"]),
        ("ctsync state show obj", ["objectId=25b08803c1af"]),
        ("ctsync explain CT51", ["CT514", "CT515", "CT516", "CT517", "CT518", "CT519"]),
        ("ctsync show ", ["monday.plan", "people/"]),
        ("ctsync apply mo", ["monday.plan"]),
        ("ctsync export mo", ["monday.plan"]),
        ("ctsync plan pe", ["people/"]),
        ("ctsync plan . --target cohort=vi", ["cohort=vip"]),
        ("ctsync plan nowhere --target cohort=vi", []),
        ("FOO=1 ctsync plan --env p", ["prod"]),
    ],
)
def test_names_of_the_project_are_offered(asked, typed, expected):
    assert asked(typed) == expected


def test_another_folder_is_looked_into_where_one_is_chosen(asked, project):
    (project / "elsewhere").mkdir()
    project.joinpath("ctsync.yaml").rename(project / "elsewhere" / "ctsync.yaml")
    assert asked("ctsync plan --env ") == []
    assert asked("ctsync -C elsewhere plan --env st") == ["staging"]
    assert asked("ctsync plan elsewhere --env st") == ["staging"]


def test_an_environment_says_what_it_lays_over(asked, project):
    text = (project / "ctsync.yaml").read_text()
    more = text.replace("state: staging.jsonl", "state: s.jsonl, cohorts: {beta: {}}")
    (project / "ctsync.yaml").write_text(more)
    assert asked("ctsync plan --target cohort=b") == []
    assert asked("ctsync plan --env staging --target cohort=b") == ["cohort=beta"]
    assert asked("ctsync plan --env stag --target cohort=v") == [
        "cohort=veterans",
        "cohort=vip",
    ]


def test_people_who_look_like_an_address_are_never_offered(asked):
    assert asked("ctsync explain ") == [
        "GPID=77",
        "1189549",
        "1189550",
        "1189551",
        "objectId=25b08803c1af",
    ]


@pytest.mark.parametrize(
    "hide",
    [
        lambda project: _add(project, "  identity: {sensitive: true}\n"),
        lambda project: _say(project, '{"marks":["identity"]}'),
        lambda project: _say(project, "what is this"),
        lambda project: (project / "state.jsonl.journal").touch(),
        lambda project: _move(project, "postgresql://127.0.0.1:1/nobody"),
        lambda project: _move(project, "${STATE_URL}"),
    ],
    ids=["catalog", "state", "broken state", "journal", "database", "variable"],
)
def test_no_identity_is_offered_where_they_are_hidden_or_may_be(asked, project, hide):
    hide(project)
    assert asked("ctsync explain ") == ["GPID=77", "objectId=25b08803c1af"]
    assert asked("ctsync plan --target identity=") == []


def _add(project, entry):
    file = project / "ctsync.yaml"
    file.write_text(file.read_text().replace("catalog:\n", f"catalog:\n{entry}"))


def _say(project, line):
    (project / "state.jsonl").write_text(line + "\n")


def _move(project, state):
    file = project / "ctsync.yaml"
    file.write_text(file.read_text().replace("state: state.jsonl", f"state: {state}"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: [1",
        "- a list",
        "environments: 3",
        "cohorts: [vip]\ntables: x\ncatalog: {A: }\nspecs: 7",
        "specs: [nowhere, ../..]",
        "profiles: [3, {identity: {}}, {attributes: []}]\ncohorts: {a: {members: 3}}",
        "tables: {t: {columns: [1], file: {}}, u: 3}",
        "\x00",
    ],
)
def test_a_broken_project_is_silence(asked, project, text):
    (project / "ctsync.yaml").write_text(text)
    for typed in (
        "ctsync plan --env ",
        "ctsync explain ",
        "ctsync plan --target file=",
    ):
        asked(typed)
    assert asked("ctsync plan --target act") == ["action="]


def test_a_name_that_no_terminal_can_show_is_not_offered(asked, project):
    file = project / "people" / "all.yaml"
    file.write_text('cohorts: {"a\\e[2J": {}, "b\\n": {}, "c": {}}')
    assert asked("ctsync plan --target cohort=") == ["cohort=c"]


def test_a_large_spec_is_left_unread_and_the_small_ones_are_not(asked, project):
    (project / "big.yaml").write_text("cohorts: {big: {}}\n" + "# \n" * 100_000)
    assert asked("ctsync plan --target cohort=b") == []
    assert asked("ctsync plan --target cohort=vi") == ["cohort=vip"]


def test_completing_writes_nothing_and_loads_no_plan(project):
    before = sorted(project.rglob("*"))
    code = (
        "import sys; from ctsync.cli import main\n"
        "try: main([])\n"
        "except SystemExit: pass\n"
        "heavy = {'duckdb', 'jsonschema', 'requests', 'ctsync.plan', 'pyarrow'}\n"
        "print(sorted(heavy.intersection(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "COMP_LINE": "ctsync plan --target identity=",
            "_CTSYNC_COMPLETE": "zsh_complete",
        },
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "identity=1189549" in done.stdout
    assert done.stderr == "[]\n"
    assert sorted(project.rglob("*")) == before


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ctsync va", "ctsync validate "),
        ("ctsync plan --env st", "ctsync plan --env staging "),
        ("ctsync plan --target ta", "ctsync plan --target table="),
        ("ctsync plan --target cohort=vi", "ctsync plan --target cohort=vip "),
        ("ctsync plan --target=cohort=vi", "ctsync plan --target=cohort=vip "),
        ("ctsync plan --target cohort=v", "ctsync plan --target cohort=v"),
        (
            "ctsync plan --target attribute=Loyalty\\ P",
            "ctsync plan --target attribute=Loyalty\\ Points ",
        ),
        (
            'ctsync plan --target "attribute=Loyalty P',
            'ctsync plan --target "attribute=Loyalty Points" ',
        ),
        (
            "ctsync plan --target attribute=$",
            "ctsync plan --target attribute=\\$\\(touch\\ hacked\\) ",
        ),
        ("ctsync explain objectId=2", "ctsync explain objectId=25b08803c1af "),
        ("ctsync show mo", "ctsync show monday.plan "),
        ("ctsync show pe", "ctsync show people/"),
        ("ctsync apply --accept cr", "ctsync apply --accept create="),
        ("ctsync plan --out no", "ctsync plan --out notes.txt "),
        ("ctsync plann ", "ctsync plann "),
    ],
)
def test_a_real_bash_completes_the_line(bash, typed, expected):
    assert bash(typed) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script(desk, shell):
    script = desk.ok("completion", shell).out
    assert f"_CTSYNC_COMPLETE={shell}_complete" in script
    program = shutil.which(shell)
    if program is not None:
        subprocess.run([program, "-n"], input=script, text=True, check=True)


def test_an_unknown_shell_names_those_there_are(desk):
    ended = desk.run("completion", "tcsh")
    assert ended.code == 64
    assert all(shell in ended.err for shell in SHELLS)


def test_the_help_keeps_its_examples_as_they_are_typed(desk):
    said = desk.ok("completion", "--help").out.splitlines()
    assert '  bash:  eval "$(ctsync completion bash)"          in ~/.bashrc' in said
    assert '  zsh:   eval "$(ctsync completion zsh)"           in ~/.zshrc' in said
    lines = [line.strip() for line in said]
    fish = (
        "fish:  ctsync completion fish | source           in ~/.config/fish/config.fish"
    )
    assert fish in lines


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_told_what_a_command_does(path, project, shell):
    """Each offer is two lines: TYPE,VALUE and what it means."""
    done = subprocess.run(
        ["ctsync"],
        env={
            **os.environ,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "COMP_LINE": "ctsync va",
            "_CTSYNC_COMPLETE": f"{shell}_complete",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first == "plain,validate"
    assert second.startswith("Find everything that is wrong")
