"""What the lines of files come to, for the files and for whoever is in them."""

from itertools import islice

import pytest
from msgspec import json
from msgspec.structs import replace

from ctsync.apply.journal.files_replay import FilesReplay, PlacedFiles, with_confirmed
from ctsync.apply.journal.journal_records import (
    file_line,
    intended_line,
    later_line,
    put_line,
    rows_line,
    unsent_line,
    waiting_line,
)
from ctsync.canonical_json import canonical, parse
from ctsync.model.due_import import DueImport, ImportFile
from ctsync.model.record import Outcome

PLACES = 4
A, B = (
    DueImport(
        ImportFile(f"{name}.csv", f"{name}.json", (), 2, 10, "0" * 64),
        "run1", 5.0, 60.0, standing="held",
    )
    for name in "ab"
)  # fmt: skip
A_INTENDED, A_PUT, A_UNSENT, B_PUT, B_UNSENT = (
    intended_line("a.csv"),
    put_line("a.csv", 7.0, 3.0),
    unsent_line(["a.csv"]),
    put_line("b.csv", 8.0, 4.0),
    unsent_line(["b.csv"]),
)
# The first stands in one file, the second in both, the third in the other.
BOTH = [
    rows_line(0, [(0, 2)]), file_line(0, A), rows_line(1, [(1, 1), (2, 1)]),
    file_line(1, B),
]  # fmt: skip


def replayed(*lines):
    found = FilesReplay()
    for line in lines:
        found.take(parse(canonical(line)), PLACES)
    return found


def told(found):
    """Give for each place the outcome and the files, each by its first letter."""
    outcomes = found.outcomes()
    return [
        (
            outcomes[group].value,
            "".join(f"{due.file.name[0]}:{due.standing} " for due in found.of(place)),
        )
        for place, group in enumerate(islice(found.groups(), PLACES))
    ]


NOTHING = ("not_sent", "")
IN_A, IN_BOTH = ("not_sent", "a:held "), ("not_sent", "a:held b:held ")
IN_B = ("not_sent", "b:held ")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], [NOTHING] * 4),
        ([rows_line(0, [(0, 2)])], [NOTHING] * 4),  # its file was never named
        (BOTH[:2], [IN_A, IN_A, NOTHING, NOTHING]),
        (BOTH[:3], [IN_A, IN_A, NOTHING, NOTHING]),
        (BOTH, [IN_A, IN_BOTH, IN_B, NOTHING]),
        (
            [*BOTH, A_INTENDED],
            [("unknown", "a:intended "), ("unknown", "a:intended b:held "), IN_B,
             NOTHING],
        ),
        (
            [*BOTH, A_INTENDED, A_PUT],
            [("sent", "a:put "), ("not_sent", "a:put b:held "), IN_B, NOTHING],
        ),
        (
            [*BOTH, A_INTENDED, A_PUT, B_UNSENT],
            [("sent", "a:put "), ("not_sent", "a:put "), NOTHING, NOTHING],
        ),
        (
            [*BOTH, A_INTENDED, B_PUT],
            [("unknown", "a:intended "), ("unknown", "a:intended b:put "),
             ("sent", "b:put "), NOTHING],
        ),
        (
            [later_line([(0, 1), (3, 1)]), *BOTH, A_PUT, B_PUT],
            [("not_sent", "a:put "), ("sent", "a:put b:put "), ("sent", "b:put "),
             NOTHING],
        ),
    ],
)  # fmt: skip
def test_each_profile_is_as_far_as_the_files_that_hold_it(lines, expected):
    found = replayed(*lines)
    assert told(found) == expected
    assert found.of(PLACES) == ()
    unsent = sum(len(line.get("unsent", {"names": ()})["names"]) for line in lines)
    listed = sum("file" in line for line in lines)
    assert len(found.imports()) == listed - unsent
    assert found.does_anything == (listed > unsent)


def test_a_file_is_kept_with_the_moment_at_which_it_was_put():
    found = replayed(*BOTH, A_PUT, B_UNSENT)
    assert found.imports() == (replace(A, standing="put", at=7.0, steady_at=3.0),)
    assert found.confirmed == {}
    assert replayed(*BOTH[:2], A_INTENDED).imports() == (
        replace(A, standing="intended"),
    )


def test_whatever_a_line_says_a_file_that_was_named_is_held_until_it_is_put():
    said = replace(A, standing="put")
    assert replayed(BOTH[0], file_line(0, said)).imports() == (A,)


def test_a_file_of_an_earlier_run_is_confirmed_and_holds_nobody():
    found = replayed(A_INTENDED, A_PUT)
    assert (found.confirmed, found.imports()) == ({"a.csv": (7.0, 3.0)}, ())
    assert found.does_anything
    assert not replayed(A_INTENDED).does_anything
    assert with_confirmed([A, B], found.confirmed, "boot2") == (
        replace(A, standing="put", at=7.0, steady_at=3.0, boot="boot2"),
        B,
    )


@pytest.mark.parametrize(
    "line",
    [
        file_line(0, replace(A, file=replace(A.file, name="c.csv"))),  # its number
        file_line(2, A),  # its name
        rows_line(0, [(3, 1)]),  # after its file
        rows_line(-1, [(3, 1)]),
        rows_line(2, [(PLACES, 1)]),
        rows_line(2, [(3, 2)]),
        rows_line(2, [(-1, 1)]),
        later_line([(PLACES, 1)]),
        waiting_line([(PLACES, 1)]),
        waiting_line([(1, 1), (0, 1)]),
        unsent_line(["c.csv"]),
    ],
)
def test_what_no_run_writes_is_refused(line):
    with pytest.raises((ValueError, KeyError)):
        replayed(*BOTH, line)


def test_who_waits_for_an_earlier_file_is_told_over_as_many_lines_as_it_takes():
    found = replayed(waiting_line([(0, 1)]), waiting_line([(2, 2)]))
    assert ([*found.waiting], found.does_anything) == ([0, 2, 3], False)
    with pytest.raises(ValueError, match="waits twice"):
        replayed(waiting_line([(0, 2)]), waiting_line([(1, 1)]))


def test_the_last_place_that_there_is_may_be_in_a_file():
    found = replayed(rows_line(0, [(PLACES - 1, 1)]), file_line(0, A))
    assert [len(found.of(place)) for place in range(PLACES)] == [0, 0, 0, 1]
    assert Outcome.NOT_SENT in found.outcomes().values()


@pytest.mark.parametrize("more", [[], [A_INTENDED], [A_PUT, B_PUT], [A_UNSENT]])
@pytest.mark.parametrize("places", [range(4), range(1, 3), range(2, 9), range(0)])
def test_what_is_told_of_some_places_is_what_is_told_of_all(more, places):
    """Wherever it is asked: another process gets it in a file."""
    found = replayed(*BOTH, *more)
    there = json.decode(json.encode(found.within(places)), type=PlacedFiles)
    assert there.does_anything == found.does_anything
    assert [there.of(n) for n in range(len(places))] == [found.of(p) for p in places]


@pytest.mark.parametrize("lines", [[], [*BOTH, A_UNSENT, B_UNSENT]])
def test_where_no_file_counts_nothing_of_them_is_told(lines):
    assert replayed(*lines).within(range(PLACES)) == PlacedFiles()
