"""The JSON Schema of the language, put together from the kinds.

Every `title` is a noun: findings use it (`unknown region "eu9"`). With a project, the
maps of attributes offer the names of its own catalog.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ctsync.kinds import KINDS
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.model.attribute import Attribute
from ctsync.model.operation import API, ChannelName
from ctsync.project.schema.parts import Schema, map_of
from ctsync.project.schema.sections import sections
from ctsync.project.schema.settings import settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REQUIRED = ("version", "account", "state")
SECTIONS = ("profiles", "cohorts", "tables", "catalog")

_SYSTEM_SAYS = "A system attribute of the platform."


def project_schema(
    rules: Iterable[Attribute] | None = None,
    *,
    open: bool = True,  # noqa: A002
    removals: ChannelName = API,
) -> Schema:
    """Return the schema of `ctsync.yaml`.

    `rules` are the attributes of a project's catalog. `open` says that attributes
    outside it are allowed, `removals` where goes what the upload API cannot remove.
    """
    body = _project(attribute_map(rules, open=open, removals=removals))
    names = {k: v for k, v in body["properties"].items() if k != "version"}
    overlay = partial(map_of(names, "environment", "Laid over the rest: --env NAME."))
    body["properties"]["environments"] = {
        "type": "object",
        "title": "map of environments",
        "description": "Named overlays; maps merge, lists and scalars replace, null "
        "takes away.",
        "additionalProperties": overlay,
    }
    return {"$schema": DIALECT, **body}


def spec_schema(
    rules: Iterable[Attribute] | None = None,
    *,
    open: bool = True,  # noqa: A002
    removals: ChannelName = API,
) -> Schema:
    """Return the schema of a spec file."""
    parts = sections(attribute_map(rules, open=open, removals=removals))
    body = map_of(parts, "spec file", "Profiles, cohorts and what attributes are.")
    return {"$schema": DIALECT, **body}


def partial(schema: Any) -> Any:
    """Return the schema of a part that is laid over a whole.

    Nothing in it is required, and null takes away.
    """
    if not isinstance(schema, dict):
        return schema
    laid = {key: value for key, value in schema.items() if key != "required"}
    if "properties" in laid:
        names = laid["properties"].items()
        laid["properties"] = {name: _or_null(partial(s)) for name, s in names}
    if isinstance(laid.get("additionalProperties"), dict):
        laid["additionalProperties"] = _or_null(partial(laid["additionalProperties"]))
    if "anyOf" in laid:
        laid["anyOf"] = [partial(branch) for branch in laid["anyOf"]]
    return laid


def _or_null(schema: Schema) -> Schema:
    return {"title": schema.get("title", "value"), "anyOf": [schema, {"type": "null"}]}


def attribute_map(
    rules: Iterable[Attribute] | None,
    *,
    open: bool = True,  # noqa: A002
    removals: ChannelName = API,
) -> Schema:
    """Return the schema of a map of attributes."""
    known = {**SYSTEM, **{rule.attribute: rule for rule in rules or ()}}
    return {
        "type": "object",
        "title": "map of attributes",
        "description": "What the attributes should become; null removes.",
        "properties": {
            name: _attribute(rule, removals) for name, rule in sorted(known.items())
        },
        "additionalProperties": open,
    }


def _attribute(rule: Attribute, removals: ChannelName) -> Schema:
    says = _SYSTEM_SAYS if rule.system else f"A {rule.kind or 'custom'} attribute."
    if rule.kind is None:
        return {"description": says}
    kind = KINDS[rule.kind]
    schema = dict(kind.schema(rule))
    if removals != API and kind.removal_channel(rule.attribute) == removals:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "description": says}


ANY_ATTRIBUTES: Schema = {
    "type": "object",
    "title": "map of attributes",
    "examples": ["{Plan: Gold}"],
    "description": "What the attributes should become.",
}


def bare_project_schema() -> Schema:
    """Return the schema by which `ctsync.yaml` is judged, attribute values apart."""
    return _project(ANY_ATTRIBUTES)


def bare_spec_schema() -> Schema:
    """Return the schema by which a spec file is judged, attribute values apart."""
    return map_of(sections(ANY_ATTRIBUTES), "spec file", "")


def _project(attributes: Schema) -> Schema:
    says = "A ctsync project: where it goes, what attributes are, what is allowed."
    body = map_of({**settings(), **sections(attributes)}, "project file", says)
    return {**body, "required": list(REQUIRED)}
