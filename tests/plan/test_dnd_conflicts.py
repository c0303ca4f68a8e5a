"""`MSG-dnd*` reaches every profile with the address, so all must say the same."""

import pytest

MAIL = "family@example.com"


def test_both_directions_on_one_address_are_an_error(project_view, faults):
    project = project_view()
    project.says("u1", {"Email": MAIL, "MSG-dndEmail": True}, file="a.yaml", line=1)
    project.says("u2", {"Email": MAIL, "MSG-dndEmail": False}, file="b.yaml", line=2)
    ((code, message),) = faults(project)
    assert code == "CT316"
    assert "a.yaml:1" in message
    assert MAIL not in message


def test_one_direction_is_no_contradiction(project_view, plan):
    project = project_view()
    for key in ("u1", "u2"):
        project.says(key, {"Email": MAIL, "MSG-dndEmail": True})
    assert plan(project).profiles["create"] == 2


def test_other_addresses_do_not_meet(project_view, plan):
    project = project_view(limits={"opt_in": "9"})
    project.says("u1", {"Email": "a@b", "MSG-dndEmail": True})
    project.says("u2", {"Email": "c@d", "MSG-dndEmail": False})
    project.says("u3", {"Phone": "+14155551234", "MSG-dndEmail": False})
    assert plan(project).profiles["create"] == 3


def test_addresses_meet_whatever_their_case(project_view, faults):
    project = project_view()
    project.says("u1", {"Email": MAIL, "MSG-dndEmail": True})
    project.says("u2", {"Email": MAIL.upper(), "MSG-dndEmail": False})
    assert [code for code, _ in faults(project)] == ["CT316"]


def test_phones_are_watched_too(project_view, faults):
    project = project_view()
    for key, value in (("u1", True), ("u2", False)):
        project.says(key, {"Phone": "+14155551234", "MSG-dndPhone": value})
    assert [code for code, _ in faults(project)] == ["CT316"]


def test_an_address_may_be_known_from_the_snapshot(project_view, entry, faults):
    project = project_view().says("u1", {"MSG-dndEmail": True})
    project.says("u2", {"Email": MAIL, "MSG-dndEmail": False})
    known = entry("u1", attributes={"Email": MAIL})
    assert [code for code, _ in faults(project, known)] == ["CT316"]


@pytest.mark.parametrize(("settled", "changed"), [("u1", "u2"), ("u2", "u1")])
def test_a_profile_that_is_as_it_was_contradicts_in_any_order_of_keys(
    project_view, plan, fold, faults, settled, changed
):
    words = {"Email": MAIL, "MSG-dndEmail": True}
    before = fold(plan(project_view().says(settled, words)))
    project = project_view().says(settled, words)
    project.says(changed, {"Email": MAIL, "MSG-dndEmail": False})
    assert [code for code, _ in faults(project, *before)] == ["CT316"]
