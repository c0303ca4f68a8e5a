import pytest

from ctsync.errors import StateError
from ctsync.model.snapshot import Account
from ctsync.state.lineage_checks import check_account, relation


def head(serial, lineage="lineage-1"):
    return {"lineage": lineage, "serial": serial}


def test_a_state_fits_its_own_account(header):
    check_account(header(), header().account)


def test_no_snapshot_fits_any_account():
    check_account(None, Account("A", "in1"))


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (Account("TEST-4Z5", "in1"), "account TEST-4Z5 in in1"),
        (Account("WR8-9K6-7Z5Z", "us1"), "account WR8-9K6-7Z5Z in us1"),
        (Account("WR8-9K6-7Z5Z", "in1", "http://[::1]:8"), "in in1 at http://[::1]:8"),
    ],
)
def test_another_target_is_refused_with_both_names(header, account, words):
    with pytest.raises(StateError) as caught:
        check_account(header(), account, location="state.jsonl")
    assert caught.value.message.startswith(
        "state.jsonl belongs to account WR8-9K6-7Z5Z in in1, but"
    )
    assert words in caught.value.message
    assert caught.value.code == "state_other_account"


def test_the_first_journal_extends_no_snapshot():
    assert relation(None, head(0)) == "extends"


def test_a_journal_extends_the_serial_it_names(header):
    assert relation(header(4), head(4)) == "extends"


def test_a_journal_one_behind_is_folded_already(header):
    assert relation(header(5), head(4)) == "folded"
    assert relation(header(1), head(0)) == "folded"


@pytest.mark.parametrize(
    ("serial", "journal"),
    [
        (None, head(3)),
        (3, head(4)),
        (6, head(4)),
        (4, head(4, "lineage-2")),
        (5, head(4, "lineage-2")),
        (4, {}),
        (4, head("4")),
        (None, {"lineage": "lineage-1"}),
    ],
)
def test_any_other_journal_is_refused_with_both_numbers(header, serial, journal):
    snapshot = None if serial is None else header(serial)
    with pytest.raises(StateError) as caught:
        relation(snapshot, journal, location="state.jsonl")
    message = caught.value.message
    assert (
        f"the journal of state.jsonl extends serial {journal.get('serial')}" in message
    )
    assert ("there is no snapshot" if serial is None else f"serial {serial}") in message
    assert caught.value.hint
    assert caught.value.code == "journal_mismatch"
