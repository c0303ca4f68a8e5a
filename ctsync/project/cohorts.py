"""Cohorts: members that share attributes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.kinds.identifier_rules import HARMLESS
from ctsync.model.change import Origin
from ctsync.model.contribution import Path
from ctsync.model.fault import Fault
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.scalar_value import Raw
from ctsync.project.profile_checks import ProfileChecks
from ctsync.project.schema.sections import member_schema
from ctsync.project.schema_errors import shape_faults
from ctsync.project.source_positions import Place
from ctsync.project.tables import MemberFile
from ctsync.yaml.profile_entry import NOTHING, read_words
from ctsync.yaml.scalars import Node, json_of


class Cohort(Struct, frozen=True, eq=False):
    """One cohort. `keys` are its listed members, None where one has no key to use.

    `member_file` is where its members stand if they are not listed.

    `digest` covers what the cohort makes of a member: name, attributes, leave; never
    its members.
    """

    name: str
    file: str
    path: Path
    node: Mapping[str, Node]
    line: int | None = None
    members: list[Node] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    keys: tuple[ProfileKey | None, ...] = ()
    digest: bytes = b""
    member_file: MemberFile | None = None

    @property
    def origin(self) -> Origin:
        """Where the cohort stands."""
        return Origin(self.file, self.line, cohort=self.name)

    def place(self, index: int) -> Place:
        """Return where a member stands."""
        return Place(self.file, (*self.path, "members", index))

    @property
    def leave_path(self) -> Path:
        """Where `leave:` stands in the file."""
        return (*self.path, "leave")

    @property
    def attributes_path(self) -> Path:
        """Where `attributes:` stands in the file."""
        return (*self.path, "attributes")

    def attributes(self) -> dict[str, Raw]:
        """Return what a member gets."""
        return read_words(self.node.get("attributes"))

    def leave(self) -> dict[str, Raw]:
        """Return what a profile that leaves gets."""
        return read_words(self.node.get("leave"))


def cohort_digest(name: str, node: Mapping[str, Node]) -> bytes:
    """Return the digest of what a cohort makes of a member."""
    words = ["cohort", name, node.get("attributes"), node.get("leave")]
    return hashlib.blake2b(canonical(words), digest_size=16).digest()


def member_key(node: Node) -> ProfileKey | None:
    """Return the key of a well-written member: an identity, or a map of one id."""
    if isinstance(node, str):
        return None if node in NOTHING else ProfileKey("identity", node[1:])
    if not isinstance(node, dict):
        return None
    named = [(k, v) for k, v in node.items() if not k.startswith("x-")]
    if len(named) != 1:
        return None
    (kind, value) = named[0]
    if kind not in ID_TYPES or not isinstance(value, str) or value in NOTHING:
        return None
    return ProfileKey(kind, value[1:])


def member_keys(cohort: Cohort, checks: ProfileChecks) -> tuple[ProfileKey | None, ...]:
    """Judge every member of a cohort; give the key of each, or None."""
    seen: dict[ProfileKey, int] = {}
    return tuple(
        _member(cohort, index, node, seen, checks)
        for index, node in enumerate(cohort.members)
    )


def _member(
    cohort: Cohort,
    index: int,
    node: Node,
    seen: dict[ProfileKey, int],
    checks: ProfileChecks,
) -> ProfileKey | None:
    key = member_key(node)
    if key is None:
        checks.report.add(cohort.place(index), *_member_faults(node))
        return None
    first = seen.setdefault(key, index)
    if first != index:
        where = checks.report.locator.place(cohort.file, cohort.place(first).path)
        message = f'cohort "{cohort.name}" lists this member twice, first at {where}'
        checks.report.add(cohort.place(index), Fault("CT315", message, "keep one"))
        return None
    faults = checks.keys.note(key, cohort, index)
    checks.report.add(cohort.place(index), *faults)
    return key if all(fault.code in HARMLESS for fault in faults) else None


def _member_faults(node: Node) -> Iterator[Fault]:
    if isinstance(node, str):
        yield Fault("CT314", "the identifier is empty", "write the id")
        return
    for fault in shape_faults(_schema(), json_of(node), "the member"):
        yield replace(fault, path=())


@cache
def _schema() -> dict[str, Any]:
    return member_schema()
