"""Bad rows: refused, or skipped, counted and left alone."""

import pytest

from ctsync.diagnostics import Diagnostic
from ctsync.errors import SpecError
from ctsync.model.change import EntryAfter
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal
from ctsync.sources.row_readers import MemberReader

NOT_A_WORD = Fault("CT623", 'map has no word "{value}"', "add it", "Mail")
NO_KEY = Fault("CT314", "the identifier is empty", "write the id")
SPACES = Fault("CT318", "the identifier ends with a space", "remove it")
GOOD = {"Plan": "Gold"}


@pytest.fixture
def table(project_view):
    """A project with one table, `t`, that gives Plan and Gender."""

    def build(*rows, catalog=None, undeclared="keep", limits=None, **rules):
        limits = {"skip": "100%", **(limits or {})}
        project = project_view(catalog=catalog, undeclared=undeclared, limits=limits)
        return project.table("t", ["Plan", "Gender", "Email"], rows, **rules)

    return build


def many(count, bad=0, key="r{:05}"):
    """Give good rows with some bad ones among them."""
    for number in range(count):
        words = {"Plan": NOT_A_WORD} if number < bad else GOOD
        yield key.format(number), words


@pytest.fixture
def findings(plan):
    def make(project, *entries):
        with pytest.raises(SpecError) as caught:
            plan(project, *entries)
        return list(caught.value.findings)

    return make


# Refused


def test_a_bad_cell_is_an_error_with_file_row_key_and_attribute(table, findings):
    (found,) = findings(table(("u1", GOOD), ("u2", {"Gender": NOT_A_WORD})))
    assert (found.severity, found.code, found.file, found.row) == (
        "error", "CT623", "t.csv", 2,
    )  # fmt: skip
    assert (found.key, found.attribute) == (
        {"identity": "t.csv row 2", "masked": True}, "Gender",
    )  # fmt: skip
    assert (found.line, found.column) == (None, None)
    assert (
        found.as_text()
        == 't.csv row 2: error CT623 map has no word "(not shown)" (add it)'
    )


def test_a_value_of_a_row_that_no_kind_takes_is_an_error(table, findings):
    (found,) = findings(table(("u1", {"Gender": "Man"})))
    assert (found.code, found.row) == ("CT514", 1)
    assert found.message == "Gender cannot be (not shown)"


def test_values_of_sensitive_attributes_are_masked_in_rows_too(table, findings):
    wrong = Fault("CT624", "{value} is no such date", None, "jo at x")
    (found,) = findings(table(("jo@x.io", {"Email": wrong})))
    assert found.message == "(sensitive) is no such date"
    assert found.key == {"identity": "t.csv row 1", "masked": True}


def test_all_faults_of_a_row_are_told_at_once(table, findings):
    words = {"Plan": NOT_A_WORD, "Gender": "Man", "Email": "nobody"}
    codes = [found.code for found in findings(table(("u1", words)))]
    assert codes == ["CT514", "CT515", "CT623"]


def test_a_row_without_a_key_is_judged_all_the_same(table, findings):
    found = findings(table((None, {"Gender": "Man"}, NO_KEY)))
    assert [(each.code, each.row, each.key) for each in found] == [
        ("CT314", 1, None), ("CT514", 1, None),
    ]  # fmt: skip


def test_what_a_row_says_wrongly_as_a_whole_shows_no_value(table, findings):
    wrong = Fault("CT617", "the row holds {value}", None, "jo@x.io")
    (found,) = findings(table((None, {}, wrong)))
    assert found.message == "the row holds (sensitive)"


def test_what_is_only_odd_about_a_row_is_a_warning(table, plan):
    planned = plan(table(("u1 ", GOOD, SPACES)))
    assert planned.codes == {"CT318": 1}
    assert planned.sent("u1 ") == [("Plan", "set", "Gold")]


# Skipped


def test_a_bad_row_is_skipped_and_told_as_a_warning(table, plan):
    rows = (("u1", {"Plan": "Gold", "Gender": NOT_A_WORD}), ("u2", GOOD))
    planned = plan(table(*rows, invalid="skip"))
    assert [change.key.id for change in planned.changes] == ["u2"]
    assert planned.profiles["skipped"] == 1
    told, summed = sorted(planned.document.foot.diagnostics, key=lambda d: d.code)
    assert (told.severity, told.code, told.row) == ("warning", "CT623", 1)
    assert told.message == 'map has no word "(not shown)"; the row is skipped'
    assert (summed.severity, summed.code) == ("warning", "CT626")
    assert summed.message == "1 of 2 rows of table t are skipped"
    assert (summed.file, summed.line) == ("tables.yaml", 1)


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        ({"Gender": "Man", "Plan": "Gold"}, ()),
        ({"Plan": Literal("", "empty")}, ()),
        ({"Plan": NOT_A_WORD}, ()),
        ({"Plan": "Gold"}, (Fault("CT621", "the same key twice"),)),
        ({"Plan": None}, ()),
        ({"Age": 5, "DOB": Literal("1990-02-20", "date")}, ()),
    ],
)
def test_any_fault_of_a_row_skips_it_whole(table, plan, words, faults):
    planned = plan(table(("u1", words, *faults), invalid="skip"))
    assert planned.changes == ()
    assert planned.profiles["skipped"] == 1


