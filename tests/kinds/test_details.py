"""Details of kinds that mutants of them showed nobody to look at."""

import pytest

from ctsync.kinds import KINDS, words
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Faults
from ctsync.model.operation import Operation
from ctsync.model.scalar_value import Literal

FRAME = ValueContext()
LIST = KINDS["list"]
MANY = tuple("hgfedcba")  # of which sets come in some other order
OTHERS = tuple("zyxwvuts")


def of_list(operator, operand, **more):
    return Operation("Tags", "list", operator, tuple(operand), "known", **more)


def held(**sets):
    return KnownValue("Tags", "list", **sets)


def part(**values):
    return DesiredValue("Tags", "list", **values)


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("boolean", {"type": "boolean"}),
        ("number", {"type": "number"}),
        ("counter", {"type": "number"}),
    ],
)
def test_a_schema_says_the_type(kind, schema):
    assert KINDS[kind].schema(Attribute("Plan")) == schema


def test_the_schema_of_text_allows_null_where_it_can_be_removed():
    kind = KINDS["string"]
    assert kind.schema(Attribute("Plan")) == {"type": ["string"]}
    assert kind.schema(Attribute("Plan", enum=("a",)))["enum"] == ["a"]
    assert kind.schema(Attribute("Gender", enum=("M",)))["enum"] == ["M", None]


def test_the_schema_of_a_date_is_its_pattern():
    assert KINDS["date"].schema(Attribute("Since"))["pattern"].startswith(r"^\d{4}-")


@pytest.mark.parametrize(
    ("kind", "raw", "rule", "hint"),
    [
        ("date", Literal("soon", "text", "soon"), Attribute("Since"), "1990-02-20"),
        ("number", Literal("x", "text", "x"), Attribute("Tall"), "at most 15 digits"),
        (
            "number", Literal("x", "text", "x", quoted=True), Attribute("Tall"),
            "at most 15 digits",
        ),
        ("string", Literal("1", "number", 1), Attribute("P", enum=("a",)), "write a"),
        (
            "string", Literal("1", "number", 1), Attribute("P", enum=("1",)),
            'write "{value}", with quotes',
        ),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_what_to_write(kind, raw, rule, hint):
    with pytest.raises(Faults) as wrong:
        KINDS[kind].normalize(raw, rule, FRAME)
    assert hint in wrong.value.faults[0].hint


@pytest.mark.parametrize(
    ("kind", "raw", "found"),
    [
        ("number", Literal("x", "text", "x"), "takes a number, not text {value}"),
        ("number", Literal("", "text", ""), "takes a number, not text"),
        ("number", [], "takes a number, not a list"),
        ("number", {}, "takes a number, not a map"),
        ("list", [Literal("null", "null")], "takes a list of text, not null"),
        ("list", [[]], "takes a list of text, not a list"),
    ],
)
def test_a_wrong_type_is_told_what_was_found(kind, raw, found):
    """And its own words, where it has any that say more than its type."""
    with pytest.raises(Faults) as wrong:
        KINDS[kind].normalize(raw, Attribute("Plan", kind), FRAME)
    assert wrong.value.faults[0].message == f"Plan {found}"


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        (Attribute("Tags", "list"), "write [a, b]"),
        (Attribute("Tags"), "one attribute for each value"),
    ],
)
def test_a_map_that_is_no_list_is_told_what_can_be_written(rule, hint):
    """In a list it is a list that is written otherwise; elsewhere nothing nests."""
    with pytest.raises(Faults) as wrong:
        LIST.normalize({"city": Literal("Oslo", "text", "Oslo")}, rule, FRAME)
    (fault,) = wrong.value.faults
    assert (fault.code, hint in fault.hint) == ("CT203", True)


