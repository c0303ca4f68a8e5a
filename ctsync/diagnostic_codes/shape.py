"""Codes of a document's shape."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT101": Code(
        "value not allowed",
        "The value is not one of those that the key takes.",
        'unknown type "lst" for attribute "Tags" (did you mean "list"?)',
    ),
    "CT102": Code(
        "unknown key",
        "The language has no such key there. Keys that start with x- are ignored.",
        "Correct the spelling, or write x- before it.",
    ),
    "CT103": Code(
        "wrong shape",
        "A list stands where a map is needed, or the like.",
        "members: [u1, u2]",
    ),
    "CT104": Code(
        "missing key", "A required key is not there.", "account: {id: ..., region: in1}"
    ),
    "CT105": Code(
        "variable",
        "${NAME} names a variable that is not set, or is not written so.",
        "Set the variable, or correct its name.",
    ),
    "CT106": Code(
        "literal secret",
        "A passcode, or the password of the state's database, stands in the spec, "
        "where everyone who reads the repository sees it.",
        "passcode: ${CLEVERTAP_PASSCODE}; then change the passcode.",
    ),
    "CT107": Code(
        "environment",
        "An environment moves the account but keeps the state of another.",
        "prod: {account: {...}, state: state.prod.jsonl}",
    ),
    "CT108": Code(
        "time zone",
        "The time zone is no IANA name.",
        "timezone: Asia/Kolkata",
    ),
    "CT109": Code(
        "endpoint",
        "The passcode travels only over https, or to this machine, and an address "
        "carries no user name.",
        "endpoint: http://127.0.0.1:8765",
    ),
    "CT110": Code(
        "type of a system attribute",
        "The platform fixes the type of its own attributes.",
        "Leave `type` out.",
    ),
    "CT111": Code(
        "declared in two places",
        "An attribute has one catalog entry, a cohort or table one place.",
        "Keep one of them.",
    ),
    "CT112": Code(
        "state location",
        "No store takes the location: the state is a .jsonl file, a folder (ends in "
        "/), the address of a PostgreSQL database or bucket, or what a package adds.",
        "state: state.jsonl",
    ),
    "CT113": Code(
        "variable in the wrong place",
        "The variable of a passcode or of the plan key stands elsewhere, or `notify` "
        "has a variable as a part: what it holds would be sent away or shown.",
        "notify: ${WEBHOOK_URL}",
    ),
}