def test_what_is_only_odd_skips_nothing(table, plan):
    planned = plan(table(("u1", {"Plan": " Gold"}), ("u2 ", GOOD, SPACES),
                         invalid="skip"))  # fmt: skip
    assert planned.profiles["skipped"] == 0
    assert planned.codes == {"CT211": 1, "CT318": 1}
    assert len(planned.changes) == 2


def test_a_row_without_a_key_is_skipped_and_counted(table, plan):
    planned = plan(table((None, GOOD, NO_KEY), invalid="skip"))
    assert planned.profiles["skipped"] == 1
    assert planned.changes == ()


@pytest.mark.parametrize("undeclared", ["keep", "remove"])
@pytest.mark.parametrize("missing", ["keep", "remove"])
def test_a_skipped_row_leaves_its_profile_alone(
    table, plan, entry, undeclared, missing
):
    bad = ("u1", {"Plan": NOT_A_WORD})
    project = table(bad, invalid="skip", undeclared=undeclared, missing=missing)
    known = entry(attributes={"Plan": "Gold", "Gender": "M"}, fingerprint="0" * 32)
    planned = plan(project, known)
    assert planned.changes == ()
    (settled,) = planned.settled.values()
    assert settled == EntryAfter(cohorts=("table=t",))  # it has a row, at least
    assert planned.profiles["unchanged"] == 1


def test_other_places_still_speak_of_its_profile(table, plan, entry):
    project = table(("u1", {"Plan": NOT_A_WORD}), invalid="skip")
    project.says("u1", {"City": "Rome"})
    known = entry(attributes={"City": "Oslo", "Gender": "M", "Zip": "1"})
    change = plan(project, known).change()
    assert [(op.attribute, op.operand) for op in change.operations] == [
        ("City", "Rome")
    ]
    assert change.released == ("Zip",)
    assert change.settled.fingerprint is None
    assert [origin.file for origin in change.origins] == ["people.yaml"]


def test_no_fingerprint_is_kept_while_a_row_is_skipped(table, plan, entry, fold):
    def project(gender):
        row = ("u1", {"Plan": "Gold", "Gender": gender})
        return table(row, invalid="skip").says("u1", {"City": "Rome"})

    after = fold(plan(project("M")))
    meanwhile = plan(project("Man"), *after)
    assert meanwhile.changes == ()
    healed = plan(project("F"), *fold(meanwhile, *after))
    assert healed.sent() == [("Gender", "set", "F")]


def test_a_row_that_heals_to_what_it_was_is_at_rest(table, plan, fold):
    def project(gender):
        return table(("u1", {"Gender": gender}), invalid="skip")

    after = fold(plan(project("M")))
    meanwhile = fold(plan(project("Man"), *after), *after)
    assert plan(project("M"), *meanwhile).changes == ()


def test_an_included_value_of_a_skipped_row_is_not_taken_back(
    project_view, plan, entry
):
    project = project_view(catalog={"Tags": "list"}, limits={"skip": 9})
    words = {"Tags": {"include": ["a"]}, "Plan": NOT_A_WORD}
    project.table("t", ["Tags", "Plan"], [("u1", words)], invalid="skip")
    project.says("u1", {"Tags": {"include": ["b"]}})
    tags = KnownValue("Tags", "list", owned=True, present=("a", "b"), ours=("a", "b"))
    assert plan(project, entry(attributes={"Tags": tags})).changes == ()


def test_a_cohort_is_not_left_while_a_row_could_declare_what_it_gives(
    project_view, plan, entry, fold
):
    def project(plan_word):
        made = project_view(limits={"skip": 9}).cohort("vip", leave={"Plan": "Free"})
        made.table("t", ["Plan"], [("u1", {"Plan": plan_word})], invalid="skip")
        return made

    known = entry(attributes={"Plan": "VIP"}, cohorts=("vip",))
    meanwhile = plan(project(NOT_A_WORD), known)
    assert meanwhile.changes == ()
    (after,) = fold(meanwhile, known)
    assert after.cohorts == ("table=t", "vip")
    healed = plan(project("Gold"), after)
    assert healed.sent() == [("Plan", "set", "Gold")]
    assert healed.change().settled.cohorts == ("table=t",)


def test_a_cohort_that_gives_other_things_is_left(project_view, plan, entry):
    project = project_view(limits={"skip": 9}).cohort("vip", leave={"Tier": "Standard"})
    project.table("t", ["Plan"], [("u1", {"Plan": NOT_A_WORD})], invalid="skip")
    planned = plan(project, entry(attributes={"Tier": "VIP"}, cohorts=("vip",)))
    assert planned.sent() == [("Tier", "set", "Standard")]
    assert planned.change().settled.cohorts == ("table=t",)


