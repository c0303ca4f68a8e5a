"""The project file: read, laid over with the environment, judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ctsync.diagnostics import Diagnostic
from ctsync.errors import SpecError, UsageError
from ctsync.files.roots import HINT, DataRoot, Roots, resolved, roots_of
from ctsync.model.contribution import Path as Steps
from ctsync.model.fault import Fault
from ctsync.project.environments import apply_environment, environments_of
from ctsync.project.schema.documents import REQUIRED, SECTIONS, bare_project_schema
from ctsync.project.schema_errors import keys_meant
from ctsync.project.source_positions import FindingCollector, Place, SourcePositions
from ctsync.project.spec_file import SpecFile, judge, twice_in
from ctsync.project.spec_files import PROJECT_FILE, project_file_of
from ctsync.yaml.reader import Document, read_document
from ctsync.yaml.scalars import Node

_ACCOUNT = ("id", "region")
_OF_PROJECT = frozenset({*REQUIRED, "environments", "specs", "policy", "upload"})


def environment_names(
    path: Path, data_roots: Iterable[DataRoot] = ()
) -> tuple[str, ...]:
    """Return the names of a project's environments.

    Raises:
        UsageError: there is no project.
        SpecError: the project file cannot be read.
    """
    return environments_of(_tree_at(path, data_roots))


def is_complete(path: Path, data_roots: Iterable[DataRoot] = ()) -> bool:
    """Return whether a project can be used without an environment.

    Raises:
        UsageError: there is no project.
        SpecError: the project file cannot be read.
    """
    return not missing_keys(_tree_at(path, data_roots))


def _tree_at(path: Path, data_roots: Iterable[DataRoot]) -> dict[str, Node]:
    file = project_file_of(path)
    require_inside(file, roots_of(file.parent, data_roots))
    reporter = FindingCollector(SourcePositions(file.parent))
    return project_tree(read_document(file), file.name, reporter)


def require_inside(file: Path, roots: Roots) -> None:
    """Make sure that a project file may be read.

    Raises:
        SpecError: it is a link out of the project.
    """
    fault = roots.fault_of(resolved(file))
    if fault is not None:
        message = f"the project file {fault}"
        finding = Diagnostic("error", "CT015", message, HINT, file.name)
        raise SpecError(f"{file.name}: {message}", [finding])


def project_tree(
    document: Document, name: str, report: FindingCollector
) -> dict[str, Node]:
    """Return the tree of the project file, without which there is no project.

    Raises:
        SpecError: it cannot be read.
    """
    report.add(Place(name), *document.problems)
    if document.tree is None:
        raise SpecError(f"{name} cannot be read", report.findings)
    return document.tree


def missing_keys(tree: Mapping[str, Node]) -> list[str]:
    """Return the required keys that a project file lacks, and does not misspell."""
    schema = _schema(is_sandboxed=False)
    missing = _missing(REQUIRED, schema, tree)
    account = tree.get("account")
    if isinstance(account, dict):
        inner = _missing(_ACCOUNT, schema["properties"]["account"], account)
        missing += [f"account.{key}" for key in inner]
    return missing


def _missing(
    keys: Iterable[str], schema: Mapping[str, Any], tree: Mapping[str, Node]
) -> list[str]:
    there = keys_meant(schema, tree).union(tree)
    return [key for key in keys if key not in there]


def read_head(
    document: Document,
    file: str,
    environment: str | None,
    report: FindingCollector,
    *,
    is_sandboxed: bool,
) -> SpecFile:
    """Return the project file with its environment laid over.

    Raises:
        UsageError: no such environment, or none given where the file needs one.
        SpecError: the file cannot be read, or it has two things to lay over it.
    """
    tree = project_tree(document, file, report)
    _refuse_spec(tree, file)
    twice = [*twice_in(document)]
    if environment is not None and _is_open(environment, twice):
        words = f"{file} does not say which environment {environment} is meant"
        raise SpecError(words, report.findings)
    merged = apply_environment(tree, environment)
    if environment is None and not is_sandboxed:
        _refuse_incomplete(merged, file, environments_of(tree), twice)
    whole = {**merged, **_environments(tree)}
    schema = _schema(is_sandboxed=is_sandboxed)
    head = judge(schema, file, whole, document, report, environment)
    if ("state",) not in head.spoiled:  # else it may be meant, and is told
        _report_shared_state(tree, merged, environment, file, report)
    return head


def _is_open(environment: str, twice: Iterable[Steps]) -> bool:
    """Return whether an environment stands twice, or whatever names it."""
    steps = ("environments", environment)
    return any(steps[: len(path)] == path for path in twice)


def _environments(tree: Mapping[str, Node]) -> dict[str, Node]:
    return {key: node for key, node in tree.items() if key == "environments"}


def _refuse_spec(tree: Mapping[str, Node], file: str) -> None:
    """Tell whoever names a spec file what a project is.

    Raises:
        UsageError: it holds what specs hold, and nothing of a project.
    """
    is_spec = not tree.keys().isdisjoint(SECTIONS)
    if is_spec and file != PROJECT_FILE and tree.keys().isdisjoint(_OF_PROJECT):
        raise UsageError(
            f"{file} is a spec file, and no project",
            hint=f"give the folder of its {PROJECT_FILE}; --target file={file} chooses "
            "what this file says",
        )


def _refuse_incomplete(
    merged: Mapping[str, Node],
    file: str,
    names: tuple[str, ...],
    twice: Iterable[Steps],
) -> None:
    doubted = {str(path[0]) for path in twice}
    missing = [k for k in missing_keys(merged) if k.partition(".")[0] not in doubted]
    if missing and names:
        message = f"{file} has no {', '.join(missing)} without an environment"
        raise UsageError(message, hint=f"use --env with one of {', '.join(names)}")


def _report_shared_state(
    tree: Mapping[str, Node],
    merged: Mapping[str, Node],
    environment: str | None,
    file: str,
    report: FindingCollector,
) -> None:
    """An environment with another account and the same state would mix the two."""
    environments = tree.get("environments")
    if environment is None or not isinstance(environments, dict):
        return
    patch = environments.get(environment)
    if not isinstance(patch, dict) or "state" in patch or "account" not in patch:
        return
    if merged.get("account") != tree.get("account"):
        path = ("environments", environment, "account")
        message = f'environment "{environment}" changes account but not state'
        hint = f"add state: state.{environment}.jsonl"
        report.add(Place(file, path), Fault("CT107", message, hint))


@cache
def _schema(*, is_sandboxed: bool) -> dict[str, Any]:
    schema = bare_project_schema()
    return {**schema, "required": ["version"]} if is_sandboxed else schema
