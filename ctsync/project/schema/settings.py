"""The JSON Schema of what the project file alone sets, block by block."""

from __future__ import annotations

from msgspec.structs import asdict

from ctsync.limits import (
    MAX_CONCURRENCY,
    MAX_RECORDS_PER_CALL,
    MAX_TIMEOUT_SECONDS,
    WIDEST,
)
from ctsync.model.policy import JUDGED, LIMITS
from ctsync.model.snapshot import REGIONS
from ctsync.project.schema.parts import Schema, map_of, text_of, whole_of

_VARIABLE = r"\$\{"


def settings() -> Schema:
    """Return the schemas of the keys of the project file that set something."""
    return {
        "version": {
            "const": 1,
            "title": "version",
            "examples": [1],
            "description": "The version of the language: 1.",
        },
        "name": text_of(
            "project name", "Lower-case letters, digits and -.", "^[a-z0-9-]+$"
        ),
        "specs": {
            "type": "array",
            "title": "list of files and folders",
            "description": "Spec files and folders, relative to this file. "
            "Default: this folder.",
            "items": text_of("file or folder", "A spec file, or a folder of them."),
        },
        "timezone": text_of("time zone", "IANA name for plain dates. Default: UTC."),
        "account": {**_account(), "examples": ["{id: ..., region: in1}"]},
        "state": {**_state(), "examples": ["state.jsonl"]},
        "policy": _policy(),
        "upload": _upload(),
        "channels": _channels(),
        "imports": _imports(),
        "platform": _platform(),
        "history": map_of(
            {"runs": whole_of(0, 10_000, "How many are kept. Default: 100.")},
            "history",
            "What is kept of past runs, beside the state.",
        ),
        "notify": text_of("address", "Where counts of each apply are posted."),
        "environments": {
            "type": "object",
            "title": "map of environments",
            "description": "Named overlays.",
            "additionalProperties": {"type": "object", "title": "map"},
        },
    }


def _account() -> Schema:
    region = {
        "title": "region",
        "description": "The data centre, as in the dashboard's address.",
        "examples": ["in1"],
        "anyOf": [{"enum": list(REGIONS)}, {"type": "string", "pattern": _VARIABLE}],
    }
    names = {
        "id": {
            **text_of("account id", "The account's id; may be ${NAME}."),
            "examples": ["WR8-9K6-7Z5Z"],
        },
        "passcode": text_of(
            "passcode",
            "A variable, never the passcode. Default: ${CLEVERTAP_PASSCODE}.",
        ),
        "region": region,
        "endpoint": text_of("endpoint", "Calls go here instead of the region's host."),
    }
    schema = map_of(names, "account", "The account to which calls go.")
    return {**schema, "required": ["id", "region"]}


def _state() -> Schema:
    names = {
        "url": {
            **text_of("address", "A path or an address; may be ${NAME}."),
            "examples": ["${STATE_URL}"],
        },
        "name": text_of("name", "The name of the state in the database."),
    }
    place = map_of(names, "state", "A place that keeps several states.")
    return {
        "title": "state",
        "description": "Where the state is kept: a path or an address.",
        "anyOf": [
            text_of("state", "A path or address."),
            {**place, "required": ["url"]},
        ],
    }


def _policy() -> Schema:
    limit = {
        "title": "whole number or percentage up to 100%",
        "examples": ["30%"],
        "description": "At most so many, or so many of a hundred.",
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": "^([0-9]{1,15}|(100|[0-9]{1,2})%)$"},
        ],
    }
    unknown = {
        "enum": ["allow", "error"],
        "title": "rule for unknown attributes",
        "description": "What an attribute is that nothing declares. Default: allow.",
    }
    undeclared = {
        "enum": ["keep", "remove"],
        "title": "rule for undeclared attributes",
        "description": "What becomes of what left the spec. Default: keep.",
    }
    limits = map_of(dict.fromkeys(LIMITS, limit), "limits", "What blocks a plan.")
    names = {
        "unknown_attributes": unknown,
        "undeclared": undeclared,
        "limits": limits,
        "accept": map_of(
            dict.fromkeys(JUDGED, _exact_count()),
            "exceptions",
            "Reviewed exceptions: each lifts its limit for a plan with this count.",
        ),
    }
    return map_of(names, "policy", "What a plan may do.")


def _exact_count() -> Schema:
    says = "The count of the one plan that may go beyond the limit."
    return whole_of(1, 10**15 - 1, says)


def _upload() -> Schema:
    names = {
        "records_per_call": whole_of(1, MAX_RECORDS_PER_CALL, "Default: 100."),
        "concurrency": whole_of(1, MAX_CONCURRENCY, "Calls in flight. Default: 3."),
        "timeout_seconds": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": MAX_TIMEOUT_SECONDS,
            "title": "number of seconds",
            "description": "How long a call may take. Default: 60.",
        },
    }
    return map_of(names, "upload", "How records travel.")


def _channels() -> Schema:
    bulk = map_of(
        {
            "over": {
                **whole_of(0, 10**12, "Profiles that a plan may send to by the API."),
                "examples": [1_000_000],
            },
            "by": {
                **_door("Where larger plans go."),
                "enum": ["sftp"],
                "examples": ["sftp"],
            },
        },
        "rule for large plans",
        "What is too much for the upload API.",
    )
    names = {
        "removals": {
            **_door("Where goes what the upload API cannot remove. Default: api."),
            "enum": ["api", "sftp"],
        },
        "bulk": {**bulk, "required": ["over", "by"]},
        "sftp": _sftp(),
    }
    return map_of(names, "channels", "Ways to the platform beside the upload API.")


def _imports() -> Schema:
    wait = text_of(
        "duration",
        "How long a report of a file may take: 30m, 4h, 2d. Default: 4h.",
        "^[1-9][0-9]{0,3}[mhd]$",
    )
    says = "What is waited for once files were put."
    return map_of({"wait": {**wait, "examples": ["4h"]}}, "imports", says)


def _sftp() -> Schema:
    names = {
        "email": _email(),
        "host": text_of("host", "The server that takes the files; may be ${NAME}."),
        "port": whole_of(1, 65_535, "Default: 22."),
        "user": text_of("user", "Who logs in. Default: the account id."),
        "fingerprint": text_of("fingerprint", "SHA256 fingerprint of its host key."),
        "key": text_of(
            "path", "A private key outside the project. Default: those of the agent."
        ),
        "folder": text_of("folder", "Where a login lands, if it is left out."),
    }
    return map_of(names, "SFTP import", "Where files are put, and who hears of them.")


def _door(says: str) -> Schema:
    return {"title": "channel", "description": says}


def _email() -> Schema:
    says = "The address that hears from the platform what became of an import."
    return text_of("e-mail address", says, r"^[^@\s]+@[^@\s]+$")


def _platform() -> Schema:
    says = {
        "key_bytes": "Bytes of a name. Default: 120.",
        "value_bytes": "Bytes of a text value. Default: 512.",
        "custom_keys": "Custom attributes. Default: 256.",
        "list_values": "Values of a list. Default: 100.",
    }
    most = asdict(WIDEST)
    names = {name: whole_of(1, most[name], words) for name, words in says.items()}
    return map_of(names, "platform", "What the account may hold.")
