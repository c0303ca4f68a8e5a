import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.discovery import discover
from ctsync.model.change import Origin
from ctsync.model.profile_key import NOBODY, ProfileKey
from ctsync.model.scalar_value import Literal
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources
from ctsync.yaml.profile_entry import words_of
from ctsync.yaml.scalars import raw_of

BASE = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"


@pytest.fixture
def load(tmp_path):
    def load_text(text, name="a.yaml"):
        (tmp_path / "ctsync.yaml").write_text(BASE)
        (tmp_path / name).write_text(text)
        return list(ProjectSources(load_project(tmp_path)).contributions())

    return load_text


def test_the_built_in_sources_are_these():
    found = sorted(discover("ctsync.sources", "SOURCE"))
    assert [source.contributions.__name__ for source in found] == [
        "inline_contributions",
        "cohort_contributions",
        "table_contributions",
    ]


def test_an_entry_is_one_contribution(load):
    (found,) = load(
        "profiles:\n\n  - identity: 0123\n    attributes: {A: 1, B: null}\n"
        "    subscriptions: {email: {News: false, A.b: true}}\n"
    )
    assert found.key == ProfileKey("identity", "0123")
    assert found.origin == Origin("a.yaml", 3)
    assert found.path == ("profiles", 0, "attributes")
    assert len(found.digest) == 16
    assert found.read() == {
        "A": Literal("1", "number", 1),
        "B": Literal("null", "null"),
        "subscriptions.email.News": Literal("false", "boolean", value=False),
        "subscriptions.email.A.b": Literal("true", "boolean", value=True),
    }


def test_an_entry_without_words_declares_nothing(load):
    (found,) = load("profiles: [{objectId: abc}]\n")
    assert (found.key, dict(found.read())) == (ProfileKey("objectId", "abc"), {})


def test_members_of_a_cohort_are_contributions_with_its_words(load):
    one, other = load(
        "cohorts:\n  vip:\n    members:\n    - u1\n    - {objectId: abc}\n"
        "    attributes: {Tier: VIP}\n    leave: {Tier: Standard}\n"
    )
    assert [one.key, other.key] == [
        ProfileKey("identity", "u1"),
        ProfileKey("objectId", "abc"),
    ]
    assert one.origin == Origin("a.yaml", 4, cohort="vip")
    assert other.origin == Origin("a.yaml", 5, cohort="vip")
    assert one.digest == other.digest
    assert one.read() == {"Tier": Literal("VIP", "text", "VIP")}
    assert one.path == ("cohorts", "vip", "attributes")


def test_a_cohort_gives_leavers_its_leave(tmp_path):
    (tmp_path / "ctsync.yaml").write_text(
        f"{BASE}cohorts:\n  vip: {{members: [], leave: {{Tier: Standard}}}}\n"
    )
    cohort = load_project(tmp_path).cohorts["vip"]
    assert cohort.leave() == {"Tier": Literal("Standard", "text", "Standard")}
    assert cohort.leave_path == ("cohorts", "vip", "leave")
    assert cohort.origin == Origin("ctsync.yaml", 5, cohort="vip")


COHORT = "cohorts: {{{}: {{members: [{}], attributes: {}, leave: {}}}}}\n"


def test_a_cohort_digest_covers_all_but_its_members(load):
    def digest(*words):
        return load(COHORT.format(*words))[0].digest

    base = digest("v", "a", "{A: b}", "{A: c}")
    assert digest("v", "a, b", "{A: b}", "{A: c}") == base
    assert digest("w", "a", "{A: b}", "{A: c}") != base
    assert digest("v", "a", "{A: x}", "{A: c}") != base
    assert digest("v", "a", "{A: b}", "{A: x}") != base


def test_entries_that_name_no_one_come_without_a_key(load):
    found = load(
        "profiles: [{identity: ''}, x, {identity: a}, {identity: b, odd: 1}]\n"
        "cohorts: {v: {members: [~, c, c, [d]]}}\n"
    )
    assert [contribution.key.id for contribution in found] == ["", "a", "b", "c"]


def test_equal_words_have_equal_digests_wherever_they_stand(load):
    one, other = load(
        "x-a: &a {A: 1, B: [x, y]}\n"
        "profiles:\n- {identity: a, attributes: *a, x-note: {}}\n"
        "- attributes: {<<: *a, B: [x, y]}\n  identity: b\n"
    )
    assert one.digest == other.digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{A: 1}", "{A: '1'}"),
        ("{A: 1}", "{A: 2}"),
        ("{A: 1}", "{B: 1}"),
        ("{A: [x, y]}", "{A: [y, x]}"),
        ("{A: }", "{A: ''}"),
    ],
)
def test_other_words_have_other_digests(load, one, other):
    text = "profiles: [{{identity: a, attributes: {}}}]\n"
    (first,), (second,) = load(text.format(one)), load(text.format(other))
    assert first.digest != second.digest


def test_groups_are_part_of_the_words(load):
    text = "profiles: [{{identity: a, subscriptions: {{email: {{N: {}}}}}}}]\n"
    (first,), (second,) = load(text.format("true")), load(text.format("false"))
    assert first.digest != second.digest


TREES = st.dictionaries(
    st.sampled_from("abcd"),
    st.recursive(
        st.sampled_from([":1", '"1', ":x"]),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
        ),
    ),
)


@given(TREES, st.randoms())
def test_words_do_not_depend_on_the_order_of_keys(tree, random):
    names = list(tree)
    random.shuffle(names)
    shuffled = {name: tree[name] for name in names}
    one, other = {"attributes": tree}, {"attributes": shuffled}
    assert words_of(one) == words_of(other)
    assert raw_of(tree) == raw_of(shuffled)


def test_an_entry_that_names_no_one_is_judged_and_goes_nowhere(load):
    found = load("profiles: [{attributes: {Phone: 1}}]\n")
    assert [contribution.key for contribution in found] == [NOBODY]
