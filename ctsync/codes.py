"""Every diagnostic code: what it means, and how what it names is put right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ctsync.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """One sort of finding. `hint` is an example of what to do."""

    title: str
    meaning: str
    hint: str
    severity: Severity = "error"


_FILES: Mapping[str, Code] = {
    "CT001": Code(
        "YAML syntax",
        "The file is not YAML, so nothing in it can be read.",
        "Quote text that holds : or #, and align keys of one map in one column.",
    ),
    "CT002": Code(
        "not UTF-8",
        "Specs are UTF-8, with or without a byte order mark.",
        "Save the file as UTF-8.",
    ),
    "CT003": Code(
        "file cannot be read",
        "A file is missing, is a folder, or may not be read.",
        "Check the name and its permissions.",
    ),
    "CT004": Code(
        "duplicate key",
        "One map holds a key twice; most YAML readers keep the last without a word.",
        "Keep one of them.",
    ),
    "CT005": Code(
        "tag",
        "Tags such as !!str change the type of a value where nobody looks for it.",
        "Leave the tag out; quote what has to be text.",
    ),
    "CT006": Code(
        "alias",
        "An alias has no anchor, stands inside its own, or repeats without bounds.",
        "Define the anchor above its first use.",
    ),
    "CT007": Code(
        "several documents",
        "A spec file is one document.",
        "Put what follows --- in a file of its own.",
    ),
    "CT008": Code(
        "forbidden character",
        "The file holds a control character, NUL or half of a surrogate pair.",
        "Remove it, or write the character itself.",
    ),
    "CT009": Code(
        "tab indentation",
        "YAML indents with spaces only.",
        "Replace the tab with spaces.",
    ),
    "CT010": Code(
        "key is not text",
        "A key is a list, a map, null or nothing.",
        "Write text; quote it where it is one of YAML's words.",
    ),
    "CT011": Code(
        "not a map",
        "A file of a project is a map with keys such as profiles and cohorts.",
        "profiles: [{identity: u1, attributes: {Plan: Gold}}]",
    ),
    "CT012": Code(
        "nested too deep",
        "The file nests deeper than any spec needs.",
        "Flatten it.",
    ),
    "CT013": Code(
        "named spec is missing",
        "`specs:` names a file or folder that does not exist.",
        "Correct the name; it is relative to the project file.",
    ),
    "CT014": Code(
        "merge without a map",
        "<< takes a map or a list of maps.",
        "<<: *defaults",
    ),
}

_SHAPE: Mapping[str, Code] = {
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
        "A passcode stands in the spec, where everyone who reads the repository "
        "sees it.",
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
        "An attribute has one catalog entry, a cohort one place.",
        "Keep one of them.",
    ),
    "CT112": Code(
        "state location",
        "The state is a .jsonl file, a folder (ends in /) or a PostgreSQL address.",
        "state: state.jsonl",
    ),
}

_NAMES: Mapping[str, Code] = {
    "CT301": Code(
        "forbidden character in a name",
        "The platform does not take the character in attribute names.",
        "Loyalty Points instead of Loyalty.Points",
    ),
    "CT302": Code(
        "reserved name",
        "The platform keeps the name, or names that start so, for itself.",
        "Choose another name.",
    ),
    "CT303": Code(
        "near miss of a system attribute",
        "The name differs from a system attribute only in spelling.",
        "Phone instead of phone",
    ),
    "CT304": Code(
        "names differ only in case or spaces",
        "The platform takes such names for one attribute.",
        "Use one spelling in the whole project.",
    ),
    "CT305": Code(
        "name too long",
        "Names are limited in bytes of UTF-8.",
        "Shorten it; platform.key_bytes sets the limit.",
    ),
    "CT306": Code(
        "too many custom attributes",
        "An account holds so many custom attributes and no more.",
        "Use fewer names; platform.custom_keys sets the limit.",
    ),
    "CT307": Code(
        "identity as an attribute",
        "Sent as an attribute, an identity re-attaches the person to another profile.",
        "Write it beside `attributes`, as the key of the profile.",
    ),
    "CT308": Code(
        "Age beside DOB",
        "The platform computes Age from DOB, so the two would fight.",
        "Keep DOB.",
    ),
    "CT312": Code(
        "keys differ only in case or spaces",
        "The platform may take the two keys for one person.",
        "Use one spelling; the two are never in flight together.",
        "warning",
    ),
    "CT313": Code(
        "unknown attribute",
        "The policy allows only attributes of the catalog and system attributes.",
        "Add it to the catalog, or correct its name.",
    ),
    "CT314": Code(
        "identifier",
        "An identifier is empty, too long, or holds what is easily lost on the way.",
        "Write between 1 and 119 characters without outer spaces.",
    ),
    "CT315": Code(
        "member twice", "A cohort lists a member twice.", "Keep one of them."
    ),
    "CT317": Code(
        "name that the platform fills",
        "The platform produces a property of this name itself.",
        "Choose another name if yours means something else.",
        "warning",
    ),
}

_RECORDS: Mapping[str, Code] = {
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

_LATER: Mapping[str, Code] = {
    "CT901": Code(
        "not yet",
        "The language has this, but this version cannot do it yet.",
        "Write the profiles in YAML.",
    ),
}

CODES: Mapping[str, Code] = {**_FILES, **_SHAPE, **_NAMES, **_RECORDS, **_LATER}


def severity_of(code: str) -> Severity:
    """Give how serious a finding of this code is."""
    return CODES[code].severity if code in CODES else "error"
