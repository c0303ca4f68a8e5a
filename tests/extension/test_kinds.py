"""A kind of one file is under the laws at once, and in every command."""

import json

LAWS = (
    "tests/laws/test_laws.py",
    "tests/laws/test_histories.py",
    "tests/laws/test_columns.py",
)
TAG = '''
"""Text in lower case, so that spellings never differ."""

from ctsync.kinds.string import StringKind
from ctsync.kinds.words import text
from ctsync.model.scalar_value import Literal


class TagKind(StringKind):
    name = "tag"
    examples = (text("Red"), text("blue"))

    def normalize(self, raw, rule, frame):
        if isinstance(raw, Literal) and raw.type == "text":
            raw = text(raw.text.lower())
        return super().normalize(raw, rule, frame)


KIND = TagKind()
'''
LABELS = """\
state: state.jsonl
policy: {limits: {create: 1000}}
catalog: {Team: {type: list-labels}, Tier: {type: list-labels}}
profiles:
  - identity: u1
    attributes: {Team: {include: [Red, GREEN]}, Tier: [Gold]}
  - identity: u1
    attributes: {Team: {include: [red, Blue]}}
tables:
  t:
    file: rows.csv
    key: {identity: id}
    columns: {labels: {attribute: Team, split: ";"}}
"""
ROWS = "id,labels\nu2,A;b;B\nu3,c\n"


def planned(site, folder, *more):
    done = site.run("ctsync", "plan", "--format", "json", *more, cwd=folder)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def operands(plan):
    return {
        (change["key"]["identity"], op["attribute"]): (op["operator"], op["operand"])
        for change in plan["changes"]
        for op in change["operations"]
    }


def test_a_kind_of_one_value_is_under_every_law(site):
    site.add("acme_tag", TAG, {"ctsync.kinds": ["tag = acme_tag:KIND"]})
    site.passes("tag", *LAWS)


def test_a_kind_of_sets_is_under_every_law(site):
    site.add_example("acme_labels")
    site.passes("list-labels", *LAWS)


def test_a_kind_of_one_value_may_stand_in_a_catalog(site, project):
    site.add("acme_tag", TAG, {"ctsync.kinds": ["tag = acme_tag:KIND"]})
    folder = project(
        "state: state.jsonl\ncatalog: {Team: {type: tag}}\n"
        "profiles: [{identity: u1, attributes: {Team: RED}}]\n"
    )
    assert operands(planned(site, folder)) == {("u1", "Team"): ("set", "red")}


def test_places_unite_what_a_kind_of_sets_includes(site, project):
    site.add_example("acme_labels")
    folder = project(LABELS, rows__csv=ROWS)
    for engine in ("memory", "duckdb"):
        assert operands(planned(site, folder, "--engine", engine)) == {
            ("u1", "Team"): ("$add", ["blue", "green", "red"]),
            ("u1", "Tier"): ("$add", ["gold"]),
            ("u2", "Team"): ("$add", ["a", "b"]),
            ("u3", "Team"): ("$add", ["c"]),
        }


def test_sets_are_applied_read_and_shown_like_lists(site, project):
    site.add_example("acme_labels")
    folder = project(LABELS, rows__csv=ROWS)

    def run(*words):
        done = site.run("ctsync", *words, "--sandbox", cwd=folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("apply", "--auto-approve")
    run("plan", "--detailed-exitcode")
    run("drift", "--detailed-exitcode")
    assert "list-labels, owned" in run("state", "show", "u1")
    assert 'exactly "gold"' in run("explain", "u1")
    (folder / "rows.csv").write_text(ROWS.replace("A;b;B", "B"))
    plan = json.loads(run("plan", "--format", "json"))
    assert operands(plan) == {("u2", "Team"): ("$remove", ["a"])}


def test_where_the_package_is_missing_that_is_said_and_the_state_is_shown(
    site, project
):
    site.add_example("acme_labels")
    folder = project(LABELS, rows__csv=ROWS)
    assert site.run("ctsync", "plan", "--out", "p", cwd=folder).returncode == 0
    taken = site.run("ctsync", "import", "spec", "--auto-approve", cwd=folder)
    assert taken.returncode == 0, taken.stderr
    words = ("state", "show", "u1")
    with_it = site.run("ctsync", *words, "--format", "json", cwd=folder).stdout
    (site.folder / "acme_labels-1.0.dist-info" / "entry_points.txt").unlink()
    (folder / "ctsync.yaml").write_text(
        (folder / "ctsync.yaml").read_text().replace("list-labels", "list")
    )
    shown = site.run("ctsync", *words, "--format", "json", cwd=folder)
    assert (shown.stdout, '"green"' in with_it) == (with_it, True)
    refused = site.run("ctsync", "show", "p", cwd=folder)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert '"list-labels", and no installed package adds it' in refused.stderr
    assert "install the package" in refused.stderr
