"""Rows that are sorted with few of them in memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.observe.exports import export_query, export_rows
from ctsync.observe.exports.export_rows import ExportFile
from ctsync.observe.exports.sorted_rows import sorted_rows

keys = st.tuples(st.sampled_from(["identity", "objectId"]), st.binary(max_size=3))
rows = st.tuples(
    keys, st.one_of(st.none(), st.binary(max_size=5)), st.lists(st.text(max_size=2))
).map(lambda row: (*row[0], row[1], "101", row[2]))
batches = st.lists(st.tuples(st.integers(0, 9), st.lists(rows, max_size=90)))


@given(batches, st.integers(0, 30))
def test_rows_come_sorted_however_few_are_held(batches, most_bytes):
    found = [tuple(row) for row in sorted_rows(batches, most_bytes)]
    assert [row[:2] for row in found] == sorted(row[:2] for row in found)
    assert sorted(map(repr, found)) == sorted(repr(r) for _, b in batches for r in b)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize("told", [0, 10_000])
def test_wide_rows_come_as_narrow_ones_do(tmp_path, monkeypatch, form, told):
    """Sorted by us, and where they are very wide without a line."""
    path, count = tmp_path / f"export.{form}", 5_000
    ids = [f"u{n * 7_919 % count:04d}" for n in range(count)]
    if form == "jsonl":
        path.write_text("".join(f'{{"identity": "{i}", "Plan": "{i}"}}\n' for i in ids))
    else:
        path.write_text("identity,Plan\n" + "".join(f"{i},{i}\n" for i in ids))
    narrow = read(path)
    monkeypatch.setattr(export_query, "MOST_SORTED_WIDTH", 0)
    monkeypatch.setattr(export_query, "MOST_TOLD_WIDTH", told)
    monkeypatch.setattr(export_rows, "_MOST_SORTED_BYTES", 50_000)
    assert read(path) == narrow
    assert [key.id for key, _ in narrow] == sorted(ids)


def read(path):
    return [
        (batch.key(at), batch.row(at))
        for batch in ExportFile(path).batches(lambda _: None, whole=True)
        for at in range(len(batch))
    ]
