"""Attributes that the platform defines, and what opts a profile in."""

import pytest

from ctsync.kinds.subscription import is_opt_in
from ctsync.kinds.system_attributes import SYSTEM, system_rule
from ctsync.model.operation import Operation


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Name", "string"),
        ("Email", "string"),
        ("Phone", "string"),
        ("Gender", "string"),
        ("Employed", "string"),
        ("Education", "string"),
        ("Married", "string"),
        ("Customer Type", "string"),
        ("Photo", "string"),
        ("Tz", "string"),
        ("Timezone", "string"),
        ("ct_is_test_user", "string"),
        ("DOB", "date"),
        ("Age", "number"),
        ("MSG-email", "subscription"),
        ("MSG-push", "subscription"),
        ("MSG-sms", "subscription"),
        ("MSG-whatsapp", "subscription"),
        ("MSG-dndEmail", "subscription"),
        ("MSG-dndPhone", "subscription"),
    ],
)
def test_a_system_attribute_has_its_kind(name, kind):
    rule = system_rule(name)
    assert (rule.attribute, rule.kind, rule.system) == (name, kind, True)


def test_name_email_phone_and_dob_are_sensitive_and_no_others():
    sensitive = {name for name, rule in SYSTEM.items() if rule.sensitive}
    assert sensitive == {"Name", "Email", "Phone", "DOB"}


@pytest.mark.parametrize("name", ["name", "phone", "Plan", "identity", "msg-email"])
def test_a_system_attribute_is_found_by_its_exact_name_only(name):
    assert system_rule(name) is None


@pytest.mark.parametrize(
    ("attribute", "value", "opts_in"),
    [
        ("MSG-email", True, True),
        ("MSG-email", False, False),
        ("MSG-sms", True, True),
        ("MSG-push", True, True),
        ("MSG-whatsapp", True, True),
        ("MSG-dndEmail", False, True),
        ("MSG-dndEmail", True, False),
        ("MSG-dndPhone", False, True),
        ("MSG-dndPhone", True, False),
        ("subscriptions.email.Football", True, True),
        ("subscriptions.email.Football", False, False),
    ],
)
def test_an_opt_in_is_told_in_every_form(attribute, value, opts_in):
    operation = Operation(attribute, "subscription", "set", value, "unknown")
    assert is_opt_in(operation) is opts_in


def test_a_plain_boolean_is_no_opt_in():
    assert not is_opt_in(Operation("Vip", "boolean", "set", True, "known"))
