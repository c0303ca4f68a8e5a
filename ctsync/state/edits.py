"""Edits of what a snapshot knows: forgetting, and taking certainty away."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from ctsync.model.entry import Entry, Known


def forget_attribute(entry: Entry, folded_name: str) -> Entry:
    """Give the entry without an attribute and its once mark."""
    if folded_name not in entry.attributes and folded_name not in entry.once:
        return entry
    kept = {name: k for name, k in entry.attributes.items() if name != folded_name}
    once = tuple(name for name in entry.once if name != folded_name)
    return replace(entry, attributes=kept, once=once, fingerprint=None)


def doubt_entry(entry: Entry, folded_names: Container[str] | None = None) -> Entry:
    """Give the entry with these attributes, or all, uncertain."""
    doubted = {
        name: _doubted(known) if folded_names is None or name in folded_names else known
        for name, known in entry.attributes.items()
    }
    if doubted == {**entry.attributes}:
        return entry
    return replace(entry, attributes=doubted, fingerprint=None)


def _doubted(known: Known) -> Known:
    """Of a list, nothing is certainly there or absent any more; it may be more."""
    if known.kind == "list":
        possible = tuple(sorted({*known.present, *known.maybe}))
        return replace(known, present=(), maybe=possible, absent=(), complete=False)
    return replace(known, certain=False)
