"""Commands that a message names can be typed as they stand, and take nothing away."""

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from ctsync.cli.app import build_app
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.terminal.next_command import completed

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ctsync"
QUOTED = re.compile(r'"(ctsync [^"]+)"')
BARE = re.compile(r'(?<!["$(-])\bctsync ([a-z]+)')
SAFEGUARDS = {"--reveal", "--auto-approve"}
APP = build_app()


def hints():
    """Yield every text that says what to do: arguments, and hints of codes."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg in {"hint", "instead"}:
                yield from texts(node.value, path)
            if isinstance(node, ast.Assign) and "hint" in ast.unparse(node.targets[0]):
                yield from texts(node.value, path)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in TAKE_HINTS:
                for each in node.args:
                    yield from texts(each, path)


TAKE_HINTS = {"Checked", "Code", "Diagnostic", "Fault", "_fault", "fault_at"}


def texts(node, path):
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr):
            parts = [getattr(part, "value", None) for part in each.values]
            yield path, "".join(p if isinstance(p, str) else "{}" for p in parts)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield path, each.value


HINTS = sorted({(path.name, text) for path, text in hints()})
NAMED = sorted({found[1] for _, text in HINTS for found in QUOTED.finditer(text)})


def command_of(words):
    """Find the command that words name, and what is left of them."""
    command = APP
    while words and isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words[0])
        assert command is not None, words
        words = words[1:]
    return command, words


@pytest.mark.parametrize("line", NAMED)
def test_a_command_that_a_hint_names_is_one_with_such_options(line):
    command, rest = command_of(shlex.split(line)[1:])
    known = {name for param in command.params for name in param.opts}
    options = {word for word in rest if word.startswith("-")}
    assert options <= known
    assert not options & SAFEGUARDS


def test_whatever_takes_hints_is_called_so():
    called = {
        ast.unparse(node.func)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    assert called >= TAKE_HINTS


def test_hints_name_commands_in_quotes_so_that_they_can_be_completed():
    commands = {*APP.commands}
    bare = [
        (name, text)
        for name, text in HINTS
        for found in BARE.finditer(text)
        if found[1] in commands
    ]
    assert bare == []
    assert len(NAMED) > 15


def test_no_hint_offers_to_take_a_safeguard_away():
    assert [text for _, text in HINTS if any(word in text for word in SAFEGUARDS)] == []


@pytest.mark.parametrize("path", sorted({"plan", "apply", "refresh", "state doubt"}))
@pytest.mark.parametrize("typo", ["--reveall", "--auto-aprove", "--auto", "--revael"])
def test_a_typo_near_a_safeguard_is_not_told_its_name(desk, path, typo):
    ended = desk.run(*path.split(), typo)
    assert ended.code == 64
    assert not any(word in ended.said.replace(typo, "") for word in SAFEGUARDS)


def test_any_other_typo_is_told_the_nearest(desk):
    said = desk.run("plan", "--detailed-exit-code").err
    assert said == (
        "error: ctsync plan has no option --detailed-exit-code\n"
        "  did you mean --detailed-exitcode?\n"
    )
    assert desk.run("plan", "--xyzzy").err == (
        'error: ctsync plan has no option --xyzzy\n  see "ctsync plan --help"\n'
    )


# --- With what was given


def settings(**named):
    return GlobalOptions(**named)


@pytest.mark.parametrize(
    ("given", "said", "means"),
    [
        ({}, '"ctsync plan"', "ctsync plan"),
        ({"env": "prod"}, '"ctsync plan"', "ctsync plan --env prod"),
        ({"env": "a b"}, '"ctsync state list"', "ctsync state list --env 'a b'"),
        (
            {"directory": Path("my crm"), "sandbox": True},
            '"ctsync apply"',
            "ctsync apply -C 'my crm' --sandbox",
        ),
        (
            {"data_roots": (Path("/data"),)},
            '"ctsync validate"',
            "ctsync validate --data-root /data",
        ),
        (
            {"saved": Path("p.plan"), "env": "prod"},
            '"ctsync plan"',
            "ctsync plan --out p.plan --env prod",
        ),
        (
            {"saved": Path("p.plan")},
            '"ctsync plan --sign --out FILE"',
            "ctsync plan --sign --out p.plan",
        ),
        ({"saved": Path("p.plan")}, '"ctsync apply"', "ctsync apply p.plan"),
        ({"saved": Path("p.plan")}, '"ctsync show"', "ctsync show p.plan"),
        (
            {"saved": Path("p.plan")},
            '"ctsync export PLAN --channel csv"',
            "ctsync export PLAN --channel csv",
        ),
        ({"saved": Path("p.plan")}, '"ctsync import FILE"', "ctsync import FILE"),
        (
            {"saved": Path("p.plan"), "planned": ("--target", "cohort=vip")},
            '"ctsync plan"',
            "ctsync plan --out p.plan --target cohort=vip",
        ),
        (
            {"planned": ("--target", "cohort=vip")},
            '"ctsync apply --accept update=4"',
            "ctsync apply --accept update=4 --target cohort=vip",
        ),
        (
            {"project": Path("crm.yaml"), "directory": Path("x")},
            '"ctsync apply --accept update=4"',
            "ctsync apply --accept update=4 crm.yaml -C x",
        ),
        ({"env": "prod"}, '"ctsync plan --help"', "ctsync plan --help"),
        ({"env": "prod", "directory": Path("x")}, '"ctsync init"', "ctsync init -C x"),
    ],
)
def test_a_command_is_named_with_what_this_one_was_given(given, said, means):
    assert completed(settings(**given), f"run {said} again") == f'run "{means}" again'


def test_a_plan_of_a_folder_is_named_from_that_folder(desk, monkeypatch):
    """What applies it has to be run where its project is."""
    desk.people({"u1": {"Plan": "Free"}})
    monkeypatch.chdir(desk.folder.parent)
    said = desk.run("plan", desk.folder.name, "--out", "p.plan").err
    place = f"../p.plan -C {desk.folder.name}"
    assert said == f"Saved as p.plan. Next: ctsync apply {place}\n"
    words = shlex.split(said.partition("Next: ctsync ")[2])
    assert desk.run(*words, "--auto-approve", "--first-run").code == 0


ENVIRONMENTS = """\
policy: {limits: {update: 1}}
environments:
  e: {account: {id: T2}, state: e.jsonl}
