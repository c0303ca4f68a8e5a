"""A signature holds for one key and one plan, byte by byte."""

import hmac

import pytest

from ctsync.errors import CtsyncError
from ctsync.plan.document.plan_file import open_plan
from ctsync.plan.document.signature import VARIABLE, plan_key, signature_of

KEY, OTHER = bytes(range(32)), bytes(32)


@pytest.mark.parametrize("written", [None, "", "ab", "0" * 63, "0" * 65, "g" * 64])
def test_what_is_no_key_is_refused_and_never_shown(written):
    variables = {} if written is None else {VARIABLE: written}
    with pytest.raises(CtsyncError) as refused:
        plan_key(variables)
    assert refused.value.code == "plan_key"
    assert "64 hex digits" in refused.value.hint
    assert not written or written not in str(refused.value)


def test_a_key_is_read_from_its_variable():
    assert plan_key({VARIABLE: KEY.hex().upper()}) == KEY


def test_a_signature_is_the_hmac_of_all_blocks():
    """RFC 2104 over SHA-256: whoever has the key can check it with other tools."""
    written = hmac.new(KEY, b"first second", "sha256").hexdigest()
    assert signature_of(KEY, [b"first ", b"", b"second"]) == written
    assert signature_of(OTHER, [b"first second"]) != written


@pytest.fixture
def made(project_view, plan):
    return plan(project_view().says("u1", {"Plan": "Gold"})).document


def test_a_plan_is_signed_with_the_key_that_signed_it(made, tmp_path):
    path = tmp_path / "signed.ctplan"
    made.copy_to(path, KEY)
    with open_plan(path) as read:
        assert read.is_signed_with(KEY)
        assert not read.is_signed_with(OTHER)
        read.copy_to(tmp_path / "again.ctplan", KEY)
    assert (tmp_path / "again.ctplan").read_bytes() == path.read_bytes()


def test_a_plan_is_signed_from_its_first_byte_to_its_seal(made, tmp_path):
    path = tmp_path / "signed.ctplan"
    made.copy_to(path, KEY)
    *before, seal = path.read_bytes().splitlines(keepends=True)
    written = hmac.new(KEY, b"".join(before), "sha256").hexdigest()
    assert f'"signature":"{written}"'.encode() in seal


def test_a_plan_that_nobody_signed_is_signed_with_no_key(made, tmp_path):
    path = tmp_path / "plain.ctplan"
    made.copy_to(path)
    with open_plan(path) as read:
        assert not read.is_signed_with(KEY)


def test_a_signature_of_another_plan_holds_for_none(made, project_view, plan, tmp_path):
    """Though every checksum holds: it can be taken again by whoever edits."""
    other = plan(project_view().says("u1", {"Plan": "Free"})).document
    made.copy_to(tmp_path / "made", KEY)
    other.copy_to(tmp_path / "other", KEY)
    _, sealed = [
        (tmp_path / name).read_bytes().rsplit(b'"signature":', 1)[1]
        for name in ("made", "other")
    ]
    forged = (tmp_path / "made").read_bytes().rsplit(b'"signature":', 1)[0]
    (tmp_path / "forged").write_bytes(forged + b'"signature":' + sealed)
    (tmp_path / "forged").chmod(0o600)
    with open_plan(tmp_path / "forged") as read:
        assert not read.is_signed_with(KEY)
