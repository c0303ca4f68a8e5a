"""What a state keeps of a profile, from the row that a plan has of it."""

import pytest
from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.kinds import KINDS
from ctsync.kinds.string import StringKind
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.entries.plain_entry import Taking, entry_after

BOTH = pytest.mark.parametrize("taking", Taking)
OWNED = {**dict.fromkeys(Taking, b""), Taking.ACKNOWLEDGED: b'"owned":true,'}
MARK = "0123456789abcdef" * 2
# Names of their own, since what a name and a form come to is remembered.
NAMES = (f"Name{number}" for number in range(10_000))


def row(*operations, more=()):
    return ["create", "identity", "u1", [*operations], *more]


def entry(*operations, more=(), taking=Taking.ACKNOWLEDGED):
    return entry_after(row(*operations, more=more), taking)


@BOTH
@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("Gold", "string", b'"Gold"'),
        ("$D_5", "date", b'"$D_5"'),
        (1.5, "number", b"1.5"),
        (0, "number", b"0"),
        (False, "boolean", b"false"),
    ],
)
def test_a_value_that_is_set_is_known(taking, value, kind, shown):
    name = next(NAMES)
    found = entry([name, value], taking=taking)
    folded = name.lower().encode()
    assert found.line == (
        b'{"attributes":{"%b":{"kind":"%b","name":"%b",%b"value":%b}},'
        b'"key":{"identity":"u1"}}\n'
        % (folded, kind.encode(), name.encode(), OWNED[taking], shown)
    )
    assert (found.key, found.names) == (ProfileKey("identity", "u1"), [name.lower()])
    assert (found.fingerprint, found.is_bound) == (None, False)


@BOTH
def test_values_that_are_added_to_nothing_are_known_in_order_and_once(taking):
    name = next(NAMES)
    found = entry([name, [*"hgbfedcab"], "+?"], taking=taking)
    is_whole = taking in {Taking.DECLARED, Taking.READ}
    said = b'"complete":true,' if is_whole else b""
    assert found.line.startswith(
        b'{"attributes":{"%b":{%b"kind":"list","name":"%b",%b"present":%b}},'
        % (
            name.lower().encode(),
            said,
            name.encode(),
            OWNED[taking],
            canonical([*"abcdefgh"]),
        )
    )


@pytest.mark.parametrize("form", ["=", "=?", "=!", "=?~", "=?*", "=*"])
def test_whatever_was_known_a_value_that_is_set_is_known(form):
    name = next(NAMES)
    assert entry([name, "x", form]).line == entry([name, "x"]).line


def test_a_counter_is_known_once_it_was_sent_or_read_and_unsure_where_it_was_declared():
    name = next(NAMES)
    found = entry([name, 5, "=?counter"])
    assert b'"kind":"counter"' in found.line
    assert entry([name, 5, "=?counter"], taking=Taking.DECLARED) is None
    read = entry([name, 5, "=?counter"], taking=Taking.READ)
    assert read.line == found.line.replace(b'"owned":true,', b"")


def test_a_step_and_a_value_before_change_nothing_of_what_is_known():
    name = next(NAMES)
    known = entry([name, "x"]).line
    assert entry([name, "x", "=2", "y"]).line == known
    tags = entry([name, ["a"], "+?"]).line
    assert entry([name, ["a"], "+?2"]).line == tags


def test_what_is_taken_away_is_known_to_be_absent():
    name = next(NAMES)
    found = entry([name, 1, "0string", "x"])
    assert b'{"kind":"string","name":"%b","owned":true}' % name.encode() in found.line


def test_a_counter_that_is_moved_is_known_by_where_it_was():
    name = next(NAMES)
    assert b'"value":7}' in entry([name, 3, ">counter", 4]).line
    assert b'"value":1}' in entry([name, 3, "<counter", 4]).line


def test_what_stands_in_an_entry_of_other_attributes_stays_as_it_is():
    name = next(NAMES)
    held = (
        b'{"city":{"certain":false,"kind":"string","maybe":["\\u0007"],"name":"City"}'
    )
    before = b'{"attributes":%b},"key":{"identity":"u1"},"once":["city"]}\n' % held
    found = entry_after(row([name, "x"]), Taking.ACKNOWLEDGED, before)
    assert found.line.startswith(b'{"attributes":' + held + b",")
    assert found.line.endswith(b',"key":{"identity":"u1"},"once":["city"]}\n')
    assert found.names == ["city", name.lower()]


