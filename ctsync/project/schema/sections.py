"""The JSON Schema of profiles, cohorts and catalog: what may stand in any file."""

from __future__ import annotations

from ctsync.kinds import KINDS
from ctsync.model.profile_key import ID_TYPES
from ctsync.project.schema.parts import IGNORED, Schema, flag, map_of, text_of
from ctsync.project.schema.tables import file_schema, key_schema, tables_schema


def sections(attributes: Schema) -> Schema:
    """Return the schemas of what may stand in any file, by key."""
    return {
        "profiles": {
            "type": "array",
            "title": "list of profiles",
            "examples": ["[{identity: u1, attributes: {Plan: Gold}}]"],
            "description": "What single profiles should be.",
            "items": profile_schema(attributes),
        },
        "cohorts": {
            "type": "object",
            "title": "map of cohorts",
            "examples": ["{vip: {members: [u1], attributes: {Tier: VIP}}}"],
            "description": "Attributes that many profiles share.",
            "patternProperties": {IGNORED: True},
            "additionalProperties": _cohort(attributes),
        },
        "tables": tables_schema(),
        "catalog": _catalog(),
    }


def _catalog() -> Schema:
    identity = map_of(
        {"sensitive": flag("Show no identity in any output.")}, "identity", "The key."
    )
    return {
        "type": "object",
        "title": "catalog",
        "examples": ["{Interests: {type: list}}"],
        "description": "What attributes are.",
        "properties": {"identity": identity},
        "patternProperties": {IGNORED: True},
        "additionalProperties": _entry(),
    }


def _entry() -> Schema:
    kinds = {name: kind for name, kind in KINDS.items() if kind.is_declarable}
    nouns = ", ".join(f"{name} is {kinds[name].describe()}" for name in sorted(kinds))
    names = {
        "type": {
            "enum": sorted(kinds),
            "title": "type",
            "description": f"What the attribute is: {nouns}.",
        },
        "enum": {
            "type": "array",
            "title": "list of values",
            "description": "The values allowed.",
            "minItems": 1,
            "uniqueItems": True,
            "items": text_of("value", "A value allowed."),
        },
        "write": {
            "enum": ["free", "once", "locked"],
            "title": "write rule",
            "description": "free; once: later values are not sent; locked: a change "
            "blocks the plan.",
        },
        "sensitive": flag("Mask its values in every output."),
    }
    return map_of(names, "map such as {type: string}", "What one attribute is.")


def profile_schema(attributes: Schema) -> Schema:
    """Return the schema of one entry of `profiles:`."""
    names = {
        **identifiers(),
        "attributes": attributes,
        "subscriptions": _subscriptions(),
    }
    body = map_of(names, "map with an id", "One profile, by exactly one id.")
    return {**body, "oneOf": [{"required": [name]} for name in ID_TYPES]}


def identifiers() -> Schema:
    """Return the schema of the four ids."""
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
        "examples": ["{Newsletters: true}"],
        "description": "Subscription groups: true subscribes, false unsubscribes.",
    }
    says = "Subscription groups by channel."
    channels = map_of({"email": groups}, "map of channels", says)
    return {**channels, "examples": ["{email: {Newsletters: true}}"]}


def member_schema() -> Schema:
    """Return the schema of one member: an identity, or a map of one id."""
    one = map_of(identifiers(), "id", "A profile by one of its ids.")
    single = {**one, "oneOf": [{"required": [name]} for name in ID_TYPES]}
    plain = {"type": ["string", "number", "boolean"], "minLength": 1}
    return {"title": "id, or a map of one", "anyOf": [plain, single]}


def _cohort(attributes: Schema) -> Schema:
    file = map_of(
        {
            "file": file_schema("Files of members; may hold ${NAME}.", "vip.csv"),
            "key": key_schema(),
            "allow_empty": flag("Whether no member at all is fine. Default: false."),
        },
        "file of members",
        "Members from files.",
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
    body = map_of(names, "map with members", "Attributes that many profiles share.")
    return {**body, "required": ["members"]}
