"""Lines of entries are cut where they say of attributes, and nothing gets lost."""

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from msgspec import UNSET

from ctsync.canonical_json import canonical, fold_name
from ctsync.model.cut_entries import EntryCutter
from ctsync.model.entry import DueValue, Entry, KnownValue, entry_line
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.spelled_entry import spelled_entry

NAMES = ("Before", "due", "Plan", 'q"Plan', "a.b", "Größe")
MARK = "0123456789abcdef" * 2
words = st.sampled_from(
    ["Gold", "", 'q"q', "a\\b", "{", "}", "]", '"plan":{"', "é", ","]
)
scalars = st.one_of(words, st.integers(-9, 9), st.booleans(), st.none())


def known(name, *, deep=True):
    """What may be known of an attribute, of another one before it or within it."""
    due = st.none()
    if deep:
        operation = st.builds(
            Operation, st.just(name), st.just("string"), st.just("set"), words
        )
        before = st.none() | known(name, deep=False)
        due = st.none() | st.builds(DueValue, words, operation, before=before)
    return st.builds(
        KnownValue,
        st.sampled_from([name, name.upper()]),
        st.just("string"),
        scalars,
        certain=st.booleans(),
        owned=st.booleans(),
        present=st.lists(words, max_size=2).map(tuple),
        due=due,
    )


attributes = st.fixed_dictionaries({}, optional={name: known(name) for name in NAMES})
entries = st.builds(
    lambda id_, found, *rest: Entry(
        ProfileKey("identity", id_),
        {fold_name(name): found[name] for name in sorted(found, key=fold_name)},
        *rest,
    ),
    st.sampled_from(["u1", "u2", "u3", "u4", 'q"4', "a\\b", "é"]),
    attributes,
    st.sampled_from([(), ("table=rows",), ("vip", "table=rows"), ("a]b",), ('q"',)]),
    st.sampled_from([(), ("plan", "x"), ('q"',)]),
    st.sampled_from([MARK, None]),
    st.booleans(),
)


@given(
    found=st.lists(entries, max_size=6, unique_by=lambda each: each.key),
    names=st.sets(st.sampled_from(NAMES), min_size=1, max_size=3),
)
def test_what_is_cut_is_what_taking_the_line_apart_finds(found, names):
    names = sorted(names, key=fold_name)
    lines = [entry_line(each) for each in found]
    cut = EntryCutter(names).cut([each.key.id.encode() for each in found], lines)
    event(f"{len(cut.places)} cut")
    for at, place in enumerate(cut.places):
        parted, entry = spelled_entry(lines[place]), found[place]
        known = (bytes(parted.attributes[fold_name(each)]) for each in names)
        behind = (column[at] for column in cut.behind)
        openings = (canonical(fold_name(each)) + b":" for each in names)
        said = zip(openings, known, behind, strict=True)
        middle = b"".join(part for parts in said for part in parts)
        said_last = bytes(parted.cohorts), MARK.encode()
        tail = b',"cohorts":%b,"fingerprint":"%b"' % said_last
        assert cut.heads[at] + middle + tail + cut.ends[at] == lines[place]
        assert entry.gone is False


def plain(id_, **attributes):
    values = {
        name: KnownValue(name.title(), "string", attributes[name])
        for name in attributes
    }
    return Entry(ProfileKey("identity", id_), values, ("table=rows",), (), MARK)


@pytest.mark.parametrize(
    ("entry", "is_cut"),
    [
        (plain("b", plan="Gold"), True),
        (plain("b", name="{", plan="Gold", tags='q"q'), True),
        (plain("b", plan='q"q'), False),
        (plain("b", plan='a},{"x":"y'), False),
        (plain("b", plan="a},{"), True),
        (plain("b", name="Asha"), False),
    ],
)
def test_of_many_lines_only_the_odd_are_left_out(entry, is_cut):
    around = [plain("a", plan="x"), entry, plain("c", plan="y"), plain("d", plan="z")]
    lines = [entry_line(each) for each in around]
    cut = EntryCutter(["Plan"]).cut([each.key.id.encode() for each in around], lines)
    assert [*cut.places] == [0, *[1] * is_cut, 2, 3]
    assert spelled_entry(lines[0]).cohorts is not UNSET
    for at, place in enumerate(cut.places):
        assert lines[place].startswith(cut.heads[at] + b'"plan":{')


def test_what_was_known_before_a_file_is_not_taken_for_an_attribute_of_that_name():
    operation = Operation("Before", "string", "set", "Gold", "uncertain")
    due = DueValue("a.csv", operation, before=KnownValue("Before", "string", "Free"))
    waits = KnownValue("Before", "string", due=due)
    entry = Entry(ProfileKey("identity", "a"), {"before": waits}, ("vip",), (), MARK)
    assert [*EntryCutter(["Before"]).cut([b"a"], [entry_line(entry)]).places] == []
