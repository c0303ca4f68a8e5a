"""Rows of an export that follow each other: no two of them are of one profile."""

import json

import pytest

from ctsync.errors import CtsyncError
from ctsync.observe.exports.export_batch import ExportBatch
from ctsync.observe.exports.export_rows import ExportFile

A, B, C = ("identity", "a"), ("identity", "b"), ("identity", "c")
OTHER_B, OTHER_C = ("objectId", "b"), ("objectId", "c")


def batch(*keys):
    kinds, ids = zip(*keys, strict=True)
    nothing = [None] * len(keys)
    columns = [kinds, [each.encode() for each in ids], nothing, nothing, nothing]
    return ExportBatch(columns, (), lambda _: {})


@pytest.mark.parametrize(
    "keys", [(A, A), (A, B, B), (A, A, B), (A, OTHER_B, OTHER_B), (B, OTHER_C, OTHER_C)]
)
def test_two_rows_of_one_profile_are_twins(keys):
    assert batch(*keys).has_twins(None)


@pytest.mark.parametrize(
    "keys", [(A,), (A, B), (B, OTHER_B), (A, B, OTHER_B), (A, B, OTHER_B, OTHER_C)]
)
def test_an_id_of_another_type_is_somebody_elses(keys):
    assert not batch(*keys).has_twins(None)


@pytest.mark.parametrize("before", [(B,), (A, B)])
def test_the_batch_before_may_end_with_the_twin(before):
    assert batch(B, C).has_twins(batch(*before))
    assert not batch(C, OTHER_B).has_twins(batch(*before))
    assert not batch(OTHER_B, OTHER_C).has_twins(batch(*before))


@pytest.mark.parametrize("twin", [1_998, 1_999, 2_000])
def test_twins_are_refused_where_one_batch_ends_and_another_begins(tmp_path, twin):
    path = tmp_path / "export.jsonl"
    numbers = [*range(2_100), twin]
    lines = (json.dumps({"identity": f"u{n:05}"}) + "\n" for n in numbers)
    path.write_text("".join(lines))
    with pytest.raises(CtsyncError, match="two rows of one profile"):
        list(ExportFile(path).batches(lambda _: None, whole=False))
