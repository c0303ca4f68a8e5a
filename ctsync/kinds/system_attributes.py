"""Attributes that the platform itself defines: their kinds and their own rules.

The codes CT514 to CT520 are those with which the platform refuses a whole record for
one such value (public docs on API errors, recorded traffic); checks here are as
strict as what is documented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from ctsync.kinds.type_faults import choices
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault

DELETABLE = frozenset({"Name", "Gender"})  # founding document: $delete, these only
SENSITIVE = frozenset({"Name", "Email", "Phone", "DOB"})
CHANNELS = ("MSG-email", "MSG-push", "MSG-sms", "MSG-whatsapp")
BLOCKS = ("MSG-dndEmail", "MSG-dndPhone")  # reach every profile with that address

_ENUMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Gender": ("CT514", ("M", "F")),
    "Employed": ("CT517", ("Y", "N")),
    "Education": ("CT518", ("School", "College", "Graduate")),
    "Married": ("CT519", ("Y", "N")),
}
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("Name", "Email", "Phone", *_ENUMS), "string"),
    **dict.fromkeys(("Customer Type", "Photo", "Tz", "Timezone"), "string"),
    "ct_is_test_user": "string",
    "DOB": "date",
    "Age": "number",
    **dict.fromkeys((*CHANNELS, *BLOCKS), "subscription"),
}
_TEST_USER = ("Yes", "No")  # the dashboard writes Yes (founding document)

SYSTEM: Mapping[str, Attribute] = {
    name: Attribute(
        name,
        kind,
        enum=_ENUMS[name][1] if name in _ENUMS else (),
        sensitive=name in SENSITIVE,
        system=True,
    )
    for name, kind in _KINDS.items()
} | {"ct_is_test_user": Attribute("ct_is_test_user", "string", _TEST_USER, system=True)}

# One @ with something on both sides, no spaces: the server's rule is unpublished.
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
# E.164: + and up to fifteen digits, no leading zero; shorter ones are refused.
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def system_rule(name: str) -> Attribute | None:
    """Return the rule of a system attribute by its exact name."""
    return SYSTEM.get(name)


def enum_fault(text: str, rule: Attribute) -> Fault | None:
    """Return the fault of a value outside the attribute's allowed ones."""
    if not rule.enum or text in rule.enum:
        return None
    code = _ENUMS[rule.attribute][0] if rule.attribute in _ENUMS else "CT205"
    return Fault(
        code,
        f"{rule.attribute} cannot be {{value}}",
        f"write {choices(rule.enum)}",
        text,
    )


def _email(text: str) -> Iterator[Fault]:
    if not _EMAIL.fullmatch(text):
        yield Fault(
            "CT515", "not an e-mail address: {value}", "write name@example.com", text
        )


def _phone(text: str) -> Iterator[Fault]:
    if not _PHONE.fullmatch(text):
        yield Fault(
            "CT516",
            "not a phone number: {value}",
            "write + and country code, then digits only, as in +14155551234",
            text,
        )


SOUND_FORMS: Mapping[str, str] = {
    "Email": r"[!#%-?A-Z\]-~][!#-?A-Z\]-~]*@[!#-?A-Z\]-~]+",
    "Phone": r"\+[1-9][0-9]{6,14}",
}
"""Patterns of the text of an attribute in which nothing is wrong or odd, for RE2.

They are of characters of ASCII; what else there is goes to the checks.
"""
_CHECKS: Mapping[str, Callable[[str], Iterator[Fault]]] = {
    "Email": _email,
    "Phone": _phone,
}


def system_faults(text: str, rule: Attribute) -> tuple[Fault, ...]:
    """Return what the platform refuses in the text of this attribute."""
    fault = enum_fault(text, rule)
    faults = () if fault is None else (fault,)
    check = _CHECKS.get(rule.attribute)
    return faults if check is None else (*faults, *check(text))
