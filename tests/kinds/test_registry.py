"""Which kinds there are, and which follow from a value."""

import pytest

from ctsync.errors import CtsyncError
from ctsync.kinds import KINDS, kind_of
from ctsync.kinds.base import Kind, ValueContext
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.model.attribute import Attribute
from ctsync.model.scalar_value import Literal


def test_the_built_in_kinds_are_these():
    assert list(KINDS) == [
        "boolean", "counter", "date", "list", "number", "string", "subscription",
    ]  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("answer", ["is_unchanged", "columns", "moves"])
def test_each_of_ours_tells_much_at_a_look_and_in_columns(name, answer):
    """Who says anew what words mean loses what was sure of it, without a word."""
    assert getattr(type(KINDS[name]), answer) is not getattr(Kind, answer)


def test_what_is_said_anew_switches_off_what_was_sure_of_it():
    class Lower(type(KINDS["string"])):
        name = "lower"

        def normalize(self, raw, rule, frame):
            return super().normalize(raw, rule, frame)

    class Doubled(type(KINDS["counter"])):
        name = "doubled"

        def diff(self, known, target, frame):
            return super().diff(known, target, frame)

    assert (Lower.is_unchanged, Lower.columns) == (Kind.is_unchanged, Kind.columns)
    assert Lower.moves is not Kind.moves
    rule, gold = Attribute("Plan"), Literal("Gold", "text", "Gold")
    assert Lower().is_unchanged(gold, "Gold", rule, ValueContext()) is False
    assert (Doubled.moves, Doubled.columns) == (
        Kind.moves,
        type(KINDS["counter"]).columns,
    )


@pytest.mark.parametrize(("base", "name"), [("list", "labels"), ("string", "list-x")])
def test_the_name_of_a_kind_tells_its_shape(base, name):
    with pytest.raises(TypeError, match=f'begins with "list-": {name}'):
        type("Odd", (type(KINDS[base]),), {"name": name})


def test_every_kind_but_subscriptions_may_stand_in_the_catalog():
    declarable = {name for name, kind in KINDS.items() if kind.is_declarable}
    assert declarable == set(KINDS) - {"subscription"}


def test_text_and_lists_may_have_their_values_named_in_the_catalog():
    naming = {name for name, kind in KINDS.items() if kind.takes_enum}
    assert naming == {"string", "list"}


def test_a_kind_that_is_not_installed_is_told_by_name():
    with pytest.raises(CtsyncError, match='no kind "colour"') as missing:
        KINDS["colour"]
    assert missing.value.code == "kind_missing"


@pytest.mark.parametrize(
    ("kind", "attribute", "channel"),
    [
        ("string", "Name", "api"),
        ("list", "Tags", "api"),
        ("string", "Plan", "sftp"),
        ("number", "Age", "sftp"),
        ("subscription", "MSG-email", None),
    ],
)
def test_each_attribute_goes_by_the_channel_that_can_remove_it(
    kind, attribute, channel
):
    assert KINDS[kind].removal_channel(attribute) == channel


def test_every_system_attribute_has_a_kind_that_exists():
    assert {rule.kind for rule in SYSTEM.values()} <= set(KINDS)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (Literal("Gold", "text", "Gold"), "string"),
        (Literal("42", "number", 42), "number"),
        (Literal("true", "boolean", value=True), "boolean"),
        (Literal("1990-02-20", "date"), "date"),
        ([], "list"),
        ({"include": []}, "list"),
    ],
)
def test_without_a_catalog_entry_the_type_follows_the_value(raw, name):
    assert kind_of(raw).name == name


def test_a_counter_is_never_inferred():
    raws = [Literal("1", "number", 1), Literal("1", "text", "1"), []]
    assert "counter" not in {kind_of(raw).name for raw in raws}


@pytest.mark.parametrize(
    ("kind", "attribute", "removable"),
    [
        ("string", "Name", True),
        ("string", "Gender", True),
        ("string", "Email", False),
        ("string", "Plan", False),
        ("list", "Interests", True),
        ("number", "Age", False),
        ("counter", "Points", False),
        ("boolean", "Vip", False),
        ("date", "DOB", False),
        ("subscription", "MSG-email", False),
    ],
)
def test_only_name_gender_and_lists_can_be_removed(kind, attribute, removable):
    assert KINDS[kind].can_remove(attribute) is removable
