"""Rows of an export that are clean are still asked of, where more is to be said."""

import json
from io import BytesIO

import pytest

from ctsync.model.attribute import Attribute
from ctsync.model.entry import Entry, KnownValue, entry_from_line
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.exports.export_rows import ExportFile
from ctsync.observe.exports.take_export import ExportImport, ExportWish
from ctsync.observe.import_profiles import Beside, ImportRules, ProfileImport

COUNT = 50
KEYS = [f"u{n:02}" for n in range(COUNT)]
READ = ("Rome", "Gold")


class Spec:
    """Declares what it is given, in the city of Ulm alone."""

    def __init__(self):
        self.keys = []

    def add(self, entry):
        self.keys.append(entry.key.id)
        return Entry(entry.key, {"city": KnownValue("City", "string", "Ulm")})


@pytest.fixture
def together():
    """How many profiles came at once, by turns."""
    return []


@pytest.fixture
def take(tmp_path, together):
    """Take an export of clean rows; give the values of each profile that is kept."""
    path = tmp_path / "export.jsonl"
    rows = ({"identity": key, "City": "Rome", "Plan": "Gold"} for key in KEYS)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(*, wants=None, spec=None, known=(), said=()):
        rules = ImportRules(lambda name: Attribute(name, None))
        taken = ProfileImport(BytesIO(), rules, spec)
        add = taken.add_columns
        taken.add_columns = lambda columns: (
            together.append(len(columns)),
            add(columns),
        )
        wish = ExportWish(ExportFile(path), rules, wants)
        rows = ExportImport(wish, taken, Beside(said), Beside(known))
        rows.run()
        assert rows.read == COUNT
        kept = (entry_from_line(edit.over(None).line) for _, edit in taken.edits())
        return {each.key.id: values_of(each) for each in kept}

    return run


def values_of(entry):
    return tuple(known.value for known in entry.attributes.values())


@pytest.mark.parametrize("wanted", [KEYS[:1], KEYS[7:9], KEYS[-1:], KEYS, []])
def test_only_whoever_is_wanted_is_taken(take, wanted):
    assert take(wants=lambda key: key.id in wanted) == dict.fromkeys(wanted, READ)


def test_whoever_is_wanted_comes_with_those_beside_him(take, together):
    """As all do where nothing is to be asked, and those between two that are known."""
    take(wants=lambda key: key.id < KEYS[40])
    assert together == [40]
    together.clear()
    take()
    assert together == [COUNT]
    together.clear()
    take(known=[Entry(ProfileKey("identity", KEYS[at])) for at in (10, 30)])
    assert together == [10, 19, 19]


def test_a_spec_is_told_of_everybody_and_says_what_is_kept(take):
    spec = Spec()
    assert take(spec=spec) == dict.fromkeys(KEYS, ("Ulm",))
    assert spec.keys == KEYS


def test_a_spec_is_told_of_whoever_is_wanted(take):
    spec = Spec()
    assert take(spec=spec, wants=lambda key: key.id == KEYS[3]) == {KEYS[3]: ("Ulm",)}
    assert spec.keys == [KEYS[3]]


@pytest.fixture(params=[0, 20, COUNT - 1])
def key(request):
    return ProfileKey("identity", KEYS[request.param])


def test_of_whoever_is_known_as_he_was_read_nothing_is_kept(take, key):
    names = {"City": "Rome", "Plan": "Gold"}
    same = {n.lower(): KnownValue(n, "string", said) for n, said in names.items()}
    others = {each: READ for each in KEYS if each != key.id}
    assert take(known=[Entry(key, same)]) == others
    assert take(known=[Entry(key, same)], wants=lambda _: True) == others


def test_of_whoever_is_declared_that_alone_is_kept(take, key):
    """What no place declares of him, the next plan would release."""
    said = Entry(key, {"city": KnownValue("City", "string", "Oslo", owned=True)})
    expected = {**dict.fromkeys(KEYS, READ), key.id: ("Rome",)}
    assert take(said=[said]) == expected
    assert take(said=[said], known=[Entry(key)]) == expected


def test_whoever_is_known_otherwise_is_kept_as_he_was_read(take, key):
    """What his row lacks is known to be absent then."""
    names = {"City": "Oslo", "Plan": "Gold", "Tier": "A"}
    known = {n.lower(): KnownValue(n, "string", said) for n, said in names.items()}
    expected = {**dict.fromkeys(KEYS, READ), key.id: (*READ, None)}
    assert take(known=[Entry(key, known)]) == expected


@pytest.mark.parametrize(
    ("city", "groups"), [("Ulm", None), ('"Ulm"', None), ("Ulm", {"News": "yes"})]
)
def test_columns_hold_attributes_flags_groups_objects_or_nothing(
    tmp_path, city, groups
):
    """Whether SQL tells the row, or Python in its quick way or the careful one."""
    path, rules = tmp_path / "e.jsonl", ImportRules(lambda name: Attribute(name, None))
    row = {"identity": "u1", "ts": 5, "City": city, "subscriptionGroups": groups}
    row |= {} if city != "Ulm" else {"MSG-push": True, "profileData": {"Plan": "Gold"}}
    path.write_text(json.dumps(row))
    taken = ProfileImport(BytesIO(), rules)
    wish = ExportWish(ExportFile(path), rules)
    ExportImport(wish, taken, Beside(()), Beside(())).run()
    ((_, edit),) = taken.edits()
    names = {*entry_from_line(edit.over(None).line).attributes}
    more = {"msg-push", "plan"} if city == "Ulm" else set()
    assert names == {"city"} | more | (
        {"subscriptions.email.news"} if groups else set()
    )
