"""Formats, stores, renderers and commands of one file, found by their entry points."""

import json

import pytest

PSV = """\
state: state.jsonl
cohorts: {vip: {members: {file: vip.psv, key: {identity: id}}, attributes: {Tier: VIP}}}
tables: {t: {file: "rows.psv*", key: {identity: id}, columns: {plan: Plan}}}
"""


def test_a_format_passes_the_conformance_suite(site):
    site.add_example("acme_psv")
    site.passes(".psv", "tests/formats/test_conformance.py")


def test_a_format_is_read_wherever_rows_may_come_from(site, project):
    site.add_example("acme_psv")
    folder = project(PSV, rows__psv="id|plan\nu1|Gold\n", vip__psv="id\nu1\n")
    for engine in ("memory", "duckdb"):
        words = ("plan", "--format", "json", "--engine", engine)
        plan = json.loads(site.run("ctsync", *words, cwd=folder).stdout)
        (change,) = plan["changes"]
        said = {op["attribute"]: op["operand"] for op in change["operations"]}
        assert said == {"Plan": "Gold", "Tier": "VIP"}
    taken = site.run("ctsync", "import", "rows.psv", "--key", "identity=id",
                     "--dry-run", cwd=folder)  # fmt: skip
    assert taken.returncode == 0, taken.stderr


def test_a_format_is_named_where_files_are_refused(site, project):
    site.add_example("acme_psv")
    folder = project(PSV.replace("rows.psv*", "rows.odd"))
    refused = site.run("ctsync", "validate", cwd=folder)
    assert ".psv" in refused.stdout + refused.stderr


def test_a_store_passes_the_conformance_suite(site):
    site.add_example("acme_ledger")
    site.passes("ledger", "tests/state/test_conformance.py")


def test_a_store_keeps_the_state_of_a_project(site, project):
    site.add_example("acme_ledger")
    folder = project(
        "state: crm.ledger\nprofiles: [{identity: u1, attributes: {Plan: Gold}}]\n"
    )
    taken = site.run("ctsync", "import", "spec", "--auto-approve", cwd=folder)
    assert taken.returncode == 0, taken.stderr
    assert (folder / "crm.ledger").stat().st_mode & 0o777 == 0o600
    assert "u1" in site.run("ctsync", "state", "list", cwd=folder).stdout
    copied = site.run("ctsync", "state", "copy", "other.ledger", "--auto-approve",
                      cwd=folder)  # fmt: skip
    assert copied.returncode == 0, copied.stderr


def test_a_location_that_no_store_takes_is_refused_where_it_stands(site, project):
    site.add_example("acme_ledger")
    folder = project("state: crm.ledge\nprofiles: [{identity: u1}]\n")
    refused = site.run("ctsync", "validate", cwd=folder)
    said = refused.stdout + refused.stderr
    assert refused.returncode == 1
    assert "ctsync.yaml:3:1: error CT112" in said
    assert "a file that ends in .ledger" in said


def test_a_renderer_is_a_format_of_plans(site, project):
    site.add_example("acme_lines")
    folder = project(
        "state: state.jsonl\nprofiles: [{identity: u1, attributes: {Plan: Gold}}]\n"
    )
    shown = site.run("ctsync", "plan", "--format", "lines", cwd=folder)
    assert (shown.returncode, shown.stdout) == (0, "identity u1: Plan set\n"), (
        shown.stderr
    )
    site.run("ctsync", "plan", "--out", "p", cwd=folder)
    again = site.run("ctsync", "show", "p", "--format", "lines", cwd=folder)
    assert again.stdout == shown.stdout
    assert "|lines]" in site.run("ctsync", "plan", "--help").stdout


def test_a_command_is_offered_and_run(site):
    site.add_example("acme_hello")
    assert "Say hello from outside." in site.run("ctsync", "--help").stdout
    assert site.run("ctsync", "hello").stdout == "hello\n"
    near = site.run("ctsync", "helo")
    assert (near.returncode, 'did you mean "hello"?' in near.stderr) == (64, True)


CHANNEL = '''
"""Keys alone, in capitals."""

from ctsync.channels.dashboard import DashboardChannel


class Shouting(DashboardChannel):
    name = "loud"
    title = "the loud door"

    def cell(self, column):
        return str.upper


CHANNEL = Shouting
'''


