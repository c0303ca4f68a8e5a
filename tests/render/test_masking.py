"""Nothing personal appears in any rendering unless it is asked for."""

import json

import pytest

from ctsync.diagnostics import Findings
from ctsync.model.change import Change, Origin
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.explanation import (
    Declaration,
    Explanation,
    Past,
    PastChange,
    Wanted,
)
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, Record
from ctsync.model.run import Author, Run, RunChange, RunOperation
from ctsync.render.explain_json import explained_json
from ctsync.render.explain_text import explained_text
from ctsync.render.plan_view import Style
from ctsync.render.record_json import record_json
from ctsync.render.renderers import renderer_names
from ctsync.render.state_entries import (
    entries_json,
    entries_text,
    entry_json,
    entry_text,
)

NAME, EMAIL, PHONE = "Canary Montana", "canary@example.com", "+14155551234"
SECRETS = (NAME, EMAIL, PHONE, "canary", "4155551234", "4242")


@pytest.fixture
def personal(a):
    """Changes that hold a canary wherever a value or a key can stand."""

    def one(attribute, operator="set", operand=NAME, **rest):
        return a.operation(attribute, operator, operand, sensitive=True, **rest)

    operations = (
        one("Email", operand=EMAIL, before=f"x{EMAIL}"),
        one("Name", "$delete", 1, before=NAME, after=None),
        one("Nicknames", "$remove", (NAME,), kind="list", before=(NAME,), after=()),
        one("Phone", operand=PHONE, prior="uncertain", before=PHONE, since="r1"),
        one("Rank", "$incr", 4242, kind="counter", before=0, after=4242),
    )
    origin = (Origin("people/jack.yaml", 3),)
    return (
        Change(ProfileKey("identity", EMAIL), "update", operations, origin),
        Change(ProfileKey("identity", PHONE), "release", released=("Old",)),
        Change(ProfileKey("identity", "14155551234"), "create", operations[3:]),
    )


@pytest.mark.parametrize("name", sorted(renderer_names()))
@pytest.mark.parametrize("style", [{}, {"everything": True}, {"verbose": True}])
def test_no_rendering_shows_a_canary(a, whole, personal, name, style):
    selectors = (f"identity={EMAIL}", f"identity={PHONE}")
    view = a.view(*personal, targets=selectors, excludes=selectors, left_out=1)
    shown = whole(name, view, **style)
    assert not [secret for secret in SECRETS if secret in shown]


def test_reveal_shows_all(a, whole, personal):
    shown = whole("text", a.view(*personal, mask=Mask("lineage-1", reveal=True)))
    assert all(secret in shown for secret in SECRETS)


def test_a_hidden_key_shows_as_its_first_origin(a, text, personal):
    lines = text(a.view(personal[0])).splitlines()
    assert "  ~ identity people/jack.yaml:3" in lines


def test_a_hidden_key_without_origin_shows_as_a_pseudonym(a, whole, personal):
    (change,) = json.loads(whole("json", a.view(personal[1])))["changes"]
    pseudonym = Mask("lineage-1").key_text(personal[1].key)
    assert change["key"] == {"identity": pseudonym, "masked": True}
    assert pseudonym.startswith("~")


def test_all_identities_are_hidden_where_the_catalog_says_so(a, whole):
    view = a.view(
        a.change("customer-77", a.operation()),
        mask=Mask("lineage-1", all_identities=True),
        targets=("identity=customer-77",),
    )
    assert not any("customer-77" in whole(name, view) for name in renderer_names())


def test_a_selector_of_every_identity_is_shown_as_written(a, text):
    view = a.view(targets=("identity=*",), mask=Mask("l", all_identities=True))
    assert "--target identity=*" in text(view)


def test_lineage_stays_out_of_what_people_read(a, whole, personal):
    view = a.view(*personal)
    assert "lineage-1" not in whole("text", view) + whole("github", view)


@pytest.fixture
def entry():
    return Entry(
        ProfileKey("identity", EMAIL),
        {
            "email": KnownValue("Email", "string", EMAIL),
            "name": KnownValue(
                "Name", "string", NAME, certain=False, maybe=(NAME, "x")
            ),
            "nicknames": KnownValue(
                "Nicknames", "list", present=(NAME,), maybe=(NAME,), absent=(NAME,),
                ours=(NAME,),
            ),
            "plan": KnownValue("Plan", "string", "Gold"),
        },
        fingerprint="f" * 32,
    )  # fmt: skip


@pytest.mark.parametrize("show", [entry_text, entry_json])
def test_what_the_state_knows_is_masked(entry, show):
    shown = "".join(show(entry, Mask("l"), lambda name: name != "Plan"))
    assert not [secret for secret in SECRETS if secret in shown]
    assert '"Gold"' in shown
    assert "f" * 32 not in shown


@pytest.mark.parametrize("show", [entries_text, entries_json])
def test_a_list_of_profiles_is_masked(entry, show):
    shown = "".join(show(None, [entry], Mask("l")))
    assert not [secret for secret in SECRETS if secret in shown]


def test_records_are_shown_without_sensitive_values(a, personal):
    change = personal[0]
    record = Record(change.key, change.operations)
    shown = record_json(record, Mask("l"), change.origins)
    assert shown == {
        "identity": "people/jack.yaml:3",
        "masked": True,
        "type": "profile",
        "profileData": {
            "Email": {"masked": True},
            "Name": {"$delete": 1},
            "Nicknames": {"$remove": {"masked": True}},
            "Phone": {"masked": True},
            "Rank": {"$incr": {"masked": True}},
        },
    }


def test_revealed_records_are_what_is_sent(personal):
    change = personal[0]
    record = Record(change.key, change.operations)
    assert record_json(record, Mask("l", reveal=True)) == record.as_wire()


@pytest.fixture
def told(personal, entry):
    change = personal[0]
    lists = {"exact": (NAME,), "include": (NAME,), "exclude": (NAME,)}
    wanted = (
        Wanted(
            DesiredValue("Email", "string", EMAIL, sensitive=True), change.origins[0]
        ),
        Wanted(
            DesiredValue("Nicknames", "list", sensitive=True, **lists),
            change.origins[0],
        ),
    )
    who = Author("ann", "laptop")
    run = Run("r" * 32, 0.0, 1.0, who, None, "l", 1, "", "", {}, 1, None, "")
    done = tuple(RunOperation(each, Outcome.ACKNOWLEDGED) for each in change.operations)
    past = PastChange(run, RunChange(change.key, change.action, done))
    return Explanation(
        key=change.key,
        declarations=(Declaration(change.origins[0], wanted),),
        wanted=wanted,
        entry=entry,
        change=change,
        records=((1, Record(change.key, change.operations)),),
        held=(),
        past=Past((past,)),
    )


def test_an_explanation_is_masked(told):
    seen = (told, Mask("l"), Findings(), lambda _: True)
    shown = explained_json(*seen) + "".join(explained_text(*seen, Style(verbose=True)))
    assert not [secret for secret in SECRETS if secret in shown]


def test_an_explanation_can_be_revealed(told):
    seen = (told, Mask("l", reveal=True), Findings(), lambda _: True)
    assert all(secret in explained_json(*seen) for secret in (NAME, EMAIL))
