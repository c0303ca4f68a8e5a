"""What is told of all profiles together, whichever way each of them was decided."""

from typing import NamedTuple

import pytest

from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.decided_addresses import address_mark
from ctsync.model.entry import Entry, membership_in
from ctsync.model.masking import Mask
from ctsync.model.profile_key import NOBODY, ProfileKey
from ctsync.model.weighed_run import WeighedAddress, WeighedRun
from ctsync.plan.among.among_profiles import AmongProfiles
from ctsync.plan.profile.merge_contributions import MergedContributions

MASK = Mask("0" * 32)
MAIL = address_mark("ann@example.com").hex()


class Source(NamedTuple):
    """As much of a source of rows as is asked here."""

    name: str
    rows: int


@pytest.fixture
def told(project_view):
    """Give the notes of what was seen, of a project with table t that has two rows."""

    def notes(among):
        project = project_view().table("t", ["Email"])
        return [*among.notes(project, [Source("table t", 2)], MASK)]

    return notes


def row(number, key=NOBODY):
    origin = Origin("t.csv", row=number, table="t")
    return Contribution(key, origin, b"", dict)


def run_of(first, *names):
    """Rows of ids, all with one address; beside the first a row went and one came."""
    moved = {"t": 1} if first == 1 else {}
    return WeighedRun(
        [ProfileKey("identity", name) for name in names],
        [row(number).origin for number, _ in enumerate(names, first)],
        "", "", (), (0, 0), [], {}, [], 0, moved, moved,
        [
            WeighedAddress(place, "email", "Email", MAIL, is_new=True)
            for place, _ in enumerate(names)
        ],
    )  # fmt: skip


@pytest.mark.parametrize("later", [(), ("ann", "bob")])
def test_of_candidates_that_were_weighed_elsewhere_the_same_is_told(told, later):
    runs = [("ANN",), later] if later else [("ANN", "ann", "bob")]
    among = AmongProfiles()
    found = [
        note
        for first, names in enumerate(runs, 1)
        for note in among.run_seen(run_of(first, *names), MASK)
    ]
    (twin,), (gone, shared) = found, told(among)
    assert [each.code for each in (twin, gone, shared)] == ["CT312", "CT627", "CT632"]
    assert (twin.row, shared.row) == (2, 2)
    assert gone.message == "1 of the 2 rows that table t had at the last apply is gone"


def test_rows_that_name_no_one_are_skipped_and_were_not_there_before(told):
    among = AmongProfiles()
    among.nobody_seen(row(2), [row(2)])
    among.nobody_seen(row(3), [])
    entry = Entry(ProfileKey("identity", "u1"), cohorts=(membership_in("t"),))
    left = Candidate(entry.key, (), entry)
    assert [*among.weighed_seen(left, MergedContributions(), None, MASK)] == []
    skipped, gone = told(among)
    assert skipped == Diagnostic(
        "warning",
        "CT626",
        "1 of 2 rows of table t are skipped",
        "correct them; their profiles are left alone meanwhile",
        "tables.yaml",
        line=1,
        column=1,
    )
    assert gone == Diagnostic(
        "info",
        "CT627",
        "the only row that table t had at the last apply is gone",
        "see whether the export is whole; limits.vanish bounds how many may go",
        "tables.yaml",
        line=1,
        column=1,
    )


def test_rows_that_pass_one_by_one_are_counted_once(told):
    among = AmongProfiles()
    rows = [row(number) for number in (1, 2, 3)]
    assert [*among.counted(rows)] == rows
    among.nobody_seen(rows[0], rows[:1])
    (skipped,) = told(among)
    assert skipped.message.startswith("1 of 3 rows ")
