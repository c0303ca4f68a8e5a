"""The JSON Schema of the language, put together from the kinds.

Every `title` is a noun: findings use it (`unknown region "eu9"`). With a project, the
maps of attributes offer the names of its own catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ctsync.kinds import KINDS
from ctsync.kinds.system import SYSTEM
from ctsync.limits import MAX_CONCURRENCY, MAX_RECORDS_PER_CALL
from ctsync.model.key import ID_TYPES
from ctsync.model.policy import LIMITS
from ctsync.model.rule import Rule

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REGIONS = ("eu1", "in1", "sg1", "us1", "aps3", "mec1")  # public docs, API components
REQUIRED = ("version", "account", "state")
SECTIONS = ("profiles", "cohorts", "tables", "catalog")
IGNORED = "^x-"

_VARIABLE = r"\$\{"
_SYSTEM_SAYS = "A system attribute of the platform."


def project_schema(rules: Iterable[Rule] | None = None, *, open: bool = True) -> Schema:  # noqa: A002
    """Give the schema of `ctsync.yaml`.

    `rules` are the attributes of a project's catalog. `open` says that attributes
    outside it are allowed.
    """
    body = _project(attribute_map(rules, open=open))
    names = {k: v for k, v in body["properties"].items() if k != "version"}
    overlay = partial(_map(names, "environment", "Laid over the rest: --env NAME."))
    body["properties"]["environments"] = {
        "type": "object",
        "title": "map of environments",
        "description": "Named overlays; maps merge, lists and scalars replace, null "
        "takes away.",
        "additionalProperties": overlay,
    }
    return {"$schema": DIALECT, **body}


def spec_schema(rules: Iterable[Rule] | None = None, *, open: bool = True) -> Schema:  # noqa: A002
    """Give the schema of a spec file."""
    sections = _sections(attribute_map(rules, open=open))
    body = _map(sections, "spec file", "Profiles, cohorts and what attributes are.")
    return {"$schema": DIALECT, **body}


def partial(schema: Any) -> Any:
    """Give the schema of a part that is laid over a whole.

    Nothing in it is required, and null takes away.
    """
    if not isinstance(schema, dict) or "properties" not in schema:
        return schema
    inner = {name: _or_null(partial(s)) for name, s in schema["properties"].items()}
    kept = {key: value for key, value in schema.items() if key != "required"}
    return {**kept, "properties": inner}


def _or_null(schema: Schema) -> Schema:
    return {"title": schema.get("title", "value"), "anyOf": [schema, {"type": "null"}]}


def attribute_map(rules: Iterable[Rule] | None, *, open: bool = True) -> Schema:  # noqa: A002
    """Give the schema of a map of attributes."""
    known = {**SYSTEM, **{rule.attribute: rule for rule in rules or ()}}
    return {
        "type": "object",
        "title": "map of attributes",
        "description": "What the attributes should become; null removes.",
        "properties": {name: _attribute(rule) for name, rule in sorted(known.items())},
        "additionalProperties": open,
    }


def _attribute(rule: Rule) -> Schema:
    says = _SYSTEM_SAYS if rule.system else f"A {rule.kind or 'custom'} attribute."
    schema = {} if rule.kind is None else dict(KINDS[rule.kind].schema(rule))
    return {**schema, "description": says}


ANY_ATTRIBUTES: Schema = {
    "type": "object",
    "title": "map of attributes",
    "description": "What the attributes should become.",
}


def bare_project_schema() -> Schema:
    """Give the schema by which `ctsync.yaml` is judged, attribute values apart."""
    return _project(ANY_ATTRIBUTES)


def bare_spec_schema() -> Schema:
    """Give the schema by which a spec file is judged, attribute values apart."""
    return _map(_sections(ANY_ATTRIBUTES), "spec file", "")


def _project(attributes: Schema) -> Schema:
    own = {
        "version": {
            "const": 1,
            "title": "version",
            "examples": [1],
            "description": "The version of the language: 1.",
        },
        "name": _text(
            "project name", "Lower-case letters, digits and -.", "^[a-z0-9-]+$"
        ),
        "specs": {
            "type": "array",
            "title": "list of files and folders",
            "description": "Spec files and folders, relative to this file. "
            "Default: this folder.",
            "items": _text("file or folder", "A spec file, or a folder of them."),
        },
        "timezone": _text("time zone", "IANA name for plain dates. Default: UTC."),
        "account": {**_account(), "examples": ["{id: ..., region: in1}"]},
        "state": {**_state(), "examples": ["state.jsonl"]},
        "policy": _policy(),
        "upload": _upload(),
        "platform": _platform(),
        "notify": _text("address", "Where counts of each apply are posted."),
        "environments": {
            "type": "object",
            "title": "map of environments",
            "description": "Named overlays.",
            "additionalProperties": {"type": "object", "title": "map"},
        },
    }
    says = "A ctsync project: where it goes, what attributes are, what is allowed."
    body = _map({**own, **_sections(attributes)}, "project file", says)
    return {**body, "required": list(REQUIRED)}


def _map(properties: Mapping[str, Any], title: str, says: str) -> Schema:
    return {
        "type": "object",
        "title": title,
        "description": says,
        "properties": dict(properties),
        "patternProperties": {IGNORED: True},
        "additionalProperties": False,
    }


def _text(title: str, says: str, pattern: str | None = None) -> Schema:
    schema = {"type": "string", "minLength": 1, "title": title, "description": says}
    return schema if pattern is None else {**schema, "pattern": pattern}


def _account() -> Schema:
    region = {
        "title": "region",
        "description": "The data centre, as in the dashboard's address.",
        "examples": ["in1"],
        "anyOf": [{"enum": list(REGIONS)}, {"type": "string", "pattern": _VARIABLE}],
    }
    names = {
        "id": {
            **_text("account id", "The account's id; may be ${NAME}."),
            "examples": ["WR8-9K6-7Z5Z"],
        },
        "passcode": _text(
            "passcode",
            "A variable, never the passcode. Default: ${CLEVERTAP_PASSCODE}.",
        ),
        "region": region,
        "endpoint": _text("endpoint", "Calls go here instead of the region's host."),
    }
    schema = _map(names, "account", "The account to which calls go.")
    return {**schema, "required": ["id", "region"]}


def _state() -> Schema:
    names = {
        "url": {
            **_text("address", "A PostgreSQL address; may be ${NAME}."),
            "examples": ["${STATE_URL}"],
        },
        "name": _text("name", "The name of the state in the database."),
    }
    place = _map(names, "state", "A database.")
    return {
        "title": "state",
        "description": "A .jsonl file, a folder (ends in /), or a PostgreSQL address.",
        "anyOf": [_text("state", "A path or address."), {**place, "required": ["url"]}],
    }


def _policy() -> Schema:
    limit = {
        "title": "whole number or percentage",
        "description": "At most so many, or so many of a hundred.",
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": "^[0-9]{1,15}%?$"},
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
    limits = _map(dict.fromkeys(LIMITS, limit), "limits", "What blocks a plan.")
    names = {
        "unknown_attributes": unknown,
        "undeclared": undeclared,
        "limits": limits,
    }
    return _map(names, "policy", "What a plan may do.")


def _upload() -> Schema:
    names = {
        "records_per_call": _whole(1, MAX_RECORDS_PER_CALL, "Default: 100."),
        "concurrency": _whole(1, MAX_CONCURRENCY, "Calls in flight. Default: 3."),
        "timeout_seconds": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 3600,
            "title": "number of seconds",
            "description": "How long a call may take. Default: 60.",
        },
    }
    return _map(names, "upload", "How records travel.")


def _platform() -> Schema:
    names = {
        "key_bytes": _whole(1, 1024, "Bytes of a name. Default: 120."),
        "value_bytes": _whole(1, 65_536, "Bytes of a text value. Default: 512."),
        "custom_keys": _whole(1, 10_000, "Custom attributes. Default: 256."),
        "list_values": _whole(1, 10_000, "Values of a list. Default: 100."),
    }
    return _map(names, "platform", "What the account may hold.")


def _whole(least: int, most: int, says: str) -> Schema:
    return {
        "type": "integer",
        "minimum": least,
        "maximum": most,
        "title": "whole number",
        "description": says,
    }


def _sections(attributes: Schema) -> Schema:
    return {
        "profiles": {
            "type": "array",
            "title": "list of profiles",
            "description": "What single profiles should be.",
            "items": profile_schema(attributes),
        },
        "cohorts": {
            "type": "object",
            "title": "map of cohorts",
            "description": "Attributes that many profiles share.",
            "patternProperties": {IGNORED: True},
            "additionalProperties": _cohort(attributes),
        },
        "tables": {
            "type": "object",
            "title": "map of tables",
            "description": "Profiles from files.",
        },
        "catalog": _catalog(),
    }


def _catalog() -> Schema:
    identity = _map(
        {"sensitive": _flag("Show no identity in any output.")}, "identity", "The key."
    )
    return {
        "type": "object",
        "title": "catalog",
        "description": "What attributes are.",
        "properties": {"identity": identity},
        "patternProperties": {IGNORED: True},
        "additionalProperties": _entry(),
    }


def _entry() -> Schema:
    kinds = [name for name, kind in KINDS.items() if kind.is_declarable]
    names = {
        "type": {
            "enum": sorted(kinds),
            "title": "type",
            "description": "What the attribute is.",
        },
        "enum": {
            "type": "array",
            "title": "list of values",
            "description": "The values allowed.",
            "minItems": 1,
            "uniqueItems": True,
            "items": _text("value", "A value allowed."),
        },
        "write": {
            "enum": ["free", "once", "locked"],
            "title": "write rule",
            "description": "free; once: later values are not sent; locked: a change "
            "blocks the plan.",
        },
        "sensitive": _flag("Mask its values in every output."),
    }
    return _map(names, "map such as {type: string}", "What one attribute is.")


def _flag(says: str) -> Schema:
    return {"type": "boolean", "title": "true or false", "description": says}


def profile_schema(attributes: Schema) -> Schema:
    """Give the schema of one entry of `profiles:`."""
    names = {
        **identifiers(),
        "attributes": attributes,
        "subscriptions": _subscriptions(),
    }
    body = _map(names, "map with an id", "One profile, by exactly one id.")
    return {**body, "oneOf": [{"required": [name]} for name in ID_TYPES]}


def identifiers() -> Schema:
    """Give the schema of the four ids."""
    says = "The profile's id, taken as written."
    return {
        name: {
            "type": ["string", "number", "boolean"],
            "minLength": 1,
            "title": "id",
            "description": says,
        }
        for name in ID_TYPES
    }


def _subscriptions() -> Schema:
    groups = {
        "type": "object",
        "title": "map of groups",
        "description": "Subscription groups: true subscribes, false unsubscribes.",
    }
    return _map({"email": groups}, "map of channels", "Subscription groups by channel.")


def member_schema() -> Schema:
    """Give the schema of one member: an identity, or a map of one id."""
    one = _map(identifiers(), "id", "A profile by one of its ids.")
    single = {**one, "oneOf": [{"required": [name]} for name in ID_TYPES]}
    plain = {"type": ["string", "number", "boolean"], "minLength": 1}
    return {"title": "id, or a map of one", "anyOf": [plain, single]}


def _cohort(attributes: Schema) -> Schema:
    file = _map(
        {
            "file": {
                **_text("file", "A file of members; may hold ${NAME}."),
                "examples": ["vip.csv"],
            },
            "key": {
                "examples": ["{identity: customer_id}"],
                "type": "object",
                "title": "id type and its column",
                "description": "As in {identity: customer_id}.",
                "properties": {name: _text("column", "") for name in ID_TYPES},
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
        },
        "file of members",
        "Members from a file.",
    )
    members = {
        "examples": ["[u1, u2]"],
        "title": "list of members",
        "description": "Identities, or maps such as {objectId: ...}.",
        "anyOf": [
            {"type": "array", "items": member_schema()},
            {**file, "required": ["file", "key"]},
        ],
    }
    names = {
        "members": members,
        "attributes": attributes,
        "leave": {**attributes, "description": "What a profile that leaves gets."},
    }
    body = _map(names, "map with members", "Attributes that many profiles share.")
    return {**body, "required": ["members"]}
