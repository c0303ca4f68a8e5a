"""Places are given back as they came, in as few spans as say them."""

from hypothesis import given
from hypothesis import strategies as st

from ctsync.apply.journal.span_list import SpanList
from ctsync.plan.document.batches import spans


@given(st.sets(st.integers(0, 30), max_size=20))
def test_places_come_back_in_as_few_spans_as_can_be(places):
    ascending, found = tuple(sorted(places)), SpanList()
    for place in ascending:
        found.add(place)
    assert ((*found,), len(found)) == (ascending, len(places))
    assert found.spans() == spans(ascending)