def test_a_row_that_the_snapshot_makes_impossible_is_skipped(table, plan, entry):
    project = table(("u1", {"Plan": ["a"]}), catalog={"Plan": "list"}, invalid="skip")
    planned = plan(project, entry(attributes={"Plan": 5}))
    assert planned.changes == ()
    assert planned.codes == {"CT402": 1, "CT626": 1}
    assert planned.profiles["skipped"] == 1


def test_rows_that_disagree_with_another_place_are_never_skipped(table, faults):
    project = table(("u1", {"Plan": "Gold"}), invalid="skip")
    project.says("u1", {"Plan": "Free"})
    ((code, _),) = faults(project)
    assert code == "CT309"


# Limits


@pytest.mark.parametrize(
    ("bad", "limit", "blocks"),
    [(1, "1%", False), (2, "1%", True), (2, 2, False), (3, 2, True), (0, 0, False)],
)
@pytest.mark.parametrize("first_run", [True, False])
def test_skip_is_held_against_the_rows_of_the_table(
    table, plan, bad, limit, blocks, first_run
):
    project = table(*many(100, bad), invalid="skip", limits={"skip": limit})
    planned = plan(project, first_run=first_run)
    assert planned.blocked == ({"limits.skip": bad} if blocks else {})
    assert planned.document.foot.skips == ({"t": (bad, 100)} if bad else {})


def test_each_table_is_held_by_itself(project_view, plan):
    project = project_view(limits={"skip": "1%"})
    project.table("big", ["Plan"], many(900, 5, "b{}"), invalid="skip")
    project.table("small", ["Plan"], many(10, 1, "s{}"), invalid="skip")
    planned = plan(project)
    assert planned.profiles["skipped"] == 6
    assert planned.blocked == {"limits.skip": 1}


def test_acceptance_lifts_the_limit_of_every_table(project_view, plan):
    project = project_view(limits={"skip": 0})
    project.table("a", ["Plan"], many(10, 2, "a{}"), invalid="skip")
    project.table("b", ["Plan"], many(10, 3, "b{}"), invalid="skip")
    (rule,) = plan(project).document.foot.blocked
    assert (rule.actual, rule.accept) == (3, "--accept skip=3")
    assert plan(project, accepted={"skip": 3}).blocked == {}
    assert plan(project, accepted={"skip": 2}).blocked == {"limits.skip": 3}


def test_rows_of_other_tables_do_not_count(project_view, plan):
    project = project_view(limits={"skip": "1%"})
    project.table("bad", ["Plan"], many(10, 1, "x{}"), invalid="skip")
    project.table("good", ["Plan"], many(900, 0, "y{}"))
    assert plan(project).blocked == {"limits.skip": 1}


# Files that cannot be read


class Broken:
    """A project whose last source cannot read its file."""

    def __init__(self, project_view, *findings):
        self._project_view = project_view
        self._error = SpecError("a file cannot be read", findings)

    def __getattr__(self, name):
        return getattr(self._project_view, name)

    def contributions(self):
        yield from self._project_view.contributions()
        raise self._error

    unbatched = contributions


def test_what_is_wrong_with_a_file_is_told_beside_all_else(project_view, findings):
    missing = Diagnostic("error", "CT611", "no file matches", file="t.yaml", line=3)
    project = (
        project_view().says("u1", {"Gender": "Man"}).says("u2", {"Gender": "Woman"})
    )
    found = findings(Broken(project, missing))
    assert [each.code for each in found] == ["CT514", "CT514", "CT611"]


def test_an_error_without_findings_is_never_passed_over(project_view, plan):
    warning = Diagnostic("warning", "CT318", "odd")
    for broken in (Broken(project_view()), Broken(project_view(), warning)):
        with pytest.raises(SpecError, match="a file cannot be read"):
            plan(broken)


class Unread:
    """A source of rows whose file cannot be read."""

    name, key_type, rows, warnings = "table t", "identity", 0, ()
    keys = "SELECT '' AS id, 0::UHUGEINT AS digest, 0 AS file, 0 AS row WHERE false"

    def __init__(self, *codes):
        self._findings = [Diagnostic("error", code, "x", file="t") for code in codes]

    reads = ()

    def load(self, connection):
        if self._findings:
            raise SpecError("a file cannot be read", self._findings)

    def cells(self, wanted):
        return f"SELECT file, row, []::VARCHAR[] AS cells FROM {wanted}"

    def reader(self):
        return MemberReader("identity", (), (), skips=False, cohort=None)

    def check_unchanged(self):
        pass


def test_all_files_that_cannot_be_read_are_told(project_view, findings):
    class Several(Broken):
        def row_sources(self):
            return (Unread("CT611"), Unread(), Unread("CT614", "CT615"))

    first = Diagnostic("error", "CT611", "x", file="t")
    found = findings(Several(project_view(), first))
    assert [each.code for each in found] == ["CT611", "CT614", "CT615"]
