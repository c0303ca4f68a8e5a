"""Profiles that stand in YAML, one contribution an entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import blake2b

from ctsync.canon import canonical
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.key import NOBODY
from ctsync.sources.base import DIGEST_BYTES, Source
from ctsync.spec.profiles import ProfileSection, read_entry
from ctsync.spec.project import Project
from ctsync.spec.scalars import Node


def inline_contributions(project: Project) -> Iterator[Contribution]:
    """Yield what the entries of `profiles:` say, in the order of files and lines."""
    for section in project.profiles:
        yield from _in_section(section)


def _in_section(section: ProfileSection) -> Iterator[Contribution]:
    file, path = section.file, section.path
    rows = zip(section.keys, section.entries, section.lines, strict=True)
    for index, (key, entry, line) in enumerate(rows):
        if isinstance(entry, dict):
            yield Contribution(
                key or NOBODY,
                Origin(file, line),
                entry_digest(entry),
                partial(read_entry, entry),
                (*path, index, "attributes"),
            )


def entry_digest(entry: Mapping[str, Node]) -> bytes:
    """Give the digest of an entry's words, whatever the order of its keys."""
    words = [entry.get("attributes"), entry.get("subscriptions")]
    return blake2b(canonical(words), digest_size=DIGEST_BYTES).digest()


SOURCE = Source(1, inline_contributions)
