"""Laying an environment over the project file."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.errors import UsageError
from ctsync.suggestions import one_of
from ctsync.yaml.scalars import PLAIN, Node

_NULL = f"{PLAIN}null"


def environments_of(tree: Mapping[str, Node]) -> tuple[str, ...]:
    """Return the names of the environments, as they stand in the project file."""
    found = tree.get("environments")
    names = found if isinstance(found, dict) else {}
    return tuple(name for name in names if not name.startswith("x-"))


def apply_environment(
    tree: Mapping[str, Node], environment: str | None
) -> dict[str, Node]:
    """Return the project file with the environment laid over it.

    Raises:
        UsageError: the project has no such environment.
    """
    base = {key: value for key, value in tree.items() if key != "environments"}
    if environment is None:
        return base
    names = environments_of(tree)
    if environment not in names:
        hint = one_of(environment, names) if names else "it has none"
        words = f'the project has no environment "{environment}"'
        raise UsageError(words, hint=hint)
    environments = tree["environments"]
    patch = environments[environment] if isinstance(environments, dict) else {}
    return merge(base, patch) if isinstance(patch, dict) else base


def merge(base: Mapping[str, Node], patch: Mapping[str, Node]) -> dict[str, Node]:
    """Merge maps by key; lists and scalars replace, plain `null` takes away."""
    merged = dict(base)
    for key, value in patch.items():
        before = merged.get(key)
        if value == _NULL:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = merge(before if isinstance(before, dict) else {}, value)
        else:
            merged[key] = value
    return merged
