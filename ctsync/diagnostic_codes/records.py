"""Codes that mirror those with which the platform refuses a record."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT514": Code(
        "Gender",
        "The platform takes M or F.",
        "Gender: F",
    ),
    "CT515": Code(
        "Email",
        "This is no e-mail address; the platform refuses the whole record.",
        "Email: name@example.com",
    ),
    "CT516": Code(
        "Phone",
        "The platform takes + and country code, then digits only.",
        "Phone: +14155551234",
    ),
    "CT517": Code(
        "Employed",
        "The platform takes Y or N.",
        "Employed: Y",
    ),
    "CT518": Code(
        "Education",
        "The platform takes School, College or Graduate.",
        "Education: Graduate",
    ),
    "CT519": Code(
        "Married",
        "The platform takes Y or N.",
        "Married: N",
    ),
    "CT520": Code(
        "Age",
        "The platform takes a number or digits.",
        "Age: 34",
    ),
    "CT523": Code(
        "no identifier, or several",
        "A profile has exactly one of identity, FBID, GPID and objectId.",
        'identity: "1189549"',
    ),
    "CT526": Code(
        "objectId",
        "The platform does not take this objectId.",
        "Copy it from the profile page; __i marks an error id.",
    ),
}
