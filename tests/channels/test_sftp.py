"""What an SFTP import is given: rows, operators, types and a manifest."""

import json

import pytest
from exported import key, manifest_of, operation, rows_of, said_by, written
from hypothesis import given
from hypothesis import strategies as st

from ctsync.channels import CHANNELS
from ctsync.channels.base import ChannelSettings
from ctsync.channels.sftp import SftpChannel
from ctsync.channels.sftp_format import Manifest


@pytest.fixture
def channel(settings):
    return SftpChannel(settings)


def test_the_built_in_channels_are_these():
    assert list(CHANNELS) == ["csv", "sftp"]


def test_each_column_is_followed_by_what_is_done_to_it(channel, tmp_path):
    (part,) = written(
        channel,
        tmp_path,
        [("u1", [operation("Plan", "Gold"), operation("City", 1, "$delete")])],
    )
    assert rows_of(tmp_path / part.name) == (
        ["identity", "Plan", "Plan.operation", "City", "City.operation"],
        [["u1", "Gold", "$set", "", "$delete"]],
    )


def test_every_cell_is_quoted_and_a_quote_is_doubled(channel, tmp_path):
    (part,) = written(channel, tmp_path, [('u"1', [operation("Motto", 'so, "so"')])])
    assert (tmp_path / part.name).read_bytes() == (
        b'"identity","Motto","Motto.operation"\n"u""1","so, ""so""","$set"\n'
    )


def test_a_list_has_a_row_for_each_of_its_values_and_no_cell_is_left_empty(
    channel, tmp_path
):
    (part,) = written(
        channel,
        tmp_path,
        [
            (
                "u1",
                [
                    operation("Likes", ("bags", "shoes"), "$add", "list"),
                    operation("Plan", "Gold"),
                ],
            )
        ],
    )
    assert rows_of(tmp_path / part.name)[1] == [
        ["u1", "bags", "$add", "Gold", "$set"],
        ["u1", "shoes", "$add", "Gold", "$set"],
    ]


def test_the_manifest_names_its_data_and_maps_every_column_of_an_attribute(
    channel, tmp_path
):
    (part,) = written(
        channel,
        tmp_path,
        [
            (
                "u1",
                [
                    operation("Plan", "Gold"),
                    operation("Paid", value := True, kind="boolean"),
                    operation("Since", "$D_1893456000", kind="date"),
                ],
            )
        ],
    )
    assert value
    assert part.companion == "ctsync-test-1-00001.manifest"
    assert manifest_of(tmp_path / part.companion) == {
        "fileName": "ctsync-test-1-00001.csv",
        "type": "profile",
        "columns": {
            "identity": {"ctName": "identity", "dataType": "STRING"},
            "Plan": {"ctName": "Plan", "dataType": "STRING"},
            "Paid": {"ctName": "Paid", "dataType": "BOOLEAN"},
            "Since": {"ctName": "Since", "dataType": "STRING"},
        },
        "clientEmail": "ops@example.com",
    }
    assert rows_of(tmp_path / part.name)[1] == [
        ["u1", "Gold", "$set", "true", "$set", "$D_1893456000", "$set"]
    ]


@pytest.mark.parametrize(
    ("numbers", "data_type", "cells"),
    [
        ([1, -7], "INTEGER", ["1", "-7"]),
        ([1, 2**31], "LONG", ["1", "2147483648"]),
        ([1, 0.5, 2**40], "FLOAT", ["1", "0.5", "1099511627776"]),
        ([1e-7, 1e22], "FLOAT", ["0.0000001", "10000000000000000000000"]),
    ],
)
def test_a_column_has_the_narrowest_type_of_all_its_numbers(
    channel, tmp_path, numbers, data_type, cells
):
    profiles = [
        (f"u{at}", [operation("Score", number, kind="number")])
        for at, number in enumerate(numbers * 3)
    ]
    parts = written(channel, tmp_path, profiles, limit_bytes=80)
    assert len(parts) > 1
    types = {
        manifest_of(tmp_path / part.companion)["columns"]["Score"]["dataType"]
        for part in parts
    }
    assert types == {data_type}
    found = [row[1] for part in parts for row in rows_of(tmp_path / part.name)[1]]
    assert found == cells * 3