"""


@pytest.fixture
def elsewhere(desk, tmp_path_factory, monkeypatch):
    """A project with an environment, run from another folder, with a saved plan."""
    desk.project(ENVIRONMENTS)
    desk.people({f"u{n}": {"Plan": "Free"} for n in range(3)})
    where = ("-C", desk.folder, "--env", "e", "--sandbox")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    desk.ok("apply", "--auto-approve", *where)
    desk.people({f"u{n}": {"Plan": "Gold"} for n in range(3)})
    desk.where = where
    return desk


REFUSED = [
    ("plan --out q.plan", 6),
    ("apply --auto-approve", 6),
    ("apply none.plan", 64),
    ("apply none.plan --auto-approve", 4),
    ("show none.plan", 4),
    ("apply tampered.plan --auto-approve", 4),
    ("apply p.plan --auto-approve", 4),
    ("explain nobody", 64),
    ("state show nobody", 64),
    ("state forget nobody --auto-approve", 64),
    ("state rename u0 u1 --auto-approve", 64),
    ("state history r-none", 64),
    ("drift nobody", 64),
    ("plan --revert none", 64),
]


@pytest.mark.parametrize(("line", "code"), REFUSED, ids=str)
def test_every_refusal_repeats_where_it_was(elsewhere, line, code):
    """Each command that is named goes to the same project, environment, platform."""
    elsewhere.ok("plan", "--out", "p.plan", "--accept", "update=3", *elsewhere.where)
    plan = (elsewhere.folder / "p.plan").read_bytes()
    (elsewhere.folder / "tampered.plan").write_bytes(plan.replace(b"Gold", b"Gilt"))
    elsewhere.ok("apply", "p.plan", "--auto-approve", *elsewhere.where)
    elsewhere.people({f"u{n}": {"Plan": "Iron"} for n in range(3)})
    ended = elsewhere.run(*line.split(), *elsewhere.where)
    assert ended.code == code, ended.said
    named = [shlex.split(found[1]) for found in QUOTED.finditer(ended.err)]
    later = re.search(r"(?m): (ctsync .*)$", ended.err)
    named += [shlex.split(later[1])] if later else []
    assert named
    for words in named:
        options = [str(word) for word in elsewhere.where]
        assert words[-len(options) :] == options
        command_of(words[1:])


PEOPLE = "tables: {t: {file: t.csv, key: {identity: id}, columns: {mail: Email}}}\n"


def test_findings_of_a_refused_plan_repeat_where_it_was(elsewhere):
    """Who left seems to be who is new, and of another nothing can be sent."""
    elsewhere.project(ENVIRONMENTS + PEOPLE)
    elsewhere.write("t.csv", "id,mail\nu0,ada@example.com\n")
    elsewhere.ok("import", "spec", "--auto-approve", *elsewhere.where)
    elsewhere.people({})
    elsewhere.write("t.csv", "id,mail\nu8,odd\nu9,ada@example.com\n")
    ended = elsewhere.run("plan", *elsewhere.where)
    here = shlex.join(map(str, elsewhere.where))
    assert ended.code == 1
    assert f'"ctsync state rename OLD NEW {here}"' in ended.err


def test_after_an_apply_comes_what_is_still_to_do(elsewhere):
    """A trial is followed by the same plan in earnest, a whole apply by a new plan."""
    here = shlex.join(map(str, elsewhere.where))
    elsewhere.ok("plan", "--out", "p.plan", "--accept", "update=3", *elsewhere.where)
    for options, following in (
        (["--dry-run"], "ctsync apply p.plan"),
        (["--auto-approve"], "ctsync plan"),
    ):
        ended = elsewhere.ok("apply", "p.plan", *options, *elsewhere.where)
        assert f"Next: {following} {here}\n" in ended.out


def test_a_code_is_explained_and_its_page_named(desk):
    assert desk.ok("explain", "ct514").out == (
        "error CT514: Gender\n\n"
        "  The platform takes M or F.\n"
        "  What to do, or an example: Gender: F\n\n"
        "All codes: specs/README.md#diagnostic-codes\n"
    )
    told = desk.json("explain", "CT514")["explained"]
    assert (told["code"], told["severity"]) == ("CT514", "error")
    page = (ROOT / told["page"].partition("#")[0]).read_text()
    assert "\n## Diagnostic codes\n" in page
    assert "\n| CT514 | Gender |" in page
