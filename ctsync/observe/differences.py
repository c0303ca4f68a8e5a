"""What differs, attribute by attribute; the work of deepdiff."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ctsync.model.drift import Difference, ProfileDrift
from ctsync.model.entry import KnownValue
from ctsync.observe.examine import Examined, value_of


def drift_of(examined: Examined, is_sensitive: Callable[[str], bool]) -> ProfileDrift:
    """Return how a profile differs from its entry."""
    before, after = _sides(examined)
    changed = _changed(before, after)
    found = (
        _difference(examined.entry.attributes[name], examined, name, is_sensitive)
        for name in sorted(changed)
    )
    return ProfileDrift(examined.entry.key, examined.turn, tuple(found))


def _sides(examined: Examined) -> tuple[dict[str, Any], dict[str, Any]]:
    drifted = dict(examined.drifted())
    known = examined.entry.attributes
    before = {name: _comparable(known[name]) for name in drifted}
    return before, {name: _comparable(look.after) for name, look in drifted.items()}


def _comparable(known: KnownValue) -> Any:
    return frozenset(known.present) if known.is_set else known.value


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    from deepdiff import DeepDiff

    # Attribute by attribute, however few are alike.
    diff = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    return {
        level.path(output_format="list")[0]
        for group in diff.values()
        for level in group
    }


def _difference(
    known: KnownValue,
    examined: Examined,
    name: str,
    is_sensitive: Callable[[str], bool],
) -> Difference:
    after = examined.looks[name].after
    gained = frozenset(after.present) - frozenset(known.present)
    lost = frozenset(known.present) - frozenset(after.present)
    return Difference(
        known.name,
        after.kind if after.value is not None or after.present else known.kind,
        value_of(known),
        value_of(after),
        tuple(sorted(gained)) if known.is_set else (),
        tuple(sorted(lost)) if known.is_set else (),
        is_sensitive(known.name),
    )


def names_of(drift: ProfileDrift) -> Iterator[str]:
    """Yield the attributes that differ."""
    return (difference.attribute for difference in drift.differences)
