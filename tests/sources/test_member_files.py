from ctsync.model.change import Origin
from ctsync.model.profile_key import NOBODY, ProfileKey
from ctsync.model.scalar_value import Literal
from ctsync.sources.project_sources import ProjectSources

COHORTS = (
    "cohorts:\n  vip:\n    members: {{file: '{}', key: {{{}}}}}\n"
    "    attributes: {{Tier: VIP}}\n"
)
BY_ID = "identity: id"


def test_each_row_of_a_file_is_a_member(folder, form):
    kind, make = form
    folder.write(f"in/a.{kind}", make(["x", "id"], [("1", "u1"), ("2", "007")]))
    one, two = folder.contributions(COHORTS.format(f"in/a.{kind}", BY_ID))
    assert [one.key, two.key] == [
        ProfileKey("identity", "u1"),
        ProfileKey("identity", "007"),
    ]
    lines = {"jsonl": (1, 2), "csv": (2, 3), "tsv": (2, 3)}.get(kind, (None, None))
    assert one.origin == Origin(f"in/a.{kind}", lines[0], row=1, cohort="vip")
    assert two.origin == Origin(f"in/a.{kind}", lines[1], row=2, cohort="vip")
    assert one.read() == {"Tier": Literal("VIP", "text", "VIP")}
    assert (one.faults, one.skips) == ((), False)


def test_a_member_from_a_file_has_the_digest_of_one_that_is_listed(folder):
    folder.write("a.csv", "id\nu1\n")
    (one,) = folder.contributions(COHORTS.format("a.csv", BY_ID))
    listed = "cohorts: {vip: {members: [u1], attributes: {Tier: VIP}}}\n"
    (other,) = folder.contributions(listed)
    assert one.digest == other.digest


def test_a_member_that_stands_twice_is_a_warning(folder):
    folder.write("a.csv", "id\nu1\nu2\nu1\n\nu1\n")
    project = folder.load(COHORTS.format("a.csv", BY_ID))
    found = [(c.key.id, c.origin.row) for c in ProjectSources(project).contributions()]
    assert found == [("u1", 1), ("u2", 2)]
    said = 'warning CT315 cohort "vip" has this member in row 1 (line 2) too (keep one)'
    assert [f.as_text() for f in project.findings] == [
        f"a.csv row 3 (line 4): {said}",
        f"a.csv row 4 (line 6): {said}",
    ]


def test_a_file_without_members_is_refused_unless_it_may_be_empty(folder, form):
    """A failed export would have everybody leave."""
    kind, make = form
    folder.write(f"a.{kind}", make(["id"], []))
    cohorts = COHORTS.format(f"a.{kind}", BY_ID)
    (finding,) = folder.findings(cohorts)
    assert 'error CT618 cohort "vip" has no members in its file' in finding
    assert "write allow_empty: true beside it" in finding
    may = cohorts.replace("key: {", "allow_empty: true, key: {")
    assert folder.contributions(may) == []
    absent = COHORTS.format("b.csv", f"{BY_ID}}}, allow_empty: true, x-note: {{")
    assert folder.contributions(absent) == []


def test_a_cohort_needs_the_file_of_its_members(folder):
    folder.write("a.csv", "id\n")
    (finding,) = folder.findings(COHORTS.format("b.csv", BY_ID))
    assert 'CT611 "b.csv" does not exist' in finding
    (finding,) = folder.findings(COHORTS.format("a.csv", "identity: key"))
    assert 'a.csv: error CT615 has no column "key"' in finding


def test_a_row_that_names_no_one_is_a_fault(folder):
    folder.write("a.csv", "x,id\n1,\n2,__i1\n3,abc\n")
    found = folder.contributions(COHORTS.format("a.csv", "objectId: id"))
    assert [c.key for c in found] == [NOBODY, NOBODY, ProfileKey("objectId", "abc")]
    codes = [[fault.code for fault in c.faults] for c in found]
    assert codes == [["CT314"], ["CT526"], []]


def test_members_of_a_file_are_in_no_loose_contribution(folder):
    folder.write("a.csv", "id\nu1\n")
    more = "  gold: {members: [u2]}\n"
    project = folder.load(COHORTS.format("a.csv", BY_ID) + more)
    assert [c.key.id for c in ProjectSources(project).loose_contributions()] == ["u2"]
    assert [source.name for source in ProjectSources(project).row_sources()] == [
        "cohort vip"
    ]
    assert [c.key.id for c in ProjectSources(project).contributions()] == ["u2", "u1"]
