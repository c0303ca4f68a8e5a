"""The plan document: what is reviewed is what is applied.

A saved plan is JSON Lines: a head; for every profile a `change`, or what its entry
gets at the next fold (`settled`); among them loads, the records as they travel; a table
of these; a foot with counts and digest; and a seal. The format is private and read with
`ctsync show`.
"""

from __future__ import annotations

import os
import re
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

from msgspec import Struct, field
from msgspec.structs import astuple, replace

from ctsync import __version__
from ctsync.canon import canonical, parse
from ctsync.errors import CtsyncError, PlanRefused
from ctsync.model.change import Change, Settled, settled_from_json
from ctsync.model.key import Key, key_from_json
from ctsync.model.snapshot import Account, Base
from ctsync.model.survey import Survey
from ctsync.plan.digest import PlanDigest
from ctsync.plan.line import (
    START,
    ChangeLine,
    change_from_line,
    change_line,
)
from ctsync.plan.load import Content, Load, Loader, ReadyLoad
from ctsync.plan.policy import Blocked
from ctsync.plan.schedule import CallCounter, records_of
from ctsync.plan.seal import (
    checksum_of,
    line_at,
    lines,
    read_blocks,
    read_ends,
    refused,
    seal_line,
)

FORMAT = "ctsync.savedplan/1"
_SETTLED = b'{"settled":'
_NUMBER = int(FORMAT.rpartition("/")[2])
_FORMATS = re.compile(rb'"format":"ctsync\.savedplan/([1-9][0-9]{0,8})"')


class PlanHead(Struct, frozen=True):
    """What a plan was made from and for."""

    account: Account
    base: Base
    environment: str | None = None
    project: str | None = None
    first_run: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    accepted: dict[str, int] = field(default_factory=dict)
    records_per_call: int = 100
    hides_identities: bool = False
    sandbox: bool = False
    inputs: tuple[tuple[str, str], ...] = ()


class PlanFoot(Struct, frozen=True):
    """What a plan comes to.

    `survey` counts its changes. `places` are how many of them send anything. In a plain
    plan every key is as it would be folded. `table` is where the table of loads begins.
    The writer of a plan gives these and the digest.
    `skips` are, by name of a table of the spec, its skipped rows and all of its rows.
    """

    digest: str = ""
    places: int = 0
    is_plain: bool = True
    table: int = 0
    survey: Survey = field(default_factory=Survey)
    summary: dict[str, Any] = field(default_factory=dict)
    blocked: tuple[Blocked, ...] = ()
    left_out: int = 0
    locked: int = 0
    skips: Mapping[str, Sequence[int]] = field(default_factory=dict)
    diagnostics: tuple[dict[str, Any], ...] = ()
    diagnostic_totals: dict[str, int] = field(default_factory=dict)

    @property
    def profiles(self) -> dict[str, int]:
        """Counts of profiles."""
        counts: dict[str, int] = self.summary["profiles"]
        return counts

    @property
    def changes(self) -> int:
        """How many profiles the plan changes or releases something of."""
        return sum(self.profiles[name] for name in ("create", "update", "release"))

    @property
    def adds_up(self) -> bool:
        """Whether the counts that limits are held against are those of the changes."""
        survey, profiles = self.survey, self.profiles
        released = survey.only("releases")
        created = survey.having("creations")
        counts = {
            "create": created,
            "update": survey.changes - created - released,
            "release": released,
            "remove": survey.having("removals"),
        }
        return (
            all(profiles[name] == count for name, count in counts.items())
            and self.summary["opt_in"] == survey.having("opt-ins")
            and (self.locked > 0) == (survey.having("locked") > 0)
        )


class Sink(Protocol):
    """Where a plan is written to."""

    def write(self, data: bytes, /) -> object:
        """Take in bytes."""

    def flush(self) -> object:
        """Let nothing wait."""