@pytest.mark.parametrize("once", [b"", b',"once":["city"]'])
def test_who_was_gone_is_made_anew_by_what_is_sent_and_not_by_what_is_read(once):
    """What is only declared sends nothing, so that a one write stays made."""
    name = next(NAMES)
    city = b'{"city":{"kind":"string","name":"City","value":"Oslo"}}'
    before = b'{"attributes":%b,"gone":true,"key":{"identity":"u1"}%b}\n' % (city, once)
    plain = row([name, "x"])
    sent = entry_after(plain, Taking.ACKNOWLEDGED, before)
    assert sent.line == entry([name, "x"]).line
    read = entry_after(plain, Taking.DECLARED, before)
    anew = entry([name, "x"], taking=Taking.DECLARED).line
    assert read.line == anew.replace(b'"u1"}}', b'"u1"}%b}' % once)


@pytest.mark.parametrize(
    ("form", "operand", "present"),
    [("+", ["c", "a"], b'["a","b","c"]'), ("-", ["b"], b"")],
)
def test_a_list_of_which_nothing_was_in_doubt_is_known_at_a_look(
    form, operand, present
):
    name = next(NAMES)
    folded = name.lower().encode()
    held = b'{"%b":{"complete":true,"kind":"list","name":"%b","present":["b"]}}'
    before = b'{"attributes":' + held % (folded, name.encode())
    before += b',"key":{"identity":"u1"}}\n'
    found = entry_after(row([name, operand, form]), Taking.ACKNOWLEDGED, before)
    said = b'"present":' + present if present else b'"name":"%b"}' % name.encode()
    assert said in found.line
    doubt = before.replace(b'"present":["b"]', b'"maybe":["b"]')
    assert entry_after(row([name, operand, form]), Taking.ACKNOWLEDGED, doubt) is None


@pytest.mark.parametrize("complete", [b"", b'"complete":true,'])
@pytest.mark.parametrize("owned", [b"", b'"owned":true,'])
@pytest.mark.parametrize("form", ["+", "-"])
def test_a_list_is_owned_once_something_is_added_and_complete_as_it_was(
    complete, owned, form
):
    name = next(NAMES)
    folded, spelled = name.lower().encode(), name.encode()
    known = b'{"attributes":{"%b":{%b"kind":"list","name":"%b",%b"present":[%b]}},'
    known += b'"key":{"identity":"u1"}}\n'
    before = known % (folded, complete, spelled, owned, b'"a","b"')
    moved = row([name, ["c", "d"] if form == "+" else ["b"], form])
    present = b'"a","b","c","d"' if form == "+" else b'"a"'
    owned = b'"owned":true,' if form == "+" else owned
    found = entry_after(moved, Taking.ACKNOWLEDGED, before)
    assert found.line == known % (folded, complete, spelled, owned, present)


@BOTH
@pytest.mark.parametrize("owned", [b"", b'"owned":true,'])
def test_a_value_that_is_only_read_is_owned_if_it_was(taking, owned):
    name = next(NAMES)
    known = b'{"attributes":{"%b":{"kind":"string","name":"%b",%b"value":"%b"}},'
    known += b'"key":{"identity":"u1"}}\n'
    folded, spelled = name.lower().encode(), name.encode()
    before = known % (folded, spelled, owned, b"y")
    found = entry_after(row([name, "x"]), taking, before)
    assert found.line == known % (folded, spelled, owned or OWNED[taking], b"x")


@BOTH
def test_only_what_is_sent_marks_a_profile_of_which_something_is_in_doubt(taking):
    city = b'{"kind":"string","name":"City","value":"Oslo"}'
    before = b'{"attributes":{"city":%b,"zip":%b},"key":{"identity":"u1"}}\n'
    certain = before % (city, city.replace(b"City", b"Zip"))
    plain = row([next(NAMES), "x"], more=[[], MARK])
    assert entry_after(plain, taking, certain).fingerprint == MARK
    doubt = certain.replace(b'"zip":{', b'"zip":{"certain":false,')
    found = entry_after(plain, taking, doubt)
    assert found.fingerprint == (MARK if taking is Taking.ACKNOWLEDGED else None)


