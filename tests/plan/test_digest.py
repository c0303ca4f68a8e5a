"""The digest approves the effect of a plan, and nothing else."""

import re
from hashlib import sha256

import pytest
from msgspec.structs import replace

from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account
from ctsync.plan.document.digest import PlanDigest

ACCOUNT = Account("TEST-4Z5", "in1")
SET = Operation("Plan", "string", "set", "Gold", "known", before="Free", after="Gold")
ADD = Operation("Tags", "list", "$add", ("a",), "unknown", after=("a",), step=2)
CHANGE = Change(ProfileKey("identity", "u1"), "update", (SET, ADD), released=("Team",))


def digest_of(*changes, account=ACCOUNT, lineage="0" * 32):
    digest = PlanDigest(account, lineage)
    for change in changes:
        digest.add(change)
    return digest.value()


def with_operation(**fields):
    return replace(CHANGE, operations=(replace(SET, **fields), ADD))


BEFORE = digest_of(CHANGE)


def test_a_digest_is_sha256_and_64_hex_digits():
    assert re.fullmatch("sha256:[0-9a-f]{64}", BEFORE)


@pytest.mark.parametrize(
    "change",
    [
        replace(CHANGE, origins=(Origin("people/jack.yaml", 3),)),
        replace(CHANGE, settled=EntryAfter("f" * 32, ("vip",))),
        with_operation(since="run-7"),
    ],
)
def test_where_it_stands_and_what_is_settled_change_nothing(change):
    assert digest_of(change) == BEFORE


@pytest.mark.parametrize(
    "change",
    [
        replace(CHANGE, key=ProfileKey("objectId", "u1")),
        replace(CHANGE, key=ProfileKey("identity", "u2")),
        replace(CHANGE, released=()),
        replace(CHANGE, settled=EntryAfter(forget=("team",))),
        replace(CHANGE, settled=EntryAfter(ours=(("tags", ("a",)),))),
        replace(CHANGE, released=("Team", "Tier")),
        replace(CHANGE, operations=(SET,)),
        replace(CHANGE, operations=(ADD, SET)),
        with_operation(attribute="Team"),
        with_operation(step=2),
        with_operation(operator="$add"),
        with_operation(operand="Platinum"),
        with_operation(prior="uncertain"),
        with_operation(before="Silver"),
        with_operation(before=None),
        with_operation(after="Platinum"),
        with_operation(operand=1),
        with_operation(operand=True),
        with_operation(operand="1"),
        with_operation(operand=("Gold",)),
    ],
)
def test_any_effect_changes_the_digest(change):
    assert digest_of(change) != BEFORE


def test_values_that_python_takes_for_equal_are_told_apart():
    values = [1, True, "1", ("1",), 0, False, None, "", ()]
    digests = {digest_of(with_operation(operand=value)) for value in values}
    assert len(digests) == len(values)


@pytest.mark.parametrize(
    "account",
    [
        replace(ACCOUNT, id="PROD-4Z5"),
        replace(ACCOUNT, region="us1"),
        replace(ACCOUNT, endpoint="http://127.0.0.1:8765"),
    ],
)
def test_the_target_is_part_of_it(account):
    assert digest_of(CHANGE, account=account) != BEFORE


def test_the_lineage_is_part_of_it():
    assert digest_of(CHANGE, lineage=None) != BEFORE


@pytest.mark.parametrize(
    "options",
    [
        {"passcode_variable": "OTHER"},
        {"notify_host": "evil"},
        {"import_door": "A@sftp.example.com:22 SHA256:abc imports"},
        {"accepted": {"skip": 1}},
    ],
)
def test_where_it_talks_to_and_what_is_accepted_are_part_of_it(options):
    digest = PlanDigest(ACCOUNT, "0" * 32, **options)
    digest.add(CHANGE)
    assert digest.value() != BEFORE


def test_what_an_entry_without_a_change_forgets_is_part_of_it():
    found = set()
    for settled in [
        EntryAfter("f" * 32, ("vip",)),
        EntryAfter(forget=("team",)),
        EntryAfter(forget=("tier",)),
        EntryAfter(ours=(("team", None),)),
        EntryAfter(ours=(("team", ("a",)),)),
    ]:
        digest = PlanDigest(ACCOUNT, "0" * 32)
        digest.add_settled(CHANGE.key, settled)
        found.add(digest.value())
    assert len(found) == 5
    assert digest_of() in found  # what is only settled approves nothing


def test_changes_do_not_run_together():
    one = replace(CHANGE, operations=(SET,), released=())
    two = replace(CHANGE, operations=(ADD,), released=())
    whole = replace(CHANGE, released=())
    assert digest_of(one, two) == digest_of(whole)
    assert digest_of(one) != digest_of(whole)


def test_a_plan_has_its_digest_wherever_its_words_stand(project_view, plan):
    def digest(file, **head):
        words = {"Plan": "Gold", "Tags": ["a"]}
        return plan(project_view().says("u1", words, file=file), **head).digest

    assert digest("a.yaml") == digest("moved/b.yaml")
    assert digest("a.yaml") == digest("a.yaml", inputs=(("a.yaml", "ab" * 16),))
    assert digest("a.yaml") == digest("a.yaml", environment="prod")
    assert digest("a.yaml") == digest("a.yaml", records_per_call=7)


def test_the_digest_is_of_these_lines_in_every_version():
    """Whoever approved one has to find it again after the next release."""
    settled = EntryAfter(forget=("team",), ours=(("tags", ("a",)), ("more", None)))
    digest = PlanDigest(ACCOUNT, None, accepted={"update": 3})
    digest.add(replace(CHANGE, settled=settled))
    digest.add_settled(ProfileKey("FBID", "f1"), EntryAfter(forget=("city",)))
    lines = b"""
["ctsync.plan/1",{"endpoint":null,"id":"TEST-4Z5","region":"in1"},null,null,{"update":3},null]
[{"identity":"u1"},"Plan",1,"set","Gold","known","Free","Gold"]
[{"identity":"u1"},"Tags",2,"$add",["a"],"unknown",null,["a"]]
[{"identity":"u1"},"Team",0,"release"]
[{"identity":"u1"},"team",0,"forget"]
[{"identity":"u1"},"tags",0,"ours",["a"]]
[{"identity":"u1"},"more",0,"ours",null]
[{"FBID":"f1"},"city",0,"forget"]
"""
    assert digest.value() == f"sha256:{sha256(lines[1:]).hexdigest()}"


def test_what_was_decided_in_columns_counts_as_what_was_not():
    whole, decided = PlanDigest(ACCOUNT, None), PlanDigest(ACCOUNT, None)
    whole.add(replace(CHANGE, operations=(SET,), released=()))
    line = b'[{"identity":"u1"},"Plan",1,"set","Gold","known","Free","Gold"]\n'
    decided.add_decided(line)
    assert decided.value() == whole.value() != PlanDigest(ACCOUNT, None).value()