class PlanWriter:
    """Writes a plan line by line, taking digest and counts on the way."""

    def __init__(self, file: Sink, head: PlanHead) -> None:
        self._file = file
        self._checksum = sha256()
        self._bytes = 0
        self._digest = PlanDigest(head.account, head.base.lineage)
        self._survey = Survey()
        self._loader = Loader()
        self._calls = CallCounter(head.records_per_call)
        self._contents: list[Content] = []
        self._head = self._write(_head_as_json(head))

    def add_change(self, change: Change) -> None:
        """Write one profile's change."""
        self._digest.add(change)
        traits = self._survey.add(change)
        records = records_of(change)
        at = self._bytes
        self._write_line(change_line(change, traits, [wave for wave, _ in records]))
        self._write_loads(self._loader.add(change.key, records, at))

    def add_settled(self, key: Key, settled: Settled) -> None:
        """Write what an entry with nothing to do gets at the next fold."""
        self._write({"settled": {"key": key.as_json(), "entry": settled.as_json()}})

    def close_loads(self) -> CallCounter:
        """Write the loads that wait; give what all come to. No change may follow."""
        self._write_loads(self._loader.flush())
        return self._calls

    def close(self, foot: PlanFoot) -> None:
        """Write counts, digest and seal."""
        self.close_loads()
        done = replace(
            foot,
            digest=self._digest.value(),
            survey=self._survey,
            places=self._loader.places,
            is_plain=self._loader.is_plain,
            table=self._bytes,
        )
        self._write({"table": [astuple(content) for content in self._contents]})
        last = self._write({"foot": {**_foot_as_json(done), "bytes": self._bytes}})
        self._file.write(seal_line(self._head, last, self._checksum.hexdigest()))
        self._file.flush()

    def _write_loads(self, loads: Iterable[ReadyLoad]) -> None:
        for load in loads:
            ends = [self._bytes]
            for line in load.lines():
                self._write_line(line)
                ends.append(self._bytes)
            self._contents.append(load.content(*ends))
            self._calls.add(load.batch)

    def _write(self, data: dict[str, Any]) -> bytes:
        line = canonical(data) + b"\n"
        self._write_line(line)
        return line

    def _write_line(self, line: bytes) -> None:
        self._checksum.update(line)
        self._bytes += len(line)
        self._file.write(line)


class PlanEnds(Struct, frozen=True, weakref=True):
    """Head and foot of a saved plan: what it is for, and what it comes to.

    They are sealed. What lies between was not read, so nothing may be sent by them.
    """

    head: PlanHead
    foot: PlanFoot


class SavedPlan:
    """A plan document, opened: head, foot, and streams of what lies between.

    Close it, or hold it in a `with`; else its file goes when it does.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Open and verify a plan.

        Raises:
            PlanRefused: not a plan, of a newer format, or not as it was written.
        """
        self._file = file
        self._finalizer = weakref.finalize(self, file.close)
        self.name = name
        ends, self.checksum, seal_at = _read_ends(file, name)
        if checksum_of(file, seal_at) != self.checksum:
            raise refused(name)
        self.head, self.foot = ends.head, ends.foot

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def changes(self) -> Iterator[Change]:
        """Yield the changes by key."""
        return map(change_from_line, self._change_lines())

    def lines(self) -> Iterator[ChangeLine]:
        """Yield the changes by key, each to be read when it is shown."""
        return map(ChangeLine, self._change_lines())

    def contents(self) -> tuple[Content, ...]:
        """Give the table of the loads, in the order of the plan."""
        table = parse(line_at(self._file, self.foot.table))["table"]
        return tuple(Content(*row) for row in table)

    def load(self, content: Content) -> Load:
        """Read a load."""
        is_plain = self.foot.is_plain
        return Load(content, self._read, self._change_at, is_plain=is_plain)

    def _read(self, start: int, end: int) -> bytes:
        return os.pread(self._file.fileno(), end - start, start)

    def _change_at(self, start: int) -> Change:
        return change_from_line(line_at(self._file, start), is_whole=False)

    def pieces(self) -> Iterator[bytes]:
        """Yield the lines of all changes and entries, many at a time, as they are."""
        start = len(next(lines(self._file)))
        for content in self.contents():
            yield from read_blocks(self._file, start, content.at)
            start = content.end
        yield from read_blocks(self._file, start, self.foot.table)

    def says_what_it_does(self) -> bool:
        """Say whether digest, counts and loads are those of the changes.

        The checksum tells only that the file is as someone wrote it. Written anew from
        its changes, a plan has the same bytes, or it is none that this version made.
        """
        try:
            self._write_to(_Echo(self._file))
            adds_up = self.foot.adds_up
        except (_Differs, ValueError, KeyError, TypeError):
            adds_up = False
        return adds_up

    def _write_to(self, sink: Sink) -> None:
        writer = PlanWriter(sink, self.head)
        for line in lines(self._file):
            if line.startswith(START):
                writer.add_change(change_from_line(line))
            elif line.startswith(_SETTLED):
                writer.add_settled(*_settled_in(line))
        writer.close(self.foot)

    def _change_lines(self) -> Iterator[bytes]:
        # A generator of its own, so that who iterates keeps the file open.
        for line in lines(self._file):
            if line.startswith(START):
                yield line

    def settled(self) -> Iterator[tuple[Key, Settled]]:
        """Yield what entries with nothing to do get at the next fold."""
        for line in lines(self._file):
            if line.startswith(_SETTLED):
                yield _settled_in(line)

    def copy_to(self, path: Path) -> None:
        """Save the document, readable by its owner only.

        Raises:
            CtsyncError: it cannot be written there.
        """
        aside = path.parent / f".{path.name}.{os.getpid()}"
        try:
            with _private(aside) as out:
                out.writelines(lines(self._file))
                out.flush()
                os.fsync(out.fileno())
            aside.replace(path)
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise _unwritable(path, error) from error


class _Differs(Exception):
    """What would be written is not what stands there."""


