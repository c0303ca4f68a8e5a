"""What of a project could not be read: nothing is told that follows from it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.model.contribution import Path


class SpoiledParts(Struct, frozen=True):
    """The parts of a project that have a finding of their own.

    `keys` are those of its files, `attributes` the folded names of catalog entries.
    Where files or catalogs could not be read at all, `lacks_entries`: of a name without
    an entry nobody knows whether it has one.
    """

    keys: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    lacks_entries: bool = False

    def and_entries(self, names: Iterable[str]) -> SpoiledParts:
        """Return the parts with more entries of the catalog."""
        more = self.attributes.union(map(fold_name, names))
        return replace(self, attributes=more)

    def hides_rule(self, folded: str, *, is_declared: bool) -> bool:
        """Return whether no value of an attribute can be judged.

        Nor whether there is one: nobody knows what it is.
        """
        if folded in self.attributes:
            return True
        return self.lacks_entries and not is_declared


UNSPOILED = SpoiledParts()


def spoiled_parts(paths: Iterable[Path], *, is_whole: bool) -> SpoiledParts:
    """Return the parts that stand at some paths of files; `is_whole` if all were read.

    A path leads to a key of a file, or to one thing of those that it names.
    """
    spoiled = list(paths)
    keys = frozenset(str(path[0]) for path in spoiled if len(path) == 1)
    named = [path for path in spoiled if len(path) > 1 and path[0] == "catalog"]
    return SpoiledParts(
        keys,
        frozenset(fold_name(str(name)) for _, name, *_ in named),
        lacks_entries=not is_whole or "catalog" in keys,
    )
