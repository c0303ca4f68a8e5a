"""The names that a project says, read without judging it: what a shell may complete.

Nothing here is reported. A file that cannot be read says nothing, and where there are
many specs only the small ones are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from ctsync.errors import UsageError
from ctsync.files.roots import DataRoot, Roots, resolved, roots_of
from ctsync.model.profile_key import ProfileKey
from ctsync.project.environments import apply_environment, environments_of
from ctsync.project.spec_files import project_file_of, relative_to, spec_files
from ctsync.yaml.profile_entry import groups_of, key_all_the_same
from ctsync.yaml.reader import read_document
from ctsync.yaml.scalars import Node

MOST_BYTES = 200_000  # about 30 ms of reading

Tree = Mapping[str, Node]


class SpokenNames(Struct, frozen=True):
    """What may be named on a command line.

    `keys` are the profiles that YAML declares by themselves or as members, whoever they
    are; `marks` the names that the catalog calls sensitive, `identity` among them.
    `state` is where the state lies, as written, seen from `root`.
    """

    root: Path = Path()
    environments: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    cohorts: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    keys: tuple[ProfileKey, ...] = ()
    marks: frozenset[str] = frozenset()
    state: str | None = None


def spoken_names(
    path: Path, environment: str | None = None, data_roots: Iterable[DataRoot] = ()
) -> SpokenNames:
    """Return what the project in a folder, or of a project file, names.

    Raises:
        UsageError: there is no project.
    """
    file = project_file_of(path)
    roots = roots_of(file.parent, data_roots)
    tree = _tree_at(file, roots)
    head = _laid_over(tree, environment)
    specs = dict(_specs(head, file, roots))
    trees = (head, *specs.values())
    state = head.get("state")
    return SpokenNames(
        file.parent,
        environments_of(tree),
        _sorted(name for each in trees for name in _attributes(each)),
        _sorted(name for each in trees for name in _map(each, "cohorts")),
        _sorted(name for each in trees for name in _map(each, "tables")),
        _sorted((*specs, *(name for each in trees for name in _data_files(each)))),
        tuple(sorted({key for each in trees for key in _keys(each)})),
        frozenset(name for each in trees for name in _marked(each)),
        state[1:] if isinstance(state, str) else None,
    )


def _tree_at(file: Path, roots: Roots) -> Tree:
    if roots.fault_of(resolved(file)) is not None:
        return {}
    return read_document(file).tree or {}


def _laid_over(tree: Tree, environment: str | None) -> Tree:
    try:
        return apply_environment(tree, environment)
    except UsageError:  # perhaps the environment is what is being typed
        return apply_environment(tree, None)


def _specs(head: Tree, project: Path, roots: Roots) -> Iterator[tuple[str, Tree]]:
    room = MOST_BYTES
    for size, file in sorted(set(_spec_files(head, project))):
        room -= size
        if room < 0:
            return
        yield relative_to(project.parent, file), _tree_at(file, roots)


def _spec_files(head: Tree, project: Path) -> Iterator[tuple[int, Path]]:
    named = head.get("specs", [":."])
    for name in named if isinstance(named, list) else ():
        path = project.parent / str(name)[1:]
        for file in spec_files(path, resolved(project)) if path.exists() else ():
            yield os.stat(file).st_size, file  # noqa: PTH116 - as fast as can be


def _attributes(tree: Tree) -> Iterator[str]:
    yield from (name for name in _map(tree, "catalog") if name != "identity")
    for entry in _list(tree, "profiles"):
        yield from _map(entry, "attributes")
        words = entry if isinstance(entry, dict) else {}
        yield from (f"subscriptions.{c}.{group}" for c, group, _ in groups_of(words))
    for cohort in _map(tree, "cohorts").values():
        yield from (*_map(cohort, "attributes"), *_map(cohort, "leave"))
    for table in _map(tree, "tables").values():
        yield from map(_column_attribute, _map(table, "columns").values())
        yield from (name for name in _map(table, "compute") if name != "key")


def _column_attribute(node: Node) -> str:
    named = node.get("attribute") if isinstance(node, dict) else node
    return named[1:] if isinstance(named, str) else ""


def _data_files(tree: Tree) -> Iterator[str]:
    for table in _map(tree, "tables").values():
        named = table.get("file") if isinstance(table, dict) else None
        if isinstance(named, str) and "${" not in named:
            yield named[1:]


def _keys(tree: Tree) -> Iterator[ProfileKey]:
    for entry in _list(tree, "profiles"):
        key = key_all_the_same(entry)
        if key is not None:
            yield key
    for cohort in _map(tree, "cohorts").values():
        for member in _list(cohort, "members"):
            identity: Node = {"identity": member} if isinstance(member, str) else member
            key = key_all_the_same(identity)
            if key is not None:
                yield key


def _marked(tree: Tree) -> Iterator[str]:
    for name, rule in _map(tree, "catalog").items():
        if isinstance(rule, dict) and rule.get("sensitive") == ":true":
            yield name


def _map(node: Node | Tree, name: str) -> dict[str, Node]:
    found = node.get(name) if isinstance(node, Mapping) else None
    named = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in named if not key.startswith("x-")}


def _list(node: Node | Tree, name: str) -> list[Node]:
    found = node.get(name) if isinstance(node, Mapping) else None
    return found if isinstance(found, list) else []


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))