def test_a_channel_is_one_that_export_knows(site, project):
    site.add("acme_loud", CHANNEL, {"ctsync.channels": ["loud = acme_loud:CHANNEL"]})
    folder = project(
        "state: state.jsonl\nprofiles: [{identity: u1, attributes: {Team: red}}]\n"
    )
    site.run("ctsync", "plan", "--out", "p", cwd=folder)
    words = ("ctsync", "export", "p", "--out", "files", "--channel")
    said = site.run(*words, "loud", cwd=folder)
    assert "By the loud door: 1 operation on 1 profile" in said.stdout, said.stderr
    (file,) = (folder / "files").iterdir()
    assert file.read_text() == '"identity","Team"\n"u1","RED"\n'
    refused = site.run(*words, "quiet", cwd=folder)
    assert refused.returncode == 64
    assert 'no channel "quiet"; there are csv, sftp, loud' in refused.stderr


# What a package does wrong

KIND = """
from ctsync.kinds.{module} import KIND as OURS
KIND = type(OURS)()
"""
WRONG = {
    # group: a name of ours, code that takes it, code that is no member, a command
    "kinds": ("list", KIND.format(module="list"), ("plan",)),
    "formats": (".csv", "from ctsync.formats.csv import FORMAT as KIND", ("plan",)),
    "stores": (
        "a file that ends in .jsonl",
        "from ctsync.state.jsonl_store import JsonlStore as KIND",
        ("plan",),
    ),
    "renderers": (
        "text",
        "from ctsync.render.plan_formats.text import RENDERER as KIND",
        ("plan", "--format", "text"),
    ),
    "commands": (
        "plan",
        "from ctsync.cli.commands.plan import COMMAND as KIND",
        ("--help",),
    ),
    "engines": (
        "memory",
        "from ctsync.engines.memory import ENGINE as KIND",
        ("plan",),
    ),
}
TABLE = 'tables: {t: {file: "rows.csv", key: {identity: id}, columns: {plan: Plan}}}\n'


@pytest.fixture
def small(project):
    return project("state: state.jsonl\n" + TABLE, rows__csv="id,plan\nu1,Gold\n")


def refused(site, folder, command):
    done = site.run("ctsync", *command, cwd=folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "acme-odd" in done.stderr
    assert "pip uninstall acme-odd" in done.stderr
    return done.stderr


@pytest.mark.parametrize("group", WRONG)
def test_a_name_that_is_ours_is_refused(site, small, group):
    name, code, command = WRONG[group]
    point = name if group == "renderers" else "odd"
    site.add("acme_odd", code, {f"ctsync.{group}": [f"{point} = acme_odd:KIND"]})
    noun = group.removesuffix("s")
    assert f'adds a {noun} "{name}", which ctsync has' in refused(site, small, command)


@pytest.mark.parametrize("group", WRONG)
def test_what_is_no_member_is_refused(site, small, group):
    _, _, command = WRONG[group]
    command = ("plan", "--format", "odd") if group == "renderers" else command
    site.add("acme_odd", "KIND = 5\n", {f"ctsync.{group}": ["odd = acme_odd:KIND"]})
    assert "does not answer as one must" in refused(site, small, command)


UNFINISHED = """
from ctsync.kinds.base import Kind
class K(Kind):
    name = "odd"
KIND = K()
"""
MISNAMED = """
from ctsync.kinds.list import ListKind
class K(ListKind):
    name = "labels"
KIND = K()
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named"),
        ("def broken(:\n", "SyntaxError"),
        ("KIND = 1 / 0\n", "ZeroDivisionError"),
        ("", "has no attribute 'KIND'"),
        (UNFINISHED, "abstract"),
        (MISNAMED, 'the name of a kind of sets begins with "list-": labels'),
    ],
)
def test_a_module_that_cannot_be_loaded_is_named(site, small, code, said):
    site.add("acme_odd", code, {"ctsync.kinds": ["odd = acme_odd:KIND"]})
    assert said in refused(site, small, ("plan",))


def test_two_packages_that_clash_are_both_named(site, small):
    for name in ("acme_even", "acme_odd"):
        code = "from ctsync.formats.tsv import TsvFormat\n\n\n"
        code += "class Psv(TsvFormat):\n    suffixes = ('.psv',)\n\n\nFORMAT = Psv()\n"
        site.add(name, code, {"ctsync.formats": [f"{name} = {name}:FORMAT"]})
    said = refused(site, small, ("plan",))
    assert 'packages "acme-even" and "acme-odd" both add a format ".psv"' in said


def test_a_folder_of_packages_that_cannot_be_read_is_passed_over(site, tmp_path):
    (site.folder / "odd-1.0.dist-info").write_text("a file where a folder should be")
    assert site.run("ctsync", "--version").returncode == 0
