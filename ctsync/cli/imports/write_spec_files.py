"""Writing what was read as a spec, where `--write-spec` names a file."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync.cli.project_session import ProjectSession
from ctsync.errors import CtsyncError
from ctsync.output_file import OutputFile

if TYPE_CHECKING:
    from typing import BinaryIO

    from ctsync.observe.write_spec import SpecFromState

_NAMED = 5  # attributes of which a sentence says that they were left out


def spec_kept_in(file: BinaryIO, session: ProjectSession) -> SpecFromState:
    """Return what of profiles the project's spec can say, kept in a private file."""
    from ctsync.observe.write_spec import SpecFromState
    from ctsync.project.attribute_name_checks import name_faults

    project = session.project

    def is_sound(name: str) -> bool:
        bare = name.removeprefix("subscriptions.email.")
        faults = name_faults(bare, project.frame.limits)
        return all(fault.code == "CT319" for fault in faults)  # a spec says it as it is

    return SpecFromState(file, project.rule_for, project.frame, is_sound)


def left_out_words(spec: SpecFromState | None) -> str:
    """Say how many values a spec cannot say, for the end of a sentence."""
    from ctsync.counted import counted

    if spec is None or not spec.left_out:
        return ""
    names = sorted(spec.left_out)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    values = counted(sum(spec.left_out.values()), "value")
    shown = ", ".join(names[:_NAMED])
    return f"; left out {values} that a spec cannot say ({shown}{more})"


class SpecFiles:
    """Files of a spec that lie ready, whole and on the disk, and take their places.

    A spec of which the state knows nothing would have the next plan send all of it, so
    it is there once the state is. What ends a command before that leaves nothing of it.
    """

    def __init__(self, stack: ExitStack) -> None:
        """Begin; the files go with the stack unless they were put in their places."""
        self._stack = stack
        self._ready: list[tuple[Path, OutputFile]] = []

    def write(self, path: Path, lines: Iterable[str]) -> None:
        """Write one file, beside its place.

        Raises:
            CtsyncError: it cannot be written.
        """
        with _told(path):
            output = self._stack.enter_context(OutputFile(path))
            for line in lines:
                output.file.write(line.encode())
            output.finish()
        self._ready.append((path, output))

    def put_in_place(self) -> None:
        """Put the files in their places, in the order in which they were written.

        Raises:
            CtsyncError: the place of one is taken.
        """
        for path, output in self._ready:
            with _told(path):
                output.keep()


def write_spec_files(
    files: SpecFiles, session: ProjectSession, path: Path, spec: SpecFromState
) -> None:
    """Write what was read as a spec: YAML, or tables where there are many.

    Raises:
        CtsyncError: it cannot be written.
    """
    from ctsync.observe.write_spec import (
        MOST_IN_YAML,
        table_rows,
        table_spec,
        yaml_lines,
    )

    if spec.profiles <= MOST_IN_YAML:
        files.write(path, yaml_lines(spec.entries()))
        return
    names: dict[str, str] = {}
    for kind in sorted(spec.names):
        names[kind] = f"{path.stem}-{kind.lower()}.jsonl"
        files.write(path.with_name(names[kind]), table_rows(spec.entries(), kind))
    declared = session.project.catalog.keys()
    files.write(path, [table_spec(names, spec, declared)])


@contextmanager
def _told(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise CtsyncError(
            f"{path} cannot be written: {error.strerror}",
            hint="name another file with --write-spec",
            code="spec_unwritable",
        ) from error