@pytest.mark.parametrize(
    ("profile", "said", "code"),
    [
        (key("u1"), operation("Points", 5, "$incr", "counter"), "CT801"),
        (key("u1"), operation("Points", 5, "set", "counter"), "CT801"),
        (key("u1"), operation("MSG-email", True, "set", "subscription"), "CT802"),
        (key("x", "objectId"), operation("Plan", "Gold"), "CT803"),
        (key("u" * 1024), operation("Plan", "Gold"), "CT804"),
        (key("u\n1"), operation("Plan", "Gold"), "CT804"),
        (key("u1"), operation("Plan", "Go\nld"), "CT804"),
        (key("u1"), operation("Likes", ("a", "b\x85"), "$add", "list"), "CT804"),
    ],
)
def test_what_no_file_can_say_is_said_with_a_code(channel, profile, said, code):
    assert channel.fault_of(profile, said).code == code


@pytest.mark.parametrize(
    "said",
    [
        operation("Plan", 1, "$delete"),
        operation("Points", 5, kind="number"),
        operation("Likes", ("a",), "$remove", "list"),
    ],
)
def test_all_else_can_be_said(channel, said):
    assert channel.fault_of(key("u" * 1023), said) is None


def test_a_manifest_says_what_stands_in_the_file_and_who_hears_of_it():
    manifest = Manifest("a.csv", {"identity": "STRING", "Score": "LONG"}, "o@e.com")
    assert json.loads(manifest.as_bytes()) == {
        "fileName": "a.csv",
        "type": "profile",
        "columns": {
            "identity": {"ctName": "identity", "dataType": "STRING"},
            "Score": {"ctName": "Score", "dataType": "LONG"},
        },
        "clientEmail": "o@e.com",
    }


WORDS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=9
)
NAMES = st.sampled_from(["Plan", "City", "Likes", "Score", 'It\'s, "so"'])
OPERATIONS = st.one_of(
    st.builds(operation, NAMES, WORDS),
    st.builds(operation, NAMES, st.just(1), st.just("$delete")),
    st.builds(
        lambda name, values, operator, step: operation(
            name, tuple(sorted(values)), operator, "list", step
        ),
        NAMES,
        st.sets(WORDS, min_size=1, max_size=4),
        st.sampled_from(["$add", "$remove"]),
        st.sampled_from([1, 2]),
    ),
)


def _in_order(operations):
    own = {(op.attribute, op.step): op for op in operations}
    return [own[place] for place in sorted(own)]


def _words(operations):
    for op in sorted(operations, key=lambda op: op.step):
        operator = "$set" if op.operator == "set" else op.operator
        values = op.operand if isinstance(op.operand, tuple) else (op.operand,)
        for value in values:
            yield op.attribute, operator, "" if operator == "$delete" else str(value)


PROFILES = st.dictionaries(
    WORDS, st.lists(OPERATIONS, min_size=1, max_size=5).map(_in_order), max_size=8
)


@given(PROFILES, st.integers(600, 1200), st.integers(0, 3))
def test_files_say_all_that_is_to_be_done_and_nothing_else(
    tmp_path_factory, profiles, limit, most_shapes
):
    folder = tmp_path_factory.mktemp("said")
    channel = SftpChannel(ChannelSettings())
    parts = written(
        channel, folder, profiles.items(), limit_bytes=limit, most_shapes=most_shapes
    )
    said = said_by(folder, parts)
    assert {k: sorted(v) for k, v in said.items()} == {
        k: sorted(_words(v)) for k, v in profiles.items()
    }
    steps = [part.step for part in parts]
    assert steps == sorted(steps)
