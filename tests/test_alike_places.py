"""Values that are the same are told by where they stand."""

from ctsync.alike_places import alike_places


def test_values_come_as_they_were_met_first_with_all_their_places():
    assert [*alike_places("abcab").items()] == [
        ("a", [0, 3]),
        ("b", [1, 4]),
        ("c", [2]),
    ]
