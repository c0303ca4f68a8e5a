"""Flows of decided rows count as their operations do, whoever comes in between."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.canonical_json import canonical
from ctsync.model import decided_flows, flows
from ctsync.model.decided_flows import DecidedFlows
from ctsync.model.decided_rows import DecidedAttribute, DecidedRows, RowDecision
from ctsync.model.flows import FlowCounts
from ctsync.model.operation import Operation
from ctsync.model.row_source import RowColumns

ATTRIBUTES = (
    DecidedAttribute("Plan", "set", False),
    DecidedAttribute("Email", "set", True),
    DecidedAttribute("Points", "set", False),
    DecidedAttribute("Tags", "$add", False),
)
DECISION = RowDecision("", "", ATTRIBUTES, ("", ""))
TEXTS = st.sampled_from(["a", "b", "c", "d", 'say "hi"', "", "sa", "x" * 300])
NUMBERS = st.integers(0, 4)
LISTS = st.lists(st.sampled_from(["a", "s", "i"]), unique=True).map(tuple)


def operations(attribute, values, moves):
    """Operations on an attribute: first ones, and those from a value that is known."""
    new = st.tuples(st.just(attribute.first), st.just("unknown"), st.none(), values)
    known = st.tuples(st.sampled_from(moves), st.just("known"), values, values)
    return st.none() | st.one_of(new, known).map(
        lambda of: Operation(
            attribute.name,
            "x",
            of[0],
            of[3],
            *of[1:3],
            sensitive=attribute.is_sensitive,
        )
    )


ROWS = st.tuples(
    st.tuples(st.booleans(), st.booleans()),
    operations(ATTRIBUTES[0], TEXTS, ["set"]),
    operations(ATTRIBUTES[1], st.none() | TEXTS, ["set"]),
    operations(ATTRIBUTES[2], NUMBERS, ["set", "$incr", "$decr"]),
    operations(ATTRIBUTES[3], LISTS, ["$add"]),
)


def way(op, creates):
    """What a column says of an operation."""
    if op is None:
        return None
    before, operand = op.before, op.operand
    if op.sensitive:
        before, operand = before if before is None else "hidden", "hidden"
    if op.prior == "unknown":
        return ("" if creates else "?") + canonical(operand).decode()
    letter = {"set": "s", "$add": "a", "$incr": "i", "$decr": "d"}[op.operator]
    sides = [before, operand] if op.operator == "set" else [operand]
    return letter + ",".join(canonical(each).decode() for each in sides)


def decided(rows):
    told = [[way(op, is_new(row)) for op in row[1:]] for row in rows]
    ways = list(zip(*told, strict=True))
    columns = {f"w{n}": pa.array(w, pa.string()) for n, w in enumerate(ways, 1)}
    return DecidedRows(
        "identity", RowColumns("t", (), (), ()), DECISION, pa.table(columns)
    )


def batches(rows):
    """Rows in runs: decided by columns, or one by one."""
    run = []
    for row in rows:
        if run and run[-1][0][0] != row[0][0]:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def add(counts, row):
    counts.add((op for op in row[1:] if op is not None), creates=is_new(row))


def is_new(row):
    """Of new profiles nothing is known."""
    return row[0][1] and all(op is None or op.prior == "unknown" for op in row[1:])


@pytest.fixture(autouse=True)
def few_ways(monkeypatch):
    monkeypatch.setattr(flows, "MOST_WAYS", 5)
    monkeypatch.setattr(flows, "MOST_KEPT", 9)
    monkeypatch.setattr(decided_flows, "_FIRST", 3)


@given(st.lists(ROWS, max_size=60))
def test_decided_rows_count_as_operations_do(rows):
    expected, found = FlowCounts(), FlowCounts()
    ways = DecidedFlows(found)
    for row in rows:
        add(expected, row)
    for run in batches(rows):
        if run[0][0][0]:
            ways.add(decided(run))
        else:
            for row in run:
                add(found, row)
    assert found.commonest() == expected.commonest()


def moved(*before):
    """Rows of profiles whose points go on by one."""
    points = (
        Operation("Points", "x", "set", n + 1, "known", n, sensitive=False)
        for n in before
    )
    return [((True, False), None, None, each, None) for each in points]


def noted(monkeypatch, of, name):
    """What a method is asked from now on."""
    method, asked = getattr(of, name), []

    def asks(self, *args):
        asked.append(args)
        return method(self, *args)

    monkeypatch.setattr(of, name, asks)
    return asked


@pytest.mark.parametrize("first", [5, 8])
def test_once_five_are_told_apart_these_count_and_no_other_is_read(monkeypatch, first):
    read = noted(monkeypatch, decided_flows._Ways, "_read")
    counted = noted(monkeypatch, DecidedRows, "counts")
    expected, found = FlowCounts(), FlowCounts()
    ways = DecidedFlows(found)
    for rows in (moved(*range(first)), moved(3, 0, 9, 3, 4), moved(7, 1, 2)):
        ways.add(decided(rows))
        for row in rows:
            add(expected, row)
        assert len(read) == 5
    assert found.commonest() == expected.commonest()
    first_ones = tuple(f"s{n},{n + 1}" for n in range(5))
    asked = [only for name, only in counted if name == "w3"]
    assert asked == [None, None, *[first_ones] * 3]