def test_where_a_row_stands_mark_and_cohorts_come_with_it():
    name = next(NAMES)
    plain = [name, "x"]
    tables = [["a.csv", 1, "t"], ["b.csv", 2, "s", 7], ["c.yaml"], ["d.csv", 1]]
    found = entry(plain, more=[tables, MARK])
    assert b'"cohorts":["table=s","table=t"],"fingerprint":"%b"' % MARK.encode() in (
        found.line
    )
    assert (found.fingerprint, found.is_bound) == (MARK, True)
    own = entry(plain, more=[tables, None, ["vip"]])
    assert b'"cohorts":["vip"],"key"' in own.line
    none = entry(plain, more=[tables, MARK, []])
    assert b"cohorts" not in none.line
    assert not none.is_bound


def test_one_value_of_ours_binds_a_profile_that_no_place_names():
    """Else nobody would take that value back once it is declared no more."""
    held = b'{"kind":"list","name":"Tags","ours":["a"],"present":["a"]}'
    city = b'{"kind":"string","name":"City","value":"Oslo"}'
    before = b'{"attributes":{"city":%b,"tags":%b},"key":{"identity":"u1"}}\n'
    plain = row([next(NAMES), "x"])
    found = entry_after(plain, Taking.ACKNOWLEDGED, before % (city, held))
    assert found.is_bound
    none_of_ours = before % (city, held.replace(b'"ours":["a"],', b""))
    assert not entry_after(plain, Taking.ACKNOWLEDGED, none_of_ours).is_bound


def test_names_stand_in_the_order_of_folded_letters():
    found = entry(["Zip", "1"], ["age", 2])
    assert found.names == ["age", "zip"]


@BOTH
@pytest.mark.parametrize(
    "operation",
    [
        [],
        ["A"],
        ["A", None],
        ["A", {}],
        ["A", "x", "+?"],
        ["A", 5, ">?counter"],
        ["A", "x", "?"],
        ["A", ["x"], "=?"],
        ["A", ["x"], "-?"],
        ["A", ["x"]],
        ["A", [], "+?"],
        ["A", ["x", 1], "+?"],
        ["A", "x", "=?", "before", None],
        ["A", "x", "=?", None, None],
    ],
)
def test_an_operation_that_says_more_takes_a_longer_look(operation, taking):
    name = next(NAMES)
    assert entry(["More", "x"], taking=taking) is not None
    odd = [name, *operation[1:]] if operation else []
    assert entry(odd, taking=taking) is None
    assert entry(["More", "x"], odd, taking=taking) is None


@pytest.mark.parametrize(
    "said",
    [
        ["release", "identity", "u1", [["A", "x"]]],
        ["create", "nobody", "u1", [["A", "x"]]],
        ["create", "identity", "u1", [["A", "x"], ["a", "y"]]],
        ["create", "identity", "u1", [["A", ["x"], "+?"], ["a", ["y"], "+?"]]],
        ["update", "identity", "u1", [["A", 1, ">counter"]]],
        ["create", "identity", "u1", []],
        ["create", "identity", "u1"],
        ["create", "identity", "u1", [["A", "x"]], 5],
        ["create", "identity", "u1", [["A", "x"]], ""],
        ["create", "identity", "u1", [["A", "x"]], ["rows"]],
        ["create", "identity", "u1", [["A", "x"]], ["rows", ["f", 1, "rows"]]],
        ["create", "identity", "u1", [["A", "x"]], [["f", 1, 7]]],
        ["create", "identity", "u1", [["A", "x"]], [], 7],
        ["create", "identity", "u1", [["A", "x"]], [], None, "vip"],
        ["create", "identity", "u1", [["A", "x"]], [], None, [7]],
        ["create", "identity", "u1", [["A", "x"]], [], None, [], ["Old"]],
        ["create", "identity", "u1", [["A", "x"]], [], None, [], []],
    ],
)
def test_a_row_that_says_more_takes_a_longer_look(said):
    assert entry_after(said, Taking.ACKNOWLEDGED) is None


class Upper(StringKind):
    """A kind of ours of which something else is known after an operation."""

    name = "upper"

    def apply(self, known, operation, *, certain=True):
        found = super().apply(known, operation, certain=certain)
        return replace(found, value=found.value.upper())


def test_a_kind_that_says_anew_what_is_known_takes_a_longer_look(monkeypatch):
    monkeypatch.setitem(KINDS, "upper", Upper())
    name = next(NAMES)
    assert entry([name, "x", "=?upper"]) is None
    assert entry([name, "x", "=?"]) is not None
