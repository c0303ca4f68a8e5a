"""The catalog: what the project says its attributes are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.kinds.system_attributes import SYSTEM, system_rule
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault
from ctsync.model.record import GROUP_PREFIX

IDENTITY = "identity"  # stands in the catalog beside attributes, and is none


def rule_of(name: str, entry: Mapping[str, Any]) -> Attribute:
    """Return the rule of a catalog entry; a system attribute keeps what is its own."""
    system = system_rule(name)
    enum = tuple(entry.get("enum", ()))
    said = Attribute(
        name,
        kind=entry.get("type") or ("string" if enum else None),
        enum=enum,
        write=entry.get("write", "free"),
        sensitive=entry.get("sensitive", False),
    )
    if system is None:
        return said
    return replace(
        system,
        enum=enum or system.enum,
        write=said.write,
        sensitive=system.sensitive or said.sensitive,
    )


def undeclared_rule(name: str) -> Attribute:
    """Return the rule of an attribute that the catalog does not know."""
    if name.startswith(GROUP_PREFIX):
        return Attribute(name, "subscription", system=True)
    return system_rule(name) or Attribute(name)


def entry_faults(name: str, entry: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with a catalog entry beyond its shape."""
    system = SYSTEM.get(name)
    declared = entry.get("type")
    if system is not None and declared not in {None, system.kind}:
        message = f"{name} is a system attribute, a {system.kind}, and keeps its type"
        yield Fault("CT110", message, "leave type out")
    elif declared is not None and "enum" in entry and not KINDS[declared].takes_enum:
        message = f'attribute "{name}" is a {declared}, which takes no enum'
        yield Fault("CT103", message, "an enum is for string and list")
    yield from _foreign_values(name, system, entry.get("enum", ()))


def _foreign_values(
    name: str, system: Attribute | None, values: list[str]
) -> Iterator[Fault]:
    allowed = system.enum if system is not None else ()
    foreign = [value for value in values if allowed and value not in allowed]
    if foreign:
        message = f'the platform does not take "{foreign[0]}" for {name}'
        yield Fault("CT101", message, f"it takes {', '.join(allowed)}")


def folded_catalog(rules: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Return the rules by folded name."""
    return {fold_name(name): rule for name, rule in rules.items()}