class _Echo:
    """Compares what is written with the bytes of a file, instead of writing it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0

    def write(self, data: bytes, /) -> None:
        if os.pread(self._file.fileno(), len(data), self._at) != data:
            raise _Differs
        self._at += len(data)

    def flush(self) -> None:
        if os.pread(self._file.fileno(), 1, self._at):
            raise _Differs


def _settled_in(line: bytes) -> tuple[Key, Settled]:
    data = parse(line)["settled"]
    return key_from_json(data["key"]), settled_from_json(data["entry"])


def open_plan(path: Path) -> SavedPlan:
    """Open a saved plan.

    Raises:
        PlanRefused: it cannot be read, or is not as it was written.
    """
    return SavedPlan(_opened(path), str(path))


def open_ends(path: Path) -> PlanEnds:
    """Read head and foot of a saved plan, however long it is.

    Raises:
        PlanRefused: it cannot be read, or its ends are not as they were written.
    """
    with _opened(path) as file:
        return _read_ends(file, str(path))[0]


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        words = f"plan {path} cannot be read: {error.strerror}"
        raise PlanRefused(
            words,
            hint='name a file that "ctsync plan --out FILE" wrote, or a project',
            code="plan_unreadable",
        ) from error


def scratch_file() -> BinaryIO:
    """Give a nameless file for a plan that is not kept; it goes with the process."""
    return tempfile.TemporaryFile()


def _private(path: Path) -> BinaryIO:
    # Nobody else may have put a file or a link there, to read along or to be written.
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _unwritable(path: Path, error: OSError) -> CtsyncError:
    return CtsyncError(
        f"plan {path} cannot be written: {error.strerror}",
        hint="name another place with --out",
        code="plan_unwritable",
    )


def _read_ends(file: BinaryIO, name: str) -> tuple[PlanEnds, str, int]:
    """Give the ends, the checksum, and where the bytes end that it is of."""
    head = next(lines(file), b"")
    found = _FORMATS.search(head)
    if found is not None and int(found[1]) > _NUMBER:
        # How a newer format is sealed is not known.
        raise _other_format(name, f"ctsync.savedplan/{int(found[1])}")
    try:
        ends = read_ends(file)
        checksum, foot = ends.says()
        data = dict(parse(head))
    except (ValueError, KeyError, TypeError) as error:
        raise refused(name) from error
    if data.get("format") != FORMAT:
        raise _other_format(name, data.get("format"))
    try:
        opened = PlanEnds(_head_from_json(data), _foot_from_json(foot))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        words = f"{name} is not a plan that this ctsync can read"
        raise PlanRefused(words, code="plan_unreadable") from error
    return opened, checksum, ends.seal_at


def _other_format(name: str, found: object) -> PlanRefused:
    return PlanRefused(
        f"{name} has format {found}, this ctsync ({__version__}) reads {FORMAT}",
        hint="apply it with the version that made it, or plan again",
        code="plan_format",
    )


def _head_as_json(head: PlanHead) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "tool_version": __version__,
        "account": head.account.as_json(),
        "base": {**head.base.as_json(), "digest": head.base.digest},
        "environment": head.environment,
        "project": head.project,
        "first_run": head.first_run,
        "targets": head.targets,
        "excludes": head.excludes,
        "accepted": head.accepted,
        "records_per_call": head.records_per_call,
        "hides_identities": head.hides_identities,
        "sandbox": head.sandbox,
        "inputs": head.inputs,
    }


def _head_from_json(data: dict[str, Any]) -> PlanHead:
    head = PlanHead(**{key: data[key] for key in _HEAD_FIELDS})
    return replace(
        head,
        account=Account(**data["account"]),
        base=Base(**data["base"]),
        targets=tuple(data["targets"]),
        excludes=tuple(data["excludes"]),
        inputs=tuple((file, digest) for file, digest in data["inputs"]),
    )


_HEAD_FIELDS = PlanHead.__struct_fields__


def _foot_as_json(foot: PlanFoot) -> dict[str, Any]:
    return {
        "digest": foot.digest,
        "places": foot.places,
        "is_plain": foot.is_plain,
        "table": foot.table,
        "survey": foot.survey.as_json(),
        "summary": foot.summary,
        "blocked": [rule.as_json() for rule in foot.blocked],
        "left_out": foot.left_out,
        "locked": foot.locked,
        "skips": foot.skips,
        "diagnostics": foot.diagnostics,
        "diagnostic_totals": foot.diagnostic_totals,
    }


def _foot_from_json(data: dict[str, Any]) -> PlanFoot:
    foot = PlanFoot(**{key: data[key] for key in _FOOT_FIELDS})
    return replace(
        foot,
        survey=Survey.from_json(data["survey"]),
        blocked=tuple(Blocked(**rule) for rule in data["blocked"]),
        diagnostics=tuple(data["diagnostics"]),
    )


_FOOT_FIELDS = PlanFoot.__struct_fields__