@pytest.mark.parametrize(
    ("kind", "write", "value", "spelled"),
    [
        ("string", lambda: words.text("0042"), "0042", '"0042"'),
        ("number", lambda: words.number(1.5), 1.5, "1.5"),
        ("boolean", lambda: words.switch(is_on=True), True, "true"),
        ("boolean", lambda: words.switch(is_on=False), False, "false"),
        ("date", lambda: words.date("1970-01-02"), "$D_86400", "1970-01-02"),
    ],
)
def test_words_for_examples_are_those_of_a_spec(kind, write, value, spelled):
    """As if a reader of YAML had met them: in quotes where they must be."""
    raw = write()
    assert KINDS[kind].normalize(raw, Attribute("Plan"), FRAME).value == value
    assert (f'"{raw.text}"' if raw.quoted else raw.text) == spelled


@pytest.mark.parametrize(("minutes", "is_one"), [("59", True), ("60", False)])
def test_an_offset_has_sixty_minutes_to_the_hour(minutes, is_one):
    raw = Literal(f"2026-01-01T00:00:00+05:{minutes}", "date")
    try:
        KINDS["date"].normalize(raw, Attribute("Since"), FRAME)
    except Faults:
        assert not is_one
    else:
        assert is_one


def test_sets_are_written_in_order():
    ordered = tuple(sorted(MANY))
    removed = LIST.apply(None, of_list("$remove", MANY, excluded=MANY))
    assert removed.absent == ordered
    lost = LIST.apply(None, of_list("$add", MANY, ours=MANY), certain=False)
    assert (lost.maybe, lost.ours) == (ordered, ordered)
    both = LIST.merge(part(include=MANY), part(exclude=OTHERS), "a.yaml:1")
    assert (both.include, both.exclude) == (ordered, tuple(sorted(OTHERS)))
    unwanted = LIST.diff(held(present=MANY), part(exclude=("z",)), FRAME)
    assert unwanted[0].before == ordered
    (guard,) = LIST.diff(None, DesiredValue("Tags", "list", exclude=MANY), FRAME)
    assert guard.excluded == ordered
    (added,) = LIST.diff(None, DesiredValue("Tags", "list", include=MANY), FRAME)
    assert (added.ours, added.certain) == (ordered, False)
    doubt = Operation("Plan", "string", "set", "h", "uncertain", None, "h")
    known = KnownValue("Plan", "string", "g", certain=False, maybe=tuple("abcdef"))
    after = KINDS["string"].apply(known, doubt, certain=False)
    assert after.maybe == ordered


def test_the_run_that_left_a_doubt_is_named_as_long_as_there_is_one():
    known = held(maybe=("b", "c"), since="r1")
    half = LIST.apply(known, of_list("$add", "b"))
    assert (half.maybe, half.since) == (("c",), "r1")
    assert LIST.apply(half, of_list("$add", "c")).since is None


def test_what_a_list_takes_the_place_of_is_nothing_certain():
    after = LIST.apply(KnownValue("Tags", "number", 7), of_list("$add", "a"))
    assert (after.present, after.complete) == (("a",), False)


def test_adding_first_fits_up_to_the_very_limit():
    present = tuple(f"v{n:02}" for n in range(50))
    wanted = tuple(f"w{n:02}" for n in range(50))
    operations = [
        [
            op.operator
            for op in LIST.diff(held(present=present, complete=True), t, FRAME)
        ]
        for t in (
            DesiredValue("Tags", "list", exact=wanted),
            DesiredValue("Tags", "list", exact=(*wanted, "x")),
        )
    ]
    assert operations == [["$add", "$remove"], ["$remove", "$add"]]


def test_only_values_that_have_a_twin_are_warned_of():
    (fault,) = LIST.lint(DesiredValue("Tags", "list", exact=("A", "a", "b")))
    assert (fault.code, fault.value) == ("CT212", "A, a")


def test_values_on_both_sides_are_told_in_order():
    with pytest.raises(Faults) as apart:
        LIST.merge(part(include=MANY), part(exclude=MANY), "a.yaml:1")
    assert apart.value.faults[0].value == ", ".join(sorted(MANY))
    letters = [Literal(letter, "text", letter) for letter in MANY]
    with pytest.raises(Faults) as wrong:
        LIST.normalize({"include": letters, "exclude": letters}, Attribute("T"), FRAME)
    assert [fault.value for fault in wrong.value.faults] == sorted(MANY)
